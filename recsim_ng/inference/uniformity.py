"""Uniformity: whether numbers look like uniform ones, at all points at once."""

from __future__ import annotations

import functools

import numpy as np
from scipy import special, stats

NUM_POINTS = 49  # at which distribution functions are compared: 1/50, ..., 49/50
_GREATEST = 2000  # numbers, from which on chances are those of this many


class Uniformity:
    """The empirical distribution function of N uniform numbers, at 49 points at once.

    Of c_k, how many of the numbers are at most z_k = k / 50, each alone is binomial, and together
    they are a Markov chain:

        c_k - c_{k-1} | c_{k-1} ~ Binomial(N - c_{k-1}, 1 / (50 - k + 1)),    c_0 = 0

    so that the chance that none of them is further out than at a pointwise level g is a recursion.
    The band is made of the pointwise intervals at the greatest g at which the chance that any is
    left is at most the false-alarm rate. Chances for more than 2,000 numbers are taken from 2,000,
    whose law hardly differs.

    Args:
      count: N.

    Source: Säilynoja, Bürkner and Vehtari (2022), Graphical test for discrete uniformity and its
      applications in goodness-of-fit evaluation and multiple sample comparison, Statistics and
      Computing 32, section 2.3.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.points = np.arange(1, NUM_POINTS + 1) / (NUM_POINTS + 1)
        counts = np.arange(count + 1)[:, None]
        below = stats.binom.cdf(counts, count, self.points)
        above = stats.binom.sf(counts - 1, count, self.points)
        self._levels = np.minimum(2.0 * np.minimum(below, above), 1.0).T  # [49, N + 1]

    def band(self, false_alarm: float) -> tuple[np.ndarray, np.ndarray]:
        """Returns the `[49]` least and `[49]` greatest values that are not off.

        Args:
          false_alarm: chance that uniform numbers leave the band anywhere.
        """
        inside = self._levels > self.level(false_alarm) * (1 + 1e-9)
        low = inside.argmax(axis=1)
        high = self.count - inside[:, ::-1].argmax(axis=1)
        return low / self.count, high / self.count

    def level(self, false_alarm: float) -> float:
        """Returns the pointwise level of the band.

        Args:
          false_alarm: as for `band`.
        """
        return _level(min(self.count, _GREATEST), false_alarm)

    def at(self, numbers: np.ndarray) -> np.ndarray:
        """Returns the `[49]` empirical distribution function.

        Args:
          numbers: `[N]`, between 0 and 1.
        """
        return self._counts(numbers) / self.count

    def p_value(self, numbers: np.ndarray) -> float:
        """Returns the chance that uniform numbers are as far out as these, anywhere.

        Args:
          numbers: `[N]`, between 0 and 1.
        """
        level = float(self._levels[np.arange(NUM_POINTS), self._counts(numbers)].min())
        if self.count <= _GREATEST:
            return self.chance(level)
        return uniformity(_GREATEST).chance(level)

    def chance(self, level: float) -> float:
        """Returns the chance that any count is as far out as at a pointwise level.

        Args:
          level: the two-sided chance of one count alone.
        """
        inside = self._levels > level * (1 + 1e-9)
        if not inside.any(axis=1).all():
            return 1.0
        lows = inside.argmax(axis=1)
        highs = self.count - inside[:, ::-1].argmax(axis=1)
        factorial = special.gammaln(np.arange(self.count + 1) + 1.0)
        before, weight, left = np.zeros(1, int), np.ones(1), 0.0
        for k, (low, high) in enumerate(zip(lows, highs, strict=True)):
            chance = 1.0 / (NUM_POINTS + 1 - k)
            rest = self.count - before
            gone = _at_most(low - 1 - before, rest, chance)
            gone += special.bdtrc(np.minimum(high - before, rest), rest, chance)
            left += float(weight @ gone)
            now = np.arange(low, high + 1)
            new = now[None, :] - before[:, None]
            of = np.clip(new, 0, rest[:, None])
            log_p = factorial[rest][:, None] - factorial[of] - factorial[rest[:, None] - of]
            log_p += of * np.log(chance) + (rest[:, None] - of) * np.log1p(-chance)
            weight = weight @ np.where(new == of, np.exp(log_p), 0.0)
            before = now
        return min(left, 1.0)

    def _counts(self, numbers: np.ndarray) -> np.ndarray:
        return np.searchsorted(np.sort(numbers), self.points, side="right")


def _at_most(k: np.ndarray, n: np.ndarray, p: float) -> np.ndarray:
    """Binomial chances of at most k, which may be negative."""
    return np.where(k < 0, 0.0, special.bdtr(np.clip(k, 0, n), n, p))


@functools.lru_cache(maxsize=16)
def uniformity(count: int) -> Uniformity:
    """Returns the uniformity of N numbers, made once.

    Args:
      count: N.
    """
    return Uniformity(count)


@functools.lru_cache(maxsize=256)
def _level(count: int, false_alarm: float) -> float:
    """The greatest pointwise level at which the chance that any is left is small enough."""
    of = uniformity(count)
    low, high = np.log(false_alarm / NUM_POINTS / 2.0), np.log(false_alarm)
    while high - low > 1e-3:
        middle = (low + high) / 2.0
        if of.chance(float(np.exp(middle))) <= false_alarm:
            low = middle
        else:
            high = middle
    return float(np.exp(low))


def histogram_band(count: int, num_bins: int, false_alarm: float) -> tuple[int, int]:
    """Returns the least and greatest number in a bin that are not off, for all bins at once.

    Each bin is binomial; their false alarms are added up (Bonferroni).

    Args:
      count: N, uniform numbers.
      num_bins: of equal width.
      false_alarm: chance at most that uniform numbers leave the band in any bin.
    """
    law = stats.binom(count, 1.0 / num_bins)
    tail = false_alarm / num_bins / 2.0
    return int(law.ppf(tail)), int(law.isf(tail))
