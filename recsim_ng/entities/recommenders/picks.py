"""Picks without replacement out of uniform draws, one for each place on the slate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

_TIERS = 3
_NEVER = -1e30  # finite, so that gradients are
_LEAST = -1e29  # logits below count as this much, lest what is never picked come before them


def pick(logits: Any, tier: Any, uniforms: Any, num_docs: int) -> tuple[Any, Any]:
    """Picks documents by a Plackett-Luce law, the first of the lowest tier that has any left.

        P(c_1, ..., c_S) = prod_j exp(l_{c_j}) / (sum of exp(l_i) over those left of the tier)

    Relative to the best that is left, so that no digits are lost, however great the logits. The
    j-th pick inverts the cumulated weights of those left at uniform j. They are cumulated by
    groups of about sqrt(D) documents, so that a pick costs about sqrt(D) operations.

    Args:
      logits: `[u, D]` or `[D]` float32; None: all alike. Below -1e29 they count as that.
      tier: `[u, D]` int32 in 0, 1, 2; None: all 0.
      uniforms: `[u, S]` float32 in [0, 1).
      num_docs: D.

    Returns:
      `[u, S]` int32 the picks, and `[u]` float32 the log-probability of the ordered picks.
    """
    size = math.isqrt(num_docs - 1) + 1
    groups = -(-num_docs // size)
    users, slate = uniforms.shape
    if logits is None:
        logits = tf.zeros([num_docs])
    logits = logits if logits.shape.rank == 2 else logits[None]
    logits = _folded(tf.maximum(logits, _LEAST), groups, size, _NEVER)  # [u or 1, G, B]
    if tier is None:
        tiers = before = None
        bests, sums = (tf.broadcast_to(x[:, None], [users, 1, groups]) for x in _weight(logits))
    else:
        tiers = _folded(tier, groups, size, _TIERS)
        parts = [_weight(tf.where(tiers == t, logits, _NEVER)) for t in range(_TIERS)]
        bests, sums = (tf.stack(x, axis=1) for x in zip(*parts, strict=True))  # [u, 3, G]
        fit = tf.reduce_sum(tf.cast(tiers == 0, tf.int32), axis=[1, 2])
        before = (fit, fit + tf.reduce_sum(tf.cast(tiers == 1, tf.int32), axis=[1, 2]))
    places = tf.range(slate)

    def next_pick(
        j: Any, picks: Any, bests: Any, sums: Any, log_probability: Any
    ) -> tuple[Any, ...]:
        level = tf.zeros([users], tf.int32)
        if before is not None:
            level = tf.cast(j >= before[0], tf.int32) + tf.cast(j >= before[1], tf.int32)
        left = tf.gather(bests, level, batch_dims=1)  # [u, G]
        best = tf.reduce_max(left, axis=-1, keepdims=True)
        left = tf.exp(left - best) * tf.gather(sums, level, batch_dims=1)
        group, share = _find(left, tf.gather(uniforms, j, axis=1))
        row = _row(logits, group)
        here = group[:, None] * size + tf.range(size)
        if tiers is not None:
            row = tf.where(tf.gather(tiers, group, batch_dims=1) == level[:, None], row, _NEVER)
        taken = tf.reduce_any(here[:, :, None] == picks[:, None, :], axis=-1)
        row = tf.where(taken, _NEVER, row)
        row_best, _ = _weight(row)
        within, _ = _find(tf.exp(row - row_best[:, None]), share)
        chosen = tf.range(size) == within[:, None]
        log_share = tf.reduce_sum(tf.where(chosen, row - best, 0.0), axis=-1)
        log_share -= tf.math.log(tf.reduce_sum(left, axis=-1))
        rest_best, rest = _weight(tf.where(chosen, _NEVER, row))
        is_group = tf.range(groups) == group[:, None]
        is_level = tf.range(sums.shape[1]) == level[:, None]
        changed = is_level[:, :, None] & is_group[:, None, :]
        picks = tf.where(places == j, (group * size + within)[:, None], picks)
        bests = tf.where(changed, rest_best[:, None, None], bests)
        sums = tf.where(changed, rest[:, None, None], sums)
        return j + 1, picks, bests, sums, log_probability + log_share

    # A loop, so that a long slate takes no longer to compile. Nothing is drawn in it.
    start = (tf.constant(0), tf.fill([users, slate], -1), bests, sums, tf.zeros([users]))
    _, picks, _, _, log_probability = tf.while_loop(
        lambda j, *_: j < slate, next_pick, start, maximum_iterations=slate
    )
    return picks, log_probability


def _folded(x: Any, groups: int, size: int, filling: Any) -> Any:
    padding = [[0, 0], [0, groups * size - x.shape[1]]]
    return tf.reshape(tf.pad(x, padding, constant_values=filling), [-1, groups, size])


def _weight(x: Any) -> tuple[Any, Any]:
    """The greatest of the last axis, a constant to gradients, and the sum of exp(x - greatest)."""
    best = tf.stop_gradient(tf.reduce_max(x, axis=-1, keepdims=True))
    return best[..., 0], tf.reduce_sum(tf.exp(x - best), axis=-1)


def _row(x: Any, group: Any) -> Any:
    if x.shape[0] == 1:
        return tf.gather(x[0], group)
    return tf.gather(x, group, batch_dims=1)


def _find(weights: Any, uniform: Any) -> tuple[Any, Any]:
    """The index at share `uniform` of the weights, and the share that is left of its.

    Rounding may leave none: then it is the last index that has any weight.
    """
    weights = tf.stop_gradient(weights)
    size = weights.shape[-1]
    index = tf.range(size)
    target = uniform * tf.reduce_sum(weights, axis=-1)
    cumulated = tf.matmul(weights, np.triu(np.ones([size, size], np.float32)))
    beyond = (cumulated > target[:, None]) & (weights > 0)
    first = tf.reduce_min(tf.where(beyond, index, size), axis=-1)
    last = tf.reduce_max(tf.where(weights > 0, index, 0), axis=-1)
    found = tf.minimum(first, last)
    below = tf.reduce_sum(tf.where(index < found[:, None], weights, 0.0), axis=-1)
    mine = tf.reduce_sum(tf.where(index == found[:, None], weights, 0.0), axis=-1)
    return found, (target - below) / mine
