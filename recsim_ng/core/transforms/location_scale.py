"""Transforms of the continuous families on the line that are a function of one standard draw."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from recsim_ng.core import standard_noise
from recsim_ng.core.noise import Key
from recsim_ng.core.transforms.transform import Transform, event_shape, extend, register, tfd


class OneDraw(Transform):
    """Elementwise: one standard draw makes one element of the value."""

    standard: Callable[..., Any]

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        full = extend(shape, event_shape(distribution))
        return type(self).standard(key, full, distribution.dtype)


def unscaled(value: Any, loc: Any, scale: Any) -> Any:
    """(value - loc) / scale; 0 where a scale of 0 leaves the noise unknown.

    Args:
      value: an observed value.
      loc: location.
      scale: scale, 0 or above.
    """
    difference = value - loc
    unknown = (difference == 0.0) & (scale == 0.0)
    return difference / tf.where(unknown, tf.ones_like(difference), scale)


@register(tfd.Normal)
class NormalTransform(OneDraw):
    """x = loc + scale z, z standard normal."""

    standard = staticmethod(standard_noise.normal)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return distribution.loc + distribution.scale * noise

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        return unscaled(value, distribution.loc, distribution.scale)


@register(tfd.LogNormal)
class LogNormalTransform(NormalTransform):
    """x = exp(loc + scale z), z standard normal."""

    def forward(self, distribution: Any, noise: Any) -> Any:
        return tf.exp(super().forward(distribution, noise))

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        return super().inverse(distribution, tf.math.log(value), key)


@register(tfd.Logistic)
class LogisticTransform(NormalTransform):
    """x = loc + scale l, l standard logistic."""

    standard = staticmethod(standard_noise.logistic)


@register(tfd.Gumbel)
class GumbelTransform(NormalTransform):
    """x = loc + scale g, g standard Gumbel."""

    standard = staticmethod(standard_noise.gumbel)


@register(tfd.Laplace)
class LaplaceTransform(OneDraw):
    """x = loc + scale sign(l) (log(1 + e^|l|) - log 2), l standard logistic.

    F(l) = sigmoid(l) is uniform, and the Laplace quantile of sigmoid(l) is the above: exact in
    both tails.
    """

    standard = staticmethod(standard_noise.logistic)

    def forward(self, distribution: Any, noise: Any) -> Any:
        size = tf.math.softplus(tf.abs(noise)) - math.log(2.0)
        return distribution.loc + distribution.scale * tf.sign(noise) * size

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        x = unscaled(value, distribution.loc, distribution.scale)
        size = tf.abs(x) + tf.math.log(2.0 - tf.exp(-tf.abs(x)))
        return tf.sign(x) * size


@register(tfd.Cauchy)
class CauchyTransform(OneDraw):
    """x = loc + scale sign(l) / tan(pi sigmoid(-|l|)), l standard logistic.

    sigmoid(-|l|) is the mass beyond l, so that both tails are exact.
    """

    standard = staticmethod(standard_noise.logistic)

    def forward(self, distribution: Any, noise: Any) -> Any:
        size = 1.0 / tf.tan(math.pi * tf.sigmoid(-tf.abs(noise)))
        return distribution.loc + distribution.scale * tf.sign(noise) * size

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        x = unscaled(value, distribution.loc, distribution.scale)
        mass = tf.atan2(tf.ones_like(x), tf.abs(x)) / math.pi
        return tf.sign(x) * (tf.math.log1p(-mass) - tf.math.log(mass))


@register(tfd.Uniform)
class UniformTransform(OneDraw):
    """x = low + (high - low) u, u uniform."""

    standard = staticmethod(standard_noise.uniform)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return distribution.low + (distribution.high - distribution.low) * noise

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        return unscaled(value, distribution.low, distribution.high - distribution.low)


@register(tfd.Deterministic, tfd.VectorDeterministic)
class DeterministicTransform(Transform):
    """x = loc, whatever the noise, which says no more than the sample's shape."""

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        return tf.zeros(extend(shape, event_shape(distribution)), tf.bool)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return tf.broadcast_to(distribution.loc, tf.shape(noise))

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        return tf.zeros_like(value, tf.bool)
