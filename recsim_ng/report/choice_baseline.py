"""Baselines of choices: popularity, users' frequencies, matrix factorisation."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import optimize, special

from recsim_ng.report.interaction import Interactions
from recsim_ng.report.split import split_by_user

_SMOOTHING = 10.0 ** np.arange(-1, 3.1, 0.5)
_RIDGES = (300.0, 30.0, 10.0, 3.0, 1.0, 0.3)
_ROUNDS, _TOLERANCE = 500, 1e-9
_STEPS = 60
_GRADIENT = 0.05  # of the sum over interactions, where the search ends


@dataclasses.dataclass(frozen=True, eq=False)
class Choices:
    """Choices among what was shown, with consecutive numbers for users and items.

    Attributes:
      shown: `[N, A]` int64, the items; no choice is one of them, too.
      is_there: `[N, A]` bool, whether there was something to choose.
      chosen: `[N]` int64, index among the A.
      user: `[N]` int64.
      num_items: in all.
      num_users: in all.
    """

    shown: np.ndarray
    is_there: np.ndarray
    chosen: np.ndarray
    user: np.ndarray
    num_items: int
    num_users: int

    @property
    def item(self) -> np.ndarray:
        """`[N]` int64, the item that was chosen."""
        return self.shown[np.arange(len(self.chosen)), self.chosen]

    def part(self, rows: np.ndarray) -> Choices:
        """Returns some of them.

        Args:
          rows: indices or bools.
        """
        names = ("shown", "is_there", "chosen", "user")
        return dataclasses.replace(self, **{name: getattr(self, name)[rows] for name in names})


def choices(train: Interactions, test: Interactions, num_alternatives: int) -> list[Choices]:
    """Makes training and test choices that number users and items alike.

    Args:
      train: the interactions before.
      test: those that are predicted.
      num_alternatives: A, no choice included.

    Returns:
      Both; where logs do not say what was shown, the alternatives themselves are the items.
    """
    both = (train, test)
    users = np.unique(np.concatenate([x.user for x in both]))
    ids = np.arange(num_alternatives)
    if train.item is not None and test.item is not None:
        ids = np.unique(np.concatenate([x.item.ravel() for x in both if x.item is not None]))
        ids = ids[ids >= 0]
    found = []
    for x in both:
        if x.item is None:
            shown = np.broadcast_to(ids, (len(x), num_alternatives))
            is_there = np.ones(shown.shape, bool)
        else:
            is_there, shown = x.item >= 0, np.searchsorted(ids, np.maximum(x.item, 0))
            rest = num_alternatives - shown.shape[1]  # no choice, an item of its own
            shown = np.pad(shown, ((0, 0), (0, rest)), constant_values=len(ids))
            is_there = np.pad(is_there, ((0, 0), (0, rest)), constant_values=True)
        user = np.searchsorted(users, x.user)
        size = len(ids) + (train.item is not None)
        found.append(Choices(shown, is_there, x.outcome, user, size, len(users)))
    return found


def popularity(train: Choices) -> np.ndarray:
    """Estimates how popular items are: `[num_items]` weights that sum to one.

    An item is chosen out of those shown in proportion to its weight (Luce's rule),

        p(i | shown) = w_i / sum_{j shown} w_j,

    and the weights are the mode under independent Gamma(2, .) priors. Where all items are always
    shown that is Laplace's rule, (n_i + 1) / (N + num_items).

    Args:
      train: the choices.

    Returns:
      The weights.

    Source: Hunter, Annals of Statistics 32, 2004 (the iteration); Caron and Doucet, Journal of
      Computational and Graphical Statistics 21, 2012 (the prior).
    """
    wins = np.bincount(train.item, minlength=train.num_items) + 1.0
    w = np.full(train.num_items, 1.0 / train.num_items)
    for _ in range(_ROUNDS):
        total = (w[train.shown] * train.is_there).sum(axis=1, keepdims=True)
        share = train.is_there / total
        met = np.bincount(train.shown.ravel(), share.ravel(), minlength=train.num_items)
        new = wins / (met + train.num_items)
        new /= new.sum()
        is_done = np.abs(new - w).max() < _TOLERANCE * new.max()
        w = new
        if is_done:
            break
    return w


def popularity_log_prob(weights: np.ndarray, test: Choices) -> np.ndarray:
    """Returns the `[N]` log-probabilities of choices by popularity.

    Args:
      weights: `[num_items]`.
      test: the choices.
    """
    return _normalised(np.log(weights)[test.shown], test)


def user_frequency_log_prob(train: Choices, weights: np.ndarray, test: Choices) -> np.ndarray:
    """Returns the `[N]` log-probabilities of choices by each user's frequencies.

        p(i | u, shown) ~ n_ui + a w_i,

    smoothed towards popularity by the a that predicts each training choice best from the others.

    Args:
      train: the choices that are counted.
      weights: `[num_items]` popularity.
      test: the choices.
    """
    own = np.zeros(train.shown.shape)
    own[np.arange(len(own)), train.chosen] = 1.0
    own = np.where(train.shown == train.item[:, None], 1.0, own)
    others = _counts(train, train) - own
    held = [_smoothed(others, weights, a, train).sum() for a in _SMOOTHING]
    return _smoothed(_counts(train, test), weights, _SMOOTHING[int(np.argmax(held))], test)


def factorisation_log_prob(
    train: Choices, weights: np.ndarray, test: Choices, rank: int, seed: int
) -> np.ndarray:
    """Returns the `[N]` log-probabilities of choices by softmax matrix factorisation.

        p(i | u, shown) ~ w_i exp(b_i + p_u . q_i)

    b, p and q are shrunk by a ridge, which is chosen on a fifth of each user's training choices.

    Args:
      train: the choices that it learns from.
      weights: `[num_items]` popularity.
      test: the choices.
      rank: of p and q.
      seed: of the split and of where the search begins.
    """
    inner = split_by_user(train.user, 0.2, seed)
    best, ridge = -np.inf, _RIDGES[0]
    start = _start(train, rank, seed)
    for candidate in _RIDGES:
        # Always from the start: large ridges end at p = q = 0, whence no gradient leads away.
        x = _factorised(train.part(~inner), weights, rank, candidate, start)
        held = _factor_log_prob(x, weights, rank, train.part(inner)).sum()
        if held > best:
            best, ridge = held, candidate
    x = _factorised(train, weights, rank, ridge, start)
    return _factor_log_prob(x, weights, rank, test)


def _normalised(logits: np.ndarray, data: Choices) -> np.ndarray:
    """Log-probabilities of what was chosen among what was there."""
    logits = np.where(data.is_there, logits, -np.inf)
    chosen = logits[np.arange(len(logits)), data.chosen]
    return chosen - special.logsumexp(logits, axis=1)


def _counts(train: Choices, data: Choices) -> np.ndarray:
    """`[N, A]` how often each user of the data has chosen each item that is shown, in training."""
    keys, counts = np.unique(train.user * train.num_items + train.item, return_counts=True)
    wanted = data.user[:, None] * data.num_items + data.shown
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, counts[at], 0.0)


def _smoothed(counts: np.ndarray, weights: np.ndarray, a: float, data: Choices) -> np.ndarray:
    return _normalised(np.log(counts + a * weights[data.shown]), data)


def _start(train: Choices, rank: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    factors = 0.1 * rng.normal(size=(train.num_users + train.num_items) * rank)
    return np.concatenate([np.zeros(train.num_items), factors])


def _parts(x: np.ndarray, data: Choices, rank: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    items, users = data.num_items, data.num_users * rank
    return (
        x[:items],
        x[items : items + users].reshape(-1, rank),
        x[items + users :].reshape(-1, rank),
    )


def _logits(x: np.ndarray, weights: np.ndarray, rank: int, data: Choices) -> np.ndarray:
    b, p, q = _parts(x, data, rank)
    score = np.einsum("nr,nar->na", p[data.user], q[data.shown])
    return np.where(data.is_there, (np.log(weights) + b)[data.shown] + score, -np.inf)


def _factor_log_prob(x: np.ndarray, weights: np.ndarray, rank: int, data: Choices) -> np.ndarray:
    return _normalised(_logits(x, weights, rank, data), data)


def _factorised(
    data: Choices, weights: np.ndarray, rank: int, ridge: float, start: np.ndarray
) -> np.ndarray:
    rows = np.arange(len(data.chosen))

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        _, p, q = _parts(x, data, rank)
        logits = _logits(x, weights, rank, data)
        total = special.logsumexp(logits, axis=1)
        slope = np.exp(logits - total[:, None])
        slope[rows, data.chosen] -= 1.0
        to_user = np.einsum("na,nar->nr", slope, q[data.shown])
        to_item = slope[..., None] * p[data.user][:, None]
        shown = data.shown.ravel()
        gradient = np.concatenate(
            [
                np.bincount(shown, slope.ravel(), minlength=data.num_items),
                _summed(data.user, to_user, data.num_users).ravel(),
                _summed(shown, to_item.reshape(-1, rank), data.num_items).ravel(),
            ]
        )
        value = np.sum(total - logits[rows, data.chosen]) + 0.5 * ridge * (x @ x)
        return value, gradient + ridge * x

    options = {"maxiter": _STEPS, "gtol": _GRADIENT}
    found = optimize.minimize(loss, start, jac=True, method="CG", options=options)
    return found.x


def _summed(index: np.ndarray, x: np.ndarray, size: int) -> np.ndarray:
    """`[size, R]` sums of the rows of `[M, R]` x by index."""
    return np.stack([np.bincount(index, column, minlength=size) for column in x.T], axis=1)
