"""Difference: by how much one prediction is better than another, with an interval."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import stats


@dataclasses.dataclass(frozen=True)
class Difference:
    """A mean over interactions, with its 95 % interval.

    Attributes:
      mean: over interactions.
      low: lower end of the interval; minus infinity if there is one user only.
      high: upper end.
    """

    mean: float
    low: float
    high: float


def mean_by_user(x: np.ndarray, user: np.ndarray, level: float = 0.95) -> Difference:
    """Estimates a mean over interactions, users being independent of each other and not their own.

    With S_u the sum of user u's n_u numbers, out of U users:

        mean     = sum_u S_u / sum_u n_u
        variance = U / (U - 1) sum_u (S_u - mean n_u)^2 / (sum_u n_u)^2

    and the interval is that of Student's law with U - 1 degrees of freedom.

    Args:
      x: `[N]` numbers, of differences in paired comparisons.
      user: `[N]` whose they are.
      level: of the interval.

    Returns:
      The estimate.

    Source: Liang and Zeger, Biometrika 73, 1986 (the sandwich estimator, for a mean).
    """
    _, index, counts = np.unique(user, return_inverse=True, return_counts=True)
    mean, blocks = float(np.mean(x)), len(counts)
    if blocks < 2 or not np.isfinite(mean):
        return Difference(mean, -np.inf, np.inf)
    sums = np.bincount(index, weights=x)
    spread = np.sum((sums - mean * counts) ** 2) * blocks / (blocks - 1)
    half = stats.t.ppf(0.5 + level / 2, blocks - 1) * np.sqrt(spread) / len(x)
    return Difference(mean, mean - half, mean + half)
