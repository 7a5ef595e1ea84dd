"""Resampling: particles of unequal weight become particles of equal weight."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf


def normalized(log_weights: Any) -> tuple[Any, Any]:
    """Returns log-weights whose exponentials sum to one, and the logarithm of what they summed to.

    Where no particle has any weight, all get the same.

    Args:
      log_weights: `[P, G]`, minus infinity for particles that are impossible.

    Returns:
      (`[P, G]` normalised, `[G]` logarithms of the sums).
    """
    total = tf.reduce_logsumexp(log_weights, axis=0)
    count = tf.cast(tf.shape(log_weights)[0], log_weights.dtype)
    is_possible = tf.math.is_finite(total)
    safe = tf.where(is_possible, total, 0.0)
    return tf.where(is_possible, log_weights - safe, -tf.math.log(count)), total


def effective_size(log_weights: Any) -> Any:
    """Returns the effective number of particles, 1 / sum of squared weights: `[G]`, 1 to P.

    Args:
      log_weights: `[P, G]`, normalised.
    """
    return tf.exp(-tf.reduce_logsumexp(2.0 * log_weights, axis=0))


def systematic_ancestors(log_weights: Any, uniform: Any) -> Any:
    """Chooses each particle's ancestor by systematic resampling.

    With C_j the sum of the weights of particles 0 ... j, particle i descends from the first j with
    C_j > (i + u) / P. So a particle of weight w has floor(P w) or ceil(P w) descendants, P w on
    average, and one without weight has none.

    Args:
      log_weights: `[P, G]`, normalised.
      uniform: `[G]` u, uniform on [0, 1).

    Returns:
      `[P, G]` int32 ancestors, in ascending order.

    Source: Carpenter, Clifford and Fearnhead (1999), Improved particle filter for nonlinear
      problems, IEE Proceedings on Radar and Sonar Navigation 146.
    """
    count, groups = log_weights.shape
    # In double precision rounding gives no share to a particle without weight: u has 24 bits.
    sums = _running_sums(tf.cast(tf.exp(log_weights), tf.float64))
    # How many of the points (i + u) / P lie below C_j.
    below = tf.math.ceil(count * sums / sums[-1] - tf.cast(uniform, tf.float64))
    below = tf.cast(tf.clip_by_value(below, 0.0, count), tf.int32)
    # Particle i's ancestor is the number of j with below_j <= i.
    cells = below * groups + tf.range(groups)
    counts = tf.math.unsorted_segment_sum(
        tf.ones([count * groups]), tf.reshape(cells, [-1]), (count + 1) * groups
    )
    ancestors = _running_sums(tf.reshape(counts, [count + 1, groups])[:-1])
    return tf.cast(tf.round(ancestors), tf.int32)


def taken(x: Any, ancestors: Any, by_group: bool) -> Any:
    """Returns each particle's ancestor's part of a tensor.

    Args:
      x: `[P, ...]`, or `[P, G, ...]` where each group has ancestors of its own.
      ancestors: `[N, G]` int32.
      by_group: whether x has the axis of groups; else the first group's ancestors are taken.
    """
    if not by_group:
        return tf.gather(x, ancestors[:, 0])
    groups = tf.broadcast_to(tf.range(ancestors.shape[1]), ancestors.shape)
    return tf.gather_nd(x, tf.stack([ancestors, groups], axis=-1))


def _running_sums(x: Any) -> Any:
    """Sums of the first 1, 2, ..., P rows: within blocks, then of the blocks before.

    `tf.cumsum` takes quadratic time under XLA on CPU.
    """
    count, groups = x.shape
    size = math.isqrt(count - 1) + 1
    blocks = tf.reshape(tf.pad(x, [[0, size * size - count], [0, 0]]), [size, size, groups])
    upto = tf.linalg.band_part(tf.ones([size, size], x.dtype), -1, 0)
    within = tf.einsum("ij,bjg->big", upto, blocks)
    before = tf.einsum("bc,cg->bg", upto - tf.eye(size, dtype=x.dtype), within[:, -1])
    return tf.reshape(within + before[:, None], [size * size, groups])[:count]
