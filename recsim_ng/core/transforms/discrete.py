"""Transforms of the choices: Bernoulli, Categorical and their kin.

A category is the maximum of logits + Gumbel noise (Gumbel-max), so that a counterfactual changes
only where the logits moved enough. The Gumbels behind an observed choice are drawn from their
posterior: the maximum is a Gumbel at log-sum-exp of the logits, all others are truncated below it.

Source: Maddison, Tarlow and Minka (2014), A* sampling, section 2; Oberst and Sontag (2019),
Counterfactual off-policy evaluation with Gumbel-max structural causal models.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core import standard_noise
from recsim_ng.core.noise import Key
from recsim_ng.core.ordering import argmax
from recsim_ng.core.transforms.transform import Transform, extend, need_key, register, shape_of, tfd


def num_categories(distribution: Any) -> Any:
    """Size of the last axis of a choice's parameters, as a shape of one axis.

    Args:
      distribution: has `logits` or `probs`.
    """
    given = distribution.logits if distribution.logits is not None else distribution.probs
    parameter = tf.convert_to_tensor(given)
    static = parameter.shape[-1:]
    return static if static.is_fully_defined() else tf.shape(parameter)[-1:]


def posterior_gumbels(logits: Any, choice: Any, key: Key) -> Any:
    """Standard Gumbels of which `choice` is the argmax of logits + Gumbels, by posterior law.

    Args:
      logits: `[..., K]`, not necessarily normalised.
      choice: `[...]` int, the observed category; its shape is that of the result but for K.
      key: names the stream.

    Returns:
      `[..., K]` Gumbels.
    """
    shape = extend(shape_of(choice), shape_of(logits)[-1:])
    chosen = tf.one_hot(choice, shape[-1], on_value=True, off_value=False, dtype=tf.bool)
    total = tf.reduce_logsumexp(logits, axis=-1)
    top = total + standard_noise.gumbel(key.fold("top"), shape[:-1], logits.dtype)
    free = standard_noise.exponential(key.fold("rest"), shape, logits.dtype)
    # A Gumbel at `logits`, truncated above at `top`, less the logits.
    others = -tf.math.log(free + tf.exp(logits - top[..., None]))
    gumbels = tf.where(chosen, top[..., None] - logits, others)
    # Rounding must not let another category win.
    eps = 8.0 * logits.dtype.as_numpy_dtype(_EPSILON[logits.dtype])
    margin = eps * (tf.abs(logits) + tf.abs(gumbels) + tf.abs(top[..., None]))
    too_high = ~chosen & (logits + gumbels > top[..., None] - margin)
    return tf.where(too_high, top[..., None] - 2.0 * margin - logits, gumbels)


_EPSILON = {tf.float64: 2.0**-53, tf.float32: 2.0**-24, tf.float16: 2.0**-11, tf.bfloat16: 2.0**-8}


@register(tfd.Categorical)
class CategoricalTransform(Transform):
    """k = argmax_i (logits_i + g_i), g standard Gumbels."""

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        full = extend(shape, num_categories(distribution))
        return standard_noise.gumbel(key, full, distribution.logits_parameter().dtype)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return tf.cast(argmax(distribution.logits_parameter() + noise), distribution.dtype)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        key = need_key(distribution, key)
        return posterior_gumbels(distribution.logits_parameter(), tf.cast(value, tf.int32), key)


@register(tfd.OneHotCategorical)
class OneHotCategoricalTransform(CategoricalTransform):
    """The one-hot row of argmax_i (logits_i + g_i)."""

    def forward(self, distribution: Any, noise: Any) -> Any:
        scores = distribution.logits_parameter() + noise
        return tf.one_hot(argmax(scores), scores.shape[-1], dtype=distribution.dtype)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        return super().inverse(distribution, argmax(value), key)


@register(tfd.FiniteDiscrete)
class FiniteDiscreteTransform(CategoricalTransform):
    """x = outcomes[argmax_i (logits_i + g_i)]."""

    def forward(self, distribution: Any, noise: Any) -> Any:
        index = argmax(distribution.logits_parameter() + noise)
        return tf.gather(tf.convert_to_tensor(distribution.outcomes), index)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        difference = tf.abs(tf.convert_to_tensor(distribution.outcomes) - value[..., None])
        return super().inverse(distribution, argmax(-difference), key)


@register(tfd.Bernoulli)
class BernoulliTransform(Transform):
    """b = 1 where the logit plus a standard logistic draw is positive."""

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        return standard_noise.logistic(key, shape, distribution.logits_parameter().dtype)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return tf.cast(distribution.logits_parameter() + noise > 0, distribution.dtype)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        logits = distribution.logits_parameter()
        positive = value > 0
        infinity = tf.constant(float("inf"), logits.dtype)
        low, high = tf.where(positive, -logits, -infinity), tf.where(positive, infinity, -logits)
        return logistic_between(low, high, shape_of(value), need_key(distribution, key))


@register(tfd.OrderedLogistic)
class OrderedLogisticTransform(Transform):
    """k = how many of the cutpoints lie below loc + l, l standard logistic."""

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        return standard_noise.logistic(key, shape, distribution.loc.dtype)

    def forward(self, distribution: Any, noise: Any) -> Any:
        below = (distribution.loc + noise)[..., None] > distribution.cutpoints
        return tf.reduce_sum(tf.cast(below, distribution.dtype), axis=-1)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        cuts = distribution.cutpoints - distribution.loc[..., None]
        at = tf.range(cuts.shape[-1], dtype=value.dtype)
        at_or_above = at >= value[..., None]
        infinity = tf.constant(float("inf"), cuts.dtype)
        high = tf.reduce_min(tf.where(at_or_above, cuts, infinity), axis=-1)
        low = tf.reduce_max(tf.where(at_or_above, -infinity, cuts), axis=-1)
        return logistic_between(low, high, shape_of(value), need_key(distribution, key))


def logistic_between(low: Any, high: Any, shape: Any, key: Key) -> Any:
    """A standard logistic given that it lies between two bounds.

    Args:
      low: lower bound, may be -inf.
      high: upper bound, may be inf.
      shape: of the result.
      key: names the stream.
    """
    u = standard_noise.uniform(key, shape, low.dtype)
    # The masses below and above the result; each is a sum of positive terms, so exact in its tail.
    below = (1.0 - u) * tf.sigmoid(low) + u * tf.sigmoid(high)
    above = (1.0 - u) * tf.sigmoid(-low) + u * tf.sigmoid(-high)
    drawn = tf.math.log(below) - tf.math.log(above)
    size = tf.where(tf.math.is_finite(low), tf.abs(low), tf.abs(high))
    margin = 4.0 * low.dtype.as_numpy_dtype(_EPSILON[low.dtype]) * (1.0 + size)
    inside = tf.minimum(tf.maximum(drawn, low + margin), high - margin)
    return tf.where(high - low > 2.0 * margin, inside, 0.5 * (low + high))
