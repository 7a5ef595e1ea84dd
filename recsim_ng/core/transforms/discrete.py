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
from recsim_ng.core.errors import NoInverseError
from recsim_ng.core.noise import Key
from recsim_ng.core.ordering import argmax
from recsim_ng.core.transforms.transform import Transform, full_shape, register, tfd


def need_key(distribution: Any, key: Key | None) -> Key:
    """Returns the key, or says that the posterior of the noise needs one.

    Args:
      distribution: for the message.
      key: the caller's.

    Raises:
      NoInverseError: there is none.
    """
    if key is None:
        raise NoInverseError(
            f"{type(distribution).__name__}: many noises make the same value; give a key, which "
            "picks one of them by its posterior law"
        )
    return key


def posterior_gumbels(logits: Any, choice: Any, key: Key) -> Any:
    """Standard Gumbels of which `choice` is the argmax of logits + Gumbels, by posterior law.

    Args:
      logits: `[..., K]`.
      choice: `[...]` int, the observed category.
      key: names the stream.

    Returns:
      `[..., K]` Gumbels.
    """
    shape = tf.TensorShape(choice.shape).concatenate(logits.shape[-1:])
    logits = tf.broadcast_to(tf.nn.log_softmax(logits), shape)
    chosen = tf.one_hot(choice, logits.shape[-1], on_value=True, off_value=False, dtype=tf.bool)
    top = standard_noise.gumbel(key.fold("top"), tuple(choice.shape), logits.dtype)[..., None]
    free = standard_noise.exponential(key.fold("rest"), shape, logits.dtype)
    # A Gumbel at `logits` truncated above at `top`: -log(e^-top + e e^-logits), e exponential.
    truncated = -tf.math.log(tf.exp(-top) + free * tf.exp(-logits))
    possible = logits > -float("inf")
    gumbels = tf.where(chosen, top, truncated) - tf.where(possible, logits, 0.0)
    return tf.where(possible, gumbels, -tf.math.log(free))


@register(tfd.Categorical)
class CategoricalTransform(Transform):
    """k = argmax_i (logits_i + g_i), g standard Gumbels."""

    def noise(self, distribution: Any, key: Key, sample_shape: tuple) -> Any:
        logits = distribution.logits_parameter()
        event = (logits.shape[-1] if logits.shape[-1] is not None else tf.shape(logits)[-1],)
        return standard_noise.gumbel(key, full_shape(distribution, sample_shape, event), logits.dtype)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return tf.cast(argmax(distribution.logits_parameter() + noise), distribution.dtype)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        key = need_key(distribution, key)
        return posterior_gumbels(distribution.logits_parameter(), value, key)


@register(tfd.OneHotCategorical)
class OneHotCategoricalTransform(CategoricalTransform):
    """The one-hot row of argmax_i (logits_i + g_i)."""

    def noise(self, distribution: Any, key: Key, sample_shape: tuple) -> Any:
        shape = full_shape(distribution, sample_shape)
        return standard_noise.gumbel(key, shape, distribution.logits_parameter().dtype)

    def forward(self, distribution: Any, noise: Any) -> Any:
        logits = distribution.logits_parameter()
        return tf.one_hot(argmax(logits + noise), logits.shape[-1], dtype=distribution.dtype)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        key = need_key(distribution, key)
        return posterior_gumbels(distribution.logits_parameter(), argmax(value), key)


@register(tfd.Bernoulli)
class BernoulliTransform(Transform):
    """b = 1 where the logit plus a standard logistic draw is positive."""

    def noise(self, distribution: Any, key: Key, sample_shape: tuple) -> Any:
        dtype = distribution.logits_parameter().dtype
        return standard_noise.logistic(key, full_shape(distribution, sample_shape), dtype)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return tf.cast(distribution.logits_parameter() + noise > 0, distribution.dtype)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        key = need_key(distribution, key)
        logits = distribution.logits_parameter()
        u = standard_noise.uniform(key, tuple(value.shape), logits.dtype)
        positive = tf.cast(value, tf.bool)
        # Given b = 1 the logistic exceeds -logit: its upper tail mass is uniform on (0, sigmoid).
        mass = u * tf.where(positive, tf.sigmoid(logits), tf.sigmoid(-logits))
        beyond = tf.math.log1p(-mass) - tf.math.log(mass)
        return tf.where(positive, beyond, -beyond)
