"""Shrunken means: the one-way random-effects model, by empirical Bayes."""

from __future__ import annotations

import dataclasses

import numpy as np

from recsim_ng.core.errors import DataError


@dataclasses.dataclass(frozen=True, eq=False)
class GroupEffects:
    """The means of J groups, each drawn towards what is usual, the more so the less is known.

    The model: observation i of group j is x_ij ~ N(m_j, within_sd), and m_j ~ N(mean, between_sd).

    Attributes:
      mean: the mean of a group of which nothing is known, in the unit of the observations.
      between_sd: standard deviation of the groups' true means.
      within_sd: standard deviation of an observation about its group's true mean.
      count: `[J]` int64 number of observations.
      group_mean: `[J]` float64 posterior mean of m_j; `mean` where nothing was observed.
    """

    mean: float
    between_sd: float
    within_sd: float
    count: np.ndarray
    group_mean: np.ndarray

    @property
    def effect(self) -> np.ndarray:
        """`[J]` float64 how much each group's mean differs from `mean`."""
        return self.group_mean - self.mean


def estimate_group_effects(x: np.ndarray, group: np.ndarray, num_groups: int) -> GroupEffects:
    """Estimates a shrunken mean for each group.

    With n_j observations of mean x_j in group j, N in all, of mean x, in J groups that have any:

        within^2  = sum_ij (x_ij - x_j)^2 / (N - J)
        between^2 = max(0, (sum_j n_j (x_j - x)^2 / (J - 1) - within^2) / n0)
        n0        = (N - sum_j n_j^2 / N) / (J - 1)
        mean      = sum_j v_j x_j / sum_j v_j,    v_j = 1 / (between^2 + within^2 / n_j)
        m_j       = mean + B_j (x_j - mean),      B_j = n_j / (n_j + within^2 / between^2)

    The variances are those of the analysis of variance for groups of unequal size, unbiased but
    for the truncation at 0; `mean` is the generalised least-squares mean, in which a group with
    many observations counts for little more than one with some.

    Args:
      x: `[N]` observations.
      group: `[N]` int, the group of each, from 0.
      num_groups: the number of groups, those without observations included.

    Returns:
      The groups' means and the variance components.

    Raises:
      DataError: there are fewer than two groups, or no group has two observations, so that the
        variances cannot be told apart.

    Source: Searle, Casella and McCulloch, Variance Components, Wiley 1992, section 3.6; Efron and
      Morris, Journal of the American Statistical Association 70, 1975.
    """
    x = np.asarray(x, np.float64)
    count = np.bincount(group, minlength=num_groups)
    total, groups = len(x), int(np.count_nonzero(count))
    if groups < 2 or total == groups:
        raise DataError(
            "estimate_group_effects: there must be at least two groups, and one with two "
            f"observations, got {total} observations in {groups} groups; bring more data"
        )
    size = np.maximum(count, 1)
    raw = np.bincount(group, x, minlength=num_groups) / size
    within = float(np.sum((x - raw[group]) ** 2) / (total - groups))
    n0 = (total - np.sum(count.astype(np.float64) ** 2) / total) / (groups - 1)
    spread = np.sum(count * (raw - x.mean()) ** 2) / (groups - 1)
    between = max(0.0, float(spread - within) / n0)
    if between > 0:
        weight = np.where(count > 0, 1 / (between + within / size), 0.0)
        shrinkage = count / (count + within / between)
    else:
        weight, shrinkage = count, np.zeros(num_groups)
    mean = float(np.sum(weight * raw) / np.sum(weight))
    return GroupEffects(
        mean=mean,
        between_sd=float(between**0.5),
        within_sd=float(within**0.5),
        count=count,
        group_mean=mean + shrinkage * (raw - mean),
    )
