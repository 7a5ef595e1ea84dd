"""Transforms of rankings: a ranking is the order of log scores plus Gumbels.

Source: Yellott (1977), The relationship between Luce's choice axiom, Thurstone's theory of
comparative judgment, and the double exponential distribution.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core import standard_noise
from recsim_ng.core.noise import Key
from recsim_ng.core.ordered_picks import OrderedPicks
from recsim_ng.core.ordering import top_k
from recsim_ng.core.transforms.transform import (
    Transform,
    event_shape,
    extend,
    need_key,
    register,
    shape_of,
    tfd,
)


@register(tfd.PlackettLuce)
class PlackettLuceTransform(Transform):
    """Indices in descending order of log(scores) + g, g standard Gumbels.

    In the inverse, -log of the waiting times of an exponential race: the i-th to arrive comes
    after the one before it by e / (scores of those still under way), e standard exponential.
    """

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        full = extend(shape, event_shape(distribution))
        return standard_noise.gumbel(key, full, distribution.scores.dtype)

    def forward(self, distribution: Any, noise: Any) -> Any:
        keys = tf.math.log(distribution.scores) + noise
        order = tf.argsort(keys, axis=-1, direction="DESCENDING", stable=True)
        return tf.cast(order, distribution.dtype)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        key = need_key(distribution, key)
        order = tf.cast(value, tf.int32)
        scores = tf.broadcast_to(distribution.scores, tf.shape(order))
        rank = order.shape.rank - 1
        ranked = tf.gather(scores, order, axis=rank, batch_dims=rank)
        remaining = tf.cumsum(ranked, axis=-1, reverse=True)
        gaps = standard_noise.exponential(key, shape_of(order), scores.dtype) / remaining
        ranked_noise = -tf.math.log(tf.cumsum(gaps, axis=-1)) - tf.math.log(ranked)
        place = tf.argsort(order, axis=-1)
        return tf.gather(ranked_noise, place, axis=rank, batch_dims=rank)


@register(OrderedPicks)
class OrderedPicksTransform(Transform):
    """Indices of the k greatest of l + g, in descending order, g standard Gumbels.

    In the inverse, as for PlackettLuce; those never picked arrive after the last pick, each by a
    waiting time of its own.
    """

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        full = extend(shape, shape_of(distribution.logits)[-1:])
        return standard_noise.gumbel(key, full, distribution.logits.dtype)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return top_k(distribution.logits + noise, distribution.num_picks)[1]

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        key = need_key(distribution, key)
        order = tf.cast(value, tf.int32)
        full = extend(tf.shape(order)[:-1], shape_of(distribution.logits)[-1:])
        logits = tf.broadcast_to(distribution.logits, full)
        rank, size = order.shape.rank - 1, tf.shape(logits)[-1]
        rates = tf.exp(logits - tf.reduce_max(logits, axis=-1, keepdims=True))
        is_picked = tf.reduce_any(order[..., None] == tf.range(size), axis=-2)
        never = tf.reduce_sum(tf.where(is_picked, 0.0, rates), axis=-1, keepdims=True)
        ranked = tf.gather(rates, order, axis=rank, batch_dims=rank)
        remaining = tf.cumsum(ranked, axis=-1, reverse=True) + never
        waits = standard_noise.exponential(key.fold("picked"), shape_of(order), logits.dtype)
        times = tf.cumsum(waits / remaining, axis=-1)
        rest = standard_noise.exponential(key.fold("left"), shape_of(logits), logits.dtype)
        late = times[..., -1:] + rest / rates
        place = tf.cast(order[..., None] == tf.range(size), logits.dtype)
        early = tf.reduce_sum(place * times[..., None], axis=-2)
        return -tf.math.log(tf.where(is_picked, early, late)) - tf.math.log(rates)
