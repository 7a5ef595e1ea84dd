"""Draws of the prior: what a story makes of its unknowns when nothing is observed."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.noise import seed_words
from recsim_ng.inference.target import Target
from recsim_ng.runtime import TFRuntime

_RUNS = 2**20  # second words of the seeds begin here, away from those of whoever simulates the logs


class Prior:
    """Simulates a target's story for its unknowns.

    Args:
      target: whose unknowns are drawn.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._runtime = TFRuntime(target.network)

    def draws(self, count: int, seed: Any) -> list[Any]:
        """Returns for each unknown `[count, ...]` draws, on the real line.

        Args:
          count: how many.
          seed: an int or a pair of ints.

        Raises:
          ConfigError: (also a ValueError) draws are not in the support of their own law.
        """
        target = self._target
        names = [u.name for u in target.unknowns]
        first, second = (int(x) for x in np.asarray(seed_words(seed)))
        found: list[list[Any]] = []
        for k in range(2 * count):
            run = self._runtime.trajectory(
                target.given.length, seed=(first, (second + _RUNS + k) % 2**31), record=names
            )
            z = target.unconstrain([unknown.out_of(run) for unknown in target.unknowns])
            # A draw may be rounded to the edge of its support, which is infinitely far.
            if all(np.all(np.isfinite(part)) for part in z):
                found.append(z)
            if len(found) == count:
                return [tf.stack(part) for part in zip(*found, strict=True)]
        raise ConfigError(
            f"prior: draws must lie within the support of their law, got {len(found)} of "
            f"{2 * count} that do; check the laws of {names}"
        )
