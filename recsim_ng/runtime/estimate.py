"""Estimate: the mean of replicates and how well it is known."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from scipy import special

LEVEL = 0.95


@dataclasses.dataclass(frozen=True, eq=False)
class Estimate:
    """A mean over N independent replicates, with Student's interval for it.

        mean +- t_{N-1, (1 + level) / 2} standard_error,   standard_error = sd / sqrt(N)

    Attributes:
      mean: float array of any shape, `[T]` for a metric over time.
      standard_error: of the mean, of that shape; NaN for N below 2.
      low: lower end of the interval; NaN for N below 2.
      high: upper end of the interval; NaN for N below 2.
      count: N.
    """

    mean: np.ndarray
    standard_error: np.ndarray
    low: np.ndarray
    high: np.ndarray
    count: int

    def at_step(self, t: int) -> Estimate:
        """Returns the estimate at one step.

        Args:
          t: the step; negative ones count from the end.
        """
        mean, error, low, high = self.mean, self.standard_error, self.low, self.high
        return Estimate(mean[..., t], error[..., t], low[..., t], high[..., t], self.count)


def estimate(samples: Any, level: float = LEVEL) -> Estimate:
    """Estimates a mean from replicates.

    Args:
      samples: `[N, ...]` one replicate a row; N may be 0 or 1.
      level: coverage of the interval, within (0, 1).

    Returns:
      The mean, its standard error and its interval.
    """
    samples = np.asarray(samples, np.float64)
    count = len(samples)
    unknown = np.full(samples.shape[1:], np.nan)
    if count == 0:
        return Estimate(unknown, unknown, unknown, unknown, 0)
    mean = np.mean(samples, axis=0)
    if count == 1:
        return Estimate(mean, unknown, unknown, unknown, 1)
    standard_error = np.std(samples, axis=0, ddof=1) / np.sqrt(count)
    half = special.stdtrit(count - 1, (1 + level) / 2) * standard_error
    return Estimate(mean, standard_error, mean - half, mean + half, count)
