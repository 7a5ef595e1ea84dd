"""Transforms of rankings: a ranking is the order of log scores plus Gumbels.

Source: Yellott (1977), The relationship between Luce's choice axiom, Thurstone's theory of
comparative judgment, and the double exponential distribution.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core import standard_noise
from recsim_ng.core.noise import Key
from recsim_ng.core.ordered_picks import OrderedPicks, left_at_each, relative
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

    In the inverse, as for PlackettLuce, by logarithms of times; those never picked arrive after the
    last pick, each by a waiting time of its own. Of the noise of items of minus infinity nothing is
    known: it is drawn anew.
    """

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        full = extend(shape, shape_of(distribution.logits)[-1:])
        return standard_noise.gumbel(key, full, distribution.logits.dtype)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return top_k(relative(distribution.logits) + noise, distribution.num_picks)[1]

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        key = need_key(distribution, key)
        order = tf.cast(value, tf.int32)
        full = extend(tf.shape(order)[:-1], shape_of(distribution.logits)[-1:])
        logits = relative(tf.broadcast_to(distribution.logits, full))
        left = left_at_each(logits, order)
        lowest = tf.constant(-float("inf"), logits.dtype)
        waits = standard_noise.exponential(key.fold("picked"), shape_of(order), logits.dtype)
        # A waiting time is by 1 / (sum of exp(l) of those left) longer than a standard one.
        steps = tf.math.log(waits / tf.where(left.weight > 0, left.weight, 1.0)) - left.best
        steps = tf.where(left.chosen > lowest, steps, lowest)
        count = order.shape[-1]
        so_far = tf.linalg.band_part(tf.ones([count, count], tf.bool), -1, 0)
        log_times = tf.reduce_logsumexp(tf.where(so_far, steps[..., None, :], lowest), axis=-1)
        rest = standard_noise.exponential(key.fold("left"), shape_of(logits), logits.dtype)
        late = tfp.math.log_add_exp(log_times[..., -1:], tf.math.log(rest) - logits)
        place = order[..., None] == tf.range(tf.shape(logits)[-1])
        early = tf.reduce_sum(tf.where(place, log_times[..., None], 0.0), axis=-2)
        noise = -tf.where(left.is_picked, early, late) - logits
        return tf.where(logits > lowest, noise, -tf.math.log(rest))
