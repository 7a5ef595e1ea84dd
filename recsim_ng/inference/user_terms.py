"""User terms: log-probabilities that fall apart into one part for each user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.network import Network

_ROUNDING = 1e-5  # relative to the greater of the number and 1
USER = "user"
Field = tuple[str, str]


def has_user_axis(network: Network, variable: str, field: str) -> bool:
    """Whether a field's first axis is that of users, as its spec says.

    Args:
      network: the story.
      variable: name of the variable.
      field: name of the field.
    """
    spec = next(v.spec for v in network.variables if v.name == variable)
    dims = spec.get(field).dims
    return bool(dims) and dims[0] == USER


def by_term(
    network: Network, terms: Mapping[Field, Any], fields: Sequence[Field], users: int | None
) -> tuple[Any, Any]:
    """Sums each term's log-probabilities, user by user where it has users.

    Args:
      network: the story.
      terms: (variable, field) -> `[U, ...]` or `[...]` log-probabilities.
      fields: F of them, those that may be among the terms; 0 for those that are not.
      users: U; None: everything is summed.

    Returns:
      (`[F, U]` sums of the terms that have the axis of users, `[F]` sums of the others); without
      users (`[F, 1]` all sums, `[F]` zeros).
    """
    groups, shared = [], []
    for field in fields:
        x = tf.cast(terms.get(field, 0.0), tf.float32)
        mine, others = tf.zeros([users or 1]), tf.zeros([])
        if users is None:
            mine = tf.reduce_sum(x)[None]
        elif has_user_axis(network, *field) and x.shape[:1] == [users]:
            mine = tf.reduce_sum(tf.reshape(x, [users, -1]), axis=1)
        else:
            others = tf.reduce_sum(x)
        groups.append(mine)
        shared.append(others)
    if not fields:
        return tf.zeros([0, users or 1]), tf.zeros([0])
    return tf.stack(groups), tf.stack(shared)


def mixtures(users: int) -> np.ndarray:
    """Returns ways to take some users from one world and the rest from another.

    For any two users there is a way that takes the one from the one world and the other from the
    other, so that what either does to the other shows.

    Args:
      users: U.

    Returns:
      `[2 + ceil(log2(U)), U]` bool: none from the second world; all; users whose number has the
      i-th binary digit.
    """
    numbers = np.arange(users)
    digits = [(numbers >> i) & 1 == 1 for i in range(max(users - 1, 0).bit_length())]
    return np.stack([np.zeros(users, bool), np.ones(users, bool), *digits])


def mixed(first: Any, second: Any, ways: np.ndarray) -> Any:
    """Returns `[W, U, ...]` mixtures of two tensors, user by user.

    Args:
      first: `[U, ...]` of the first world.
      second: the same of the second.
      ways: `[W, U]` bool, of `mixtures`.
    """
    which = tf.reshape(tf.constant(ways), [*ways.shape, *[1] * (first.shape.rank - 1)])
    return tf.where(which, second[None], first[None])


def coupled_users(terms: Any, ways: np.ndarray) -> np.ndarray:
    """Returns the numbers of users whose terms depend on what others do.

    Args:
      terms: `[W, ..., U]` each user's terms in the mixtures.
      ways: `[W, U]` bool, of `mixtures`.
    """
    terms = np.asarray(terms)
    ways = ways.reshape(len(ways), *[1] * (terms.ndim - 2), -1)
    differs = ~_alike(terms, np.where(ways, terms[1], terms[0]))
    return np.flatnonzero(differs.reshape(-1, terms.shape[-1]).any(axis=0))


def is_shared(x: Any) -> bool:
    """Whether something is the same in all mixtures.

    Args:
      x: `[W, ...]` numbers.
    """
    x = np.asarray(x)
    return bool(_alike(x, x[:1]).all())


def _alike(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if x.dtype == bool:
        return x == y
    with np.errstate(invalid="ignore"):  # infinities of one sign are equal
        away = np.abs(x - y)
        near = np.isfinite(away) & (away <= _ROUNDING * np.maximum(np.abs(y), 1.0))
    return near | (x == y) | ((x != x) & (y != y))
