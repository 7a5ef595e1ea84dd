"""Runs: what a method of inference is asked to do, once."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.noise import seed_words
from recsim_ng.inference.checkpoint import require_file_name
from recsim_ng.inference.origin import NOWHERE, Origin, fixed_log_probs
from recsim_ng.inference.target import Target


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """One run of a method.

    Attributes:
      target: that is fitted.
      seed: an int or a pair of ints.
      progress: told of (steps done, steps in all); None: nobody is.
      checkpoint: a file that keeps what is done; None: nothing is kept.
    """

    target: Target
    seed: Any
    progress: Callable[[int, int], None] | None
    checkpoint: str | os.PathLike[str] | None

    def __post_init__(self) -> None:
        require_file_name("fit", self.checkpoint)

    def words(self, part: int) -> Any:
        """Returns `[2]` int32, another for each part of a run.

        Args:
          part: of the run.
        """
        words = np.asarray([int(x) for x in seed_words(self.seed)], np.uint32).astype(np.int32)
        return tf.random.experimental.stateless_fold_in(tf.constant(words), part)

    def origin(self, method: str, settings: Any) -> Origin:
        """Returns what a checkpoint belongs to.

        Args:
          method: its name.
          settings: of the method.
        """
        if self.checkpoint is None:
            return NOWHERE
        digest = hashlib.sha256()
        for x in self.target.data():
            digest.update(np.ascontiguousarray(x).tobytes())
        names = [(u.name, u.when, u.shape) for u in self.target.unknowns]
        said = f"{method} {settings} {self.seed} {names} {digest.hexdigest()}"
        return Origin(said, fixed_log_probs(self.target))
