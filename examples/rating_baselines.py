"""What a fit of ratings has to beat: item means, biases, and matrix factorisation.

Each predicts a rating by a normal law. Its mean comes from all ratings that may be seen; what the
mean's settings and the standard deviation are, is found on a tenth of them, the model being
estimated on the rest, so that no baseline is too sure of itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import scipy.sparse

from recsim_ng.datasets import Ratings, estimate_group_effects

_SWEEPS = 15
Means = Callable[[Ratings], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Baseline:
    """Predictions by a normal law.

    Attributes:
      mean: `[R]` expected ratings.
      sd: `[R]` their standard deviations.
      setting: what was chosen, in words; "" if nothing.
    """

    mean: np.ndarray
    sd: np.ndarray
    setting: str = ""


def split(ratings: Ratings, share: float, *, seed: int, last: bool = False) -> list[Ratings]:
    """Holds out a share of each person's ratings, rounded down.

    Args:
      ratings: all.
      share: below 1.
      seed: of what is held out, or of the order within a second.
      last: whether each person's last ratings are held out; else any.

    Returns:
      [those that may be seen, those held out].
    """
    key = np.random.default_rng(seed).random(ratings.num_ratings)
    if last:
        key = 0.5 * key - ratings.timestamp
    order = np.lexsort((key, ratings.user))
    count = ratings.ratings_per_user
    rank = np.empty(ratings.num_ratings, int)
    rank[order] = np.arange(ratings.num_ratings) - (np.cumsum(count) - count)[ratings.user[order]]
    held = rank < np.floor(share * count)[ratings.user]
    return [_rows(ratings, ~held), _rows(ratings, held)]


def baselines(seen: Ratings, held: Ratings, seed: int, grid: tuple[tuple[int, float], ...]) -> dict:
    """Makes all baselines.

    Args:
      seen: the ratings that may be seen.
      held: what is to be predicted; its ratings are not read.
      seed: of the inner split and of the factors' start.
      grid: (number of factors, penalty) of the factorisations to choose from.

    Returns:
      name -> Baseline.
    """
    inner, check = split(seen, 0.1, seed=seed + 1)

    def error(means: Means) -> np.ndarray:
        return means(check) - check.rating

    found = {}
    for name, of in (("item mean", item_means), ("item mean, shrunken", shrunken_item_means)):
        found[name] = _homoscedastic(of(seen)(held), error(of(inner)))
    for name, choices in (
        ("user and item biases", [(0, penalty) for penalty in (1.0, 3.0, 6.0)]),
        ("matrix factorisation", grid),
    ):
        errors = {c: error(factorisation(inner, *c, seed=seed)) for c in choices}
        best = min(errors, key=lambda c: float(np.mean(errors[c] ** 2)))
        means = factorisation(seen, *best, seed=seed)(held)
        setting = f"{best[0]} factors, penalty {best[1]:g}"
        found[name] = _homoscedastic(means, errors[best], setting)
    sd = _personal_sd(errors[best], check.user, seen.num_users)
    found["matrix factorisation, noise by person"] = Baseline(means, sd[held.user], setting)
    return found


def item_means(seen: Ratings) -> Means:
    """Predicts the mean rating of the film, or of all films where it has none.

    Args:
      seen: the ratings.
    """
    count = seen.ratings_per_item
    total = np.bincount(seen.item, seen.rating, seen.num_items)
    mean = np.where(count > 0, total / np.maximum(count, 1), seen.rating.mean())
    return lambda asked: mean[asked.item]


def shrunken_item_means(seen: Ratings) -> Means:
    """Predicts the mean rating of the film, drawn towards that of the usual film.

    Args:
      seen: the ratings.
    """
    mean = estimate_group_effects(seen.rating, seen.item, seen.num_items).group_mean
    return lambda asked: mean[asked.item]


def factorisation(seen: Ratings, num_factors: int, penalty: float, *, seed: int) -> Means:
    """Predicts by biased matrix factorisation, fitted by alternating ridge regressions.

        m + a[u] + b[d] + p[u] . q[d],    least squares + penalty (|p|^2 + |q|^2) + 4 (a^2 + b^2)

    Without factors the penalty is the biases'.

    Args:
      seen: the ratings.
      num_factors: of p and q.
      penalty: see above.
      seed: of the start.
    """
    rng = np.random.default_rng(seed)
    bias_penalty = 4.0 if num_factors else penalty
    ridge = np.diag([penalty] * num_factors + [bias_penalty])
    mean = float(seen.rating.mean(dtype=np.float64))
    shape = seen.num_users, seen.num_items
    place = (seen.user, seen.item)
    rated = scipy.sparse.csr_matrix((np.ones(seen.num_ratings), place), shape)
    residual = seen.rating.astype(np.float64) - mean
    people = np.concatenate(
        [0.1 * rng.normal(size=(shape[0], num_factors)), np.zeros((shape[0], 1))], axis=1
    )
    films = np.concatenate(
        [0.1 * rng.normal(size=(shape[1], num_factors)), np.zeros((shape[1], 1))], axis=1
    )

    def solved(rated: scipy.sparse.csr_matrix, rest: scipy.sparse.csr_matrix, other: np.ndarray):
        x = np.concatenate([other[:, :-1], np.ones((len(other), 1))], axis=1)
        squares = rated @ np.einsum("ni,nj->nij", x, x).reshape(len(x), -1)
        left = squares.reshape(-1, *ridge.shape) + ridge
        return np.linalg.solve(left, (rest @ x)[..., None])[..., 0]

    for _ in range(_SWEEPS):
        rest = scipy.sparse.csr_matrix((residual - films[seen.item, -1], place), shape)
        people = solved(rated, rest, films)
        rest = scipy.sparse.csr_matrix((residual - people[seen.user, -1], place), shape)
        films = solved(rated.T.tocsr(), rest.T.tocsr(), people)

    def predict(asked: Ratings) -> np.ndarray:
        p, q = people[asked.user], films[asked.item]
        return mean + p[:, -1] + q[:, -1] + np.sum(p[:, :-1] * q[:, :-1], axis=1)

    return predict


def _rows(ratings: Ratings, rows: np.ndarray) -> Ratings:
    names = ("user", "item", "rating", "timestamp")
    return dataclasses.replace(ratings, **{name: getattr(ratings, name)[rows] for name in names})


def _homoscedastic(mean: np.ndarray, error: np.ndarray, setting: str = "") -> Baseline:
    return Baseline(mean, np.full(len(mean), np.sqrt(np.mean(error**2))), setting)


def _personal_sd(error: np.ndarray, user: np.ndarray, num_users: int) -> np.ndarray:
    """`[U]` deviations of each person's errors, drawn towards that of all by ten ratings' worth."""
    count = np.bincount(user, minlength=num_users)
    square = np.bincount(user, error**2, num_users)
    return np.sqrt((square + 10 * np.mean(error**2)) / (count + 10))
