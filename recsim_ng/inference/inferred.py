"""What a method of inference hands back, whatever the method."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class Inferred:
    """Draws, or points, with what is known of how they came about.

    Attributes:
      draws: `[C, N, B, n]` float32 unknowns on the real line, in a density's blocks.
      stats: name -> `[C, N]` or `[C, N, B]` numbers that go with the draws.
      problems: what speaks against trusting them.
      details: what else the method has found, by name.
    """

    draws: np.ndarray
    stats: dict[str, np.ndarray]
    problems: tuple[str, ...] = ()
    details: dict[str, Any] = dataclasses.field(default_factory=dict)
