"""Studies: what of a story is looked at, and at which size."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class HeadlineMetric:
    """A number over time, read off one trajectory.

    Attributes:
      name: short, for tables and files.
      label: what it is, with its unit, for axes.
      record: the variables and fields ("metrics state.reward") that it reads.
      compute: trajectory -> `[T]` float array.
      higher_is_better: True, False, or None where neither can be said.
    """

    name: str
    label: str
    record: tuple[str, ...]
    compute: Callable[[Any], np.ndarray]
    higher_is_better: bool | None = None


@dataclasses.dataclass(frozen=True)
class Study:
    """How a ready story is run by default.

    Attributes:
      metrics: the headline metrics; their value at the last step is what tables show.
      num_steps: T, steps of a trajectory.
      num_seeds: N, replicates.
      published: flags of the command that give the published size, "" if none is published.
    """

    metrics: tuple[HeadlineMetric, ...]
    num_steps: int
    num_seeds: int
    published: str = ""
