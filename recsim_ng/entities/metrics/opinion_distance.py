"""How far apart people are, and how alike in what they consume."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core import check


def polarisation(opinions: Any) -> Any:
    """The mean squared distance from the mean opinion, a float32 scalar.

        1/U sum over users of |x_u - mean x|^2

    Args:
      opinions: `[U, K]`, or `[U]` for one dimension.

    Source: Musco, Musco and Tsourakakis (2018), Minimizing polarization and disagreement in social
      networks, there the sum in place of the mean.
    """
    x = _two_axes(opinions)
    apart = x - tf.reduce_mean(x, axis=0, keepdims=True)
    return tf.reduce_mean(tf.reduce_sum(tf.square(apart), axis=-1))


def disagreement(opinions: Any, network: Any) -> Any:
    """The mean squared distance of neighbours' opinions, a float32 scalar; 0 without ties.

        mean over pairs of a user u and a neighbour v of |x_u - x_v|^2

    No distance of a pair is held: with n_u the number of neighbours of u, and of pairs u, v where v
    is a neighbour of u, the sum of |x_u|^2 - 2 x_u . x_v + |x_v|^2 is taken user by user.

    Args:
      opinions: `[U, K]`, or `[U]` for one dimension.
      network: a `SocialNetwork` of the U users.

    Source: Musco, Musco and Tsourakakis (2018), there the sum over weighted ties.
    """
    x = _two_axes(opinions)
    x -= tf.reduce_mean(x, axis=0, keepdims=True)  # the same distances, fewer digits lost
    square = tf.reduce_sum(tf.square(x), axis=-1)
    # One sum over neighbours, of the opinion and its square together.
    total = network.neighbour_sum(tf.concat([x, square[:, None]], axis=-1))
    degree = tf.cast(network.degree, tf.float32)
    cross = tf.reduce_sum(x * total[:, :-1], axis=-1)
    apart = tf.reduce_sum(degree * square - 2.0 * cross + total[:, -1])
    return apart / max(network.num_ties, 1)


def esteban_ray(masses: Any, positions: Any, alpha: float = 1.0) -> Any:
    """The polarisation of groups: identification within, alienation between; a float32 scalar.

        P = sum over groups i, j of s_i^(1 + alpha) s_j |y_i - y_j|,   s the shares of the masses

    At alpha 0 it is twice the mean times the Gini coefficient; it is greatest for two equal groups
    at the ends.

    Args:
      masses: `[G]` sizes of the groups, not all 0.
      positions: `[G, K]`, or `[G]` for one dimension.
      alpha: weight of identification, within [0, 1.6].

    Raises:
      ConfigError: (also a ValueError) alpha is out of range.

    Source: Esteban and Ray (1994), On the measurement of polarization, theorem 1, for shares.
    """
    check.real("esteban_ray", "alpha", alpha, 0.0, 1.6)
    masses, y = tf.convert_to_tensor(masses, tf.float32), _two_axes(positions)
    s = masses / tf.reduce_sum(masses)
    between = tf.sqrt(tf.reduce_sum(tf.square(y[:, None] - y[None, :]), axis=-1))
    return tf.reduce_sum((s ** (1.0 + alpha))[:, None] * s[None, :] * between)


def jaccard(first: Any, second: Any) -> Any:
    """Returns how alike two sets of items are, `[...]` float32: shared over all; 0 of none.

    Args:
      first: `[..., I]` bool the items of the one.
      second: `[..., I]` bool those of the other.

    Source: Jaccard (1912); as homogeneity of consumption in Chaney, Stewart and Engelhardt (2018),
      How algorithmic confounding in recommendation systems increases homogeneity and decreases
      utility.
    """
    first, second = tf.convert_to_tensor(first, tf.bool), tf.convert_to_tensor(second, tf.bool)
    both = tf.reduce_sum(tf.cast(first & second, tf.float32), axis=-1)
    either = tf.reduce_sum(tf.cast(first | second, tf.float32), axis=-1)
    return tf.math.divide_no_nan(both, either)


def mean_pairwise_jaccard(consumed: Any) -> Any:
    """The mean Jaccard index of two different users, a float32 scalar; 0 for a single user.

    It takes `[U, U]` numbers: for a few thousand users at most; draw a sample of more.

    Args:
      consumed: `[U, I]` bool the items of each user.

    Source: as for `jaccard`.
    """
    x = tf.cast(consumed, tf.float32)
    both = tf.matmul(x, x, transpose_b=True)
    size = tf.reduce_sum(x, axis=-1)
    index = tf.math.divide_no_nan(both, size[:, None] + size[None, :] - both)
    num_users = tf.cast(tf.shape(x)[0], tf.float32)
    total = tf.reduce_sum(index) - tf.reduce_sum(tf.linalg.diag_part(index))
    return tf.math.divide_no_nan(total, num_users * (num_users - 1.0))


def _two_axes(x: Any) -> Any:
    x = tf.convert_to_tensor(x, tf.float32)
    return x[:, None] if x.shape.rank == 1 else x
