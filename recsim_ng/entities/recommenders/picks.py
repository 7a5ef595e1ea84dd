"""Picks without replacement out of uniform draws, one for each place on the slate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

_TIERS = 3
LEAST_LOGIT = -80.0  # below the best; exp of it is still a normal float32


def pick(logits: Any, tier: Any, uniforms: Any, num_docs: int) -> tuple[Any, Any]:
    """Picks documents by a Plackett-Luce law, the first of the lowest tier that has any left.

        P(c_1, ..., c_S) = prod_j exp(l_{c_j}) / (sum of exp(l_i) over those left of the tier)

    The j-th pick inverts the cumulated weights of those left at uniform j. They are cumulated by
    groups of about sqrt(D) documents, so that a pick costs about sqrt(D) operations.

    Args:
      logits: `[u, D]` or `[D]` float32; None: all alike. A document more than 80 below the user's
        best is taken as 80 below.
      tier: `[u, D]` int32 in 0, 1, 2; None: all 0.
      uniforms: `[u, S]` float32 in [0, 1).
      num_docs: D.

    Returns:
      `[u, S]` int32 the picks, and `[u]` float32 the log-probability of the ordered picks.
    """
    size = math.isqrt(num_docs - 1) + 1
    groups = -(-num_docs // size)
    users, slate = uniforms.shape
    place = tf.reshape(tf.range(groups * size), [groups, size])
    weights = _weights(logits, num_docs, groups, size, place)  # [u or 1, G, B]
    tiers = None if tier is None else _folded(tier, num_docs, groups, size, _TIERS)
    if tiers is None:
        sums = tf.broadcast_to(tf.reduce_sum(weights, axis=-1)[:, None], [users, 1, groups])
        before = None
    else:
        parts = [tf.where(tiers == t, weights, 0.0) for t in range(_TIERS)]
        sums = tf.stack([tf.reduce_sum(part, axis=-1) for part in parts], axis=1)  # [u, 3, G]
        fit = tf.reduce_sum(tf.cast(tiers == 0, tf.int32), axis=[1, 2])
        before = (fit, fit + tf.reduce_sum(tf.cast(tiers == 1, tf.int32), axis=[1, 2]))
    places = tf.range(slate)

    def next_pick(j: Any, picks: Any, sums: Any, log_probability: Any) -> tuple[Any, ...]:
        level = tf.zeros([users], tf.int32)
        if before is not None:
            level = tf.cast(j >= before[0], tf.int32) + tf.cast(j >= before[1], tf.int32)
        left = tf.gather(sums, level, batch_dims=1)  # [u, G]
        total = tf.reduce_sum(left, axis=-1)
        uniform = tf.gather(uniforms, j, axis=1)
        group, start = _find(left, uniform * total)
        row = _row(weights, group)
        here = group[:, None] * size + tf.range(size)
        if tiers is not None:
            row = tf.where(tf.gather(tiers, group, batch_dims=1) == level[:, None], row, 0.0)
        taken = tf.reduce_any(here[:, :, None] == picks[:, None, :], axis=-1)
        row = tf.where(taken, 0.0, row)
        within, _ = _find(row, start)
        chosen = tf.range(size) == within[:, None]
        weight = tf.reduce_sum(tf.where(chosen, row, 0.0), axis=-1)
        rest = tf.reduce_sum(tf.where(chosen, 0.0, row), axis=-1)
        is_group = tf.range(groups) == group[:, None]
        is_level = tf.range(sums.shape[1]) == level[:, None]
        changed = is_level[:, :, None] & is_group[:, None, :]
        picks = tf.where(places == j, (group * size + within)[:, None], picks)
        sums = tf.where(changed, rest[:, None, None], sums)
        return j + 1, picks, sums, log_probability + tf.math.log(weight) - tf.math.log(total)

    # A loop, so that a long slate takes no longer to compile. Nothing is drawn in it.
    start = (tf.constant(0), tf.fill([users, slate], -1), sums, tf.zeros([users]))
    _, picks, _, log_probability = tf.while_loop(
        lambda j, *_: j < slate, next_pick, start, maximum_iterations=slate
    )
    return picks, log_probability


def _weights(logits: Any, num_docs: int, groups: int, size: int, place: Any) -> Any:
    if logits is None:
        return tf.cast(place < num_docs, tf.float32)[None]
    logits = logits if logits.shape.rank == 2 else logits[None]
    best = tf.reduce_max(logits, axis=-1, keepdims=True)
    return _folded(tf.exp(tf.maximum(logits - best, LEAST_LOGIT)), num_docs, groups, size, 0.0)


def _folded(x: Any, num_docs: int, groups: int, size: int, filling: Any) -> Any:
    padding = [[0, 0], [0, groups * size - num_docs]]
    return tf.reshape(tf.pad(x, padding, constant_values=filling), [-1, groups, size])


def _row(weights: Any, group: Any) -> Any:
    if weights.shape[0] == 1:
        return tf.gather(weights[0], group)
    return tf.gather(weights, group, batch_dims=1)


def _find(x: Any, target: Any) -> tuple[Any, Any]:
    """The first index of a positive x up to which x sums to more than target; what is left of it.

    Rounding may leave none: then the last index of a positive x.
    """
    size = x.shape[-1]
    index = tf.range(size)
    cumulated = tf.matmul(x, np.triu(np.ones([size, size], np.float32)))
    beyond = (cumulated > target[:, None]) & (x > 0)
    first = tf.reduce_min(tf.where(beyond, index, size), axis=-1)
    last = tf.reduce_max(tf.where(x > 0, index, 0), axis=-1)
    found = tf.minimum(first, last)
    below = tf.reduce_sum(tf.where(index < found[:, None], x, 0.0), axis=-1)
    return found, target - below
