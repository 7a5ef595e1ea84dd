"""Baselines of numbers: means, and biased matrix factorisation, each with a normal law."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import optimize, stats

from recsim_ng.report.interaction import Interactions
from recsim_ng.report.split import split_by_user

_RIDGES = (100.0, 30.0, 10.0, 3.0, 1.0)
_STEPS = 80
_GRADIENT = 0.05  # of the sum over interactions, where the search ends
_LEAST_SIGMA = 1e-6


@dataclasses.dataclass(frozen=True, eq=False)
class Numbers:
    """Numbers of users about items, with consecutive numbers for both.

    Attributes:
      y: `[N]` float64.
      user: `[N]` int64.
      item: `[N]` int64, 0 where logs do not say.
      num_users: in all.
      num_items: in all.
    """

    y: np.ndarray
    user: np.ndarray
    item: np.ndarray
    num_users: int
    num_items: int

    def part(self, rows: np.ndarray) -> Numbers:
        """Returns some of them.

        Args:
          rows: indices or bools.
        """
        return dataclasses.replace(self, y=self.y[rows], user=self.user[rows], item=self.item[rows])


def numbers(train: Interactions, test: Interactions) -> list[Numbers]:
    """Makes training and test numbers that number users and items alike.

    Args:
      train: the interactions before.
      test: those that are predicted.

    Returns:
      Both.
    """
    users = np.unique(np.concatenate([train.user, test.user]))
    items = np.zeros(1, np.int64)
    if train.item is not None and test.item is not None:
        items = np.unique(np.concatenate([train.item, test.item]))
    return [
        Numbers(
            x.outcome,
            np.searchsorted(users, x.user),
            np.zeros(len(x), np.int64) if x.item is None else np.searchsorted(items, x.item),
            len(users),
            len(items),
        )
        for x in (train, test)
    ]


def mean_log_prob(
    train: Numbers, test: Numbers, *, by_user: bool, by_item: bool, rank: int, seed: int
) -> np.ndarray:
    """Returns the `[N]` log densities of numbers by one member of a family of means.

        y ~ N(mean + a_u + b_i + p_u . q_i, sigma)

    The terms are shrunk by a ridge, chosen on a fifth of each user's training numbers; sigma is
    what the errors on that fifth come to.

    Args:
      train: the numbers that it learns from.
      test: those that are predicted.
      by_user: whether it has a.
      by_item: whether it has b.
      rank: of p and q; 0: it has none.
      seed: of the split and of where the search begins.

    Source: Koren, Bell and Volinsky, Computer 42, 2009, equation 4.
    """
    inner = split_by_user(train.user, 0.2, seed)
    if not inner.any():  # too few of everybody's
        inner = np.random.default_rng(seed).permutation(len(train.y)) % 5 == 0
    terms = _Terms(train.num_users, train.num_items, by_user, by_item, rank)
    start = terms.start(seed)
    rest, held = train.part(~inner), train.part(inner)
    sigma, ridge = np.inf, _RIDGES[0]
    for candidate in _RIDGES if len(start) else _RIDGES[:1]:
        # Always from the start: large ridges end at p = q = 0, whence no gradient leads away.
        mean, x = _fitted(terms, rest, candidate, start)
        error = np.sqrt(np.mean((held.y - mean - terms.predict(x, held)) ** 2))
        if error < sigma:
            sigma, ridge = error, candidate
    mean, x = _fitted(terms, train, ridge, start)
    sigma = max(sigma, _LEAST_SIGMA)
    return stats.norm.logpdf(test.y, mean + terms.predict(x, test), sigma)


class _Terms:
    """Which terms there are, and where they are in one vector."""

    def __init__(self, users: int, items: int, by_user: bool, by_item: bool, rank: int) -> None:
        self.users, self.items, self.rank = users, items, rank
        sizes = [users * by_user, items * by_item, users * rank, items * rank]
        self._ends = np.cumsum(sizes)

    def start(self, seed: int) -> np.ndarray:
        x = 0.1 * np.random.default_rng(seed).normal(size=self._ends[-1])
        x[: self._ends[1]] = 0.0
        return x

    def parts(self, x: np.ndarray) -> list[np.ndarray]:
        a, b, p, q = np.split(x, self._ends[:-1])
        return [a, b, p.reshape(-1, max(self.rank, 1)), q.reshape(-1, max(self.rank, 1))]

    def predict(self, x: np.ndarray, data: Numbers) -> np.ndarray:
        a, b, p, q = self.parts(x)
        found = np.zeros(len(data.y))
        if len(a):
            found += a[data.user]
        if len(b):
            found += b[data.item]
        if len(p):
            found += np.sum(p[data.user] * q[data.item], axis=1)
        return found

    def gradient(self, x: np.ndarray, data: Numbers, slope: np.ndarray) -> np.ndarray:
        a, b, p, q = self.parts(x)
        found = []
        if len(a):
            found.append(np.bincount(data.user, slope, minlength=self.users))
        if len(b):
            found.append(np.bincount(data.item, slope, minlength=self.items))
        if len(p):
            for index, size, other in (
                (data.user, self.users, q[data.item]),
                (data.item, self.items, p[data.user]),
            ):
                columns = [np.bincount(index, slope * c, minlength=size) for c in other.T]
                found.append(np.stack(columns, axis=1).ravel())
        return np.concatenate(found)


def _fitted(
    terms: _Terms, data: Numbers, ridge: float, start: np.ndarray
) -> tuple[float, np.ndarray]:
    """The mean, and the terms at the least sum of squares with a ridge, in units of the spread."""
    mean = float(np.mean(data.y))
    if not len(start):
        return mean, start
    centred = data.y - mean

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        error = terms.predict(x, data) - centred
        value = 0.5 * (error @ error) + 0.5 * ridge * (x @ x)
        return value, terms.gradient(x, data, error) + ridge * x

    options = {"maxiter": _STEPS, "gtol": _GRADIENT}
    found = optimize.minimize(loss, start, jac=True, method="CG", options=options)
    return mean, found.x
