"""Calibration: whether what is predicted with probability p happens in a share p of the cases."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import stats

from recsim_ng.report.prediction import Prediction

_BINS, _PIT_BINS = 10, 20
_LEVEL = 0.95
_REPLICATES = 200


@dataclasses.dataclass(frozen=True, eq=False)
class Reliability:
    """Predicted probabilities of alternatives beside how often these were chosen.

    Every alternative of every interaction is one case; bins hold equally many cases.

    Attributes:
      predicted: `[B]` mean probability in each bin, ascending.
      happened: `[B]` share of the cases in which the alternative was chosen.
      low: `[B]` lower end of the band in which that share is, in all bins at once with probability
        0.95, if every prediction is right and interactions are independent given it.
      high: `[B]` its upper end.
      counts: `[B]` cases.
      error: expected calibration error, the mean over cases of |predicted - happened| of their bin.
      interval: 95 % interval of the error, by resampling users.
      by_chance: what the error exceeds by chance alone in 5 % of the cases, if all are right.
    """

    predicted: np.ndarray
    happened: np.ndarray
    low: np.ndarray
    high: np.ndarray
    counts: np.ndarray
    error: float
    interval: tuple[float, float]
    by_chance: float

    @property
    def is_calibrated(self) -> bool:
        """Whether all bins are within their bands."""
        return bool(np.all((self.low <= self.happened) & (self.happened <= self.high)))


@dataclasses.dataclass(frozen=True, eq=False)
class ProbabilityIntegral:
    """The histogram of P(Y <= y) under the prediction, which is flat if all predictions are right.

    Attributes:
      counts: `[B]` of equal bins of [0, 1].
      low: lower end of the band in which all counts are at once with probability 0.95.
      high: its upper end.
      p_value: of Kolmogorov and Smirnov's test that the values are uniform.
    """

    counts: np.ndarray
    low: float
    high: float
    p_value: float

    @property
    def is_calibrated(self) -> bool:
        """Whether all counts are within the band."""
        return bool(np.all((self.low <= self.counts) & (self.counts <= self.high)))


def calibrate(prediction: Prediction, seed: int = 0) -> Reliability | ProbabilityIntegral | None:
    """Looks at the calibration of a prediction.

    Args:
      prediction: of held-out interactions.
      seed: of resampling.

    Returns:
      Of choices their reliability, of continuous numbers the probability integral; None if the
      story's law gives neither probabilities of alternatives nor a distribution function.
    """
    if prediction.probabilities is not None:
        happened = prediction.interactions
        return reliability(prediction.probabilities, happened.outcome, happened.user, seed)
    if prediction.cdf is not None:
        return probability_integral(prediction.cdf)
    return None


def reliability(
    probabilities: np.ndarray, outcome: np.ndarray, user: np.ndarray, seed: int = 0
) -> Reliability:
    """Compares predicted probabilities with choices.

    Args:
      probabilities: `[N, A]`, rows sum to one.
      outcome: `[N]` index of what was chosen.
      user: `[N]` who chose.
      seed: of resampling.

    Returns:
      The comparison.

    Source: Guo et al., On calibration of modern neural networks, ICML 2017, equation 3.
    """
    size, alternatives = probabilities.shape
    p = probabilities.ravel()
    order = np.argsort(p, kind="stable")
    bins = np.empty(p.size, np.int64)
    count = min(_BINS, p.size)
    bins[order] = np.arange(p.size) * count // p.size
    # Cases of one probability stay together.
    first = np.searchsorted(p[order], p[order])
    bins[order] = bins[order][first]
    used, bins = np.unique(bins, return_inverse=True)
    count = len(used)
    happened = np.zeros(probabilities.shape)
    happened[np.arange(size), outcome] = 1.0
    cases = np.bincount(bins, minlength=count)
    predicted = np.bincount(bins, p, minlength=count) / cases
    share = np.bincount(bins, happened.ravel(), minlength=count) / cases
    tail = (1 - _LEVEL) / (2 * count)
    within = np.clip(predicted, 0.0, 1.0)
    low, high = stats.binom.ppf([[tail], [1 - tail]], cases, within) / cases
    rng = np.random.default_rng(seed)
    gaps = (happened - probabilities).ravel()
    _, who = np.unique(user, return_inverse=True)
    people = who.max() + 1
    table = np.zeros((people, count))
    np.add.at(table, (np.repeat(who, alternatives), bins), gaps)
    weights = rng.multinomial(people, np.full(people, 1 / people), size=_REPLICATES)
    cases_of = np.bincount(who, minlength=people) * alternatives
    resampled = np.abs(weights @ table).sum(axis=1) / (weights @ cases_of)
    chance = []
    cumulative = np.cumsum(probabilities, axis=1)
    cumulative /= cumulative[:, -1:]
    for _ in range(_REPLICATES):
        drawn = (rng.random((size, 1)) > cumulative).sum(axis=1)
        hits = bins.reshape(size, alternatives)[np.arange(size), drawn]
        chance.append(np.abs(np.bincount(hits, minlength=count) - predicted * cases).sum() / p.size)
    return Reliability(
        predicted,
        share,
        low,
        high,
        cases,
        float(np.abs(predicted - share) @ cases / p.size),
        (float(np.quantile(resampled, 0.025)), float(np.quantile(resampled, 0.975))),
        float(np.quantile(chance, 0.95)),
    )


def probability_integral(cdf: np.ndarray) -> ProbabilityIntegral:
    """Counts the probability integral transform.

    Args:
      cdf: `[N]` P(Y <= y) under the prediction.

    Returns:
      The histogram with its band.

    Source: Dawid, Journal of the Royal Statistical Society A 147, 1984.
    """
    bins = min(_PIT_BINS, max(2, len(cdf) // 5))
    counts, _ = np.histogram(np.clip(cdf, 0.0, 1.0), bins, (0.0, 1.0))
    tail = (1 - _LEVEL) / (2 * bins)
    low, high = stats.binom.ppf([tail, 1 - tail], len(cdf), 1 / bins)
    return ProbabilityIntegral(
        counts, float(low), float(high), float(stats.kstest(cdf, "uniform").pvalue)
    )
