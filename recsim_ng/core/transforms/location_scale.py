"""Transforms of the continuous univariate families that are a function of one standard draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from recsim_ng.core import standard_noise
from recsim_ng.core.noise import Key
from recsim_ng.core.transforms.transform import Transform, full_shape, register, tfd


class _OneDraw(Transform):
    """Elementwise: one standard draw makes one value."""

    standard: Callable[..., Any]

    def noise(self, distribution: Any, key: Key, sample_shape: tuple) -> Any:
        shape = full_shape(distribution, sample_shape)
        return type(self).standard(key, shape, distribution.dtype)


@register(tfd.Normal)
class NormalTransform(_OneDraw):
    """x = loc + scale z, z standard normal."""

    standard = staticmethod(standard_noise.normal)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return distribution.loc + distribution.scale * noise

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        return (value - distribution.loc) / distribution.scale


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
class LaplaceTransform(_OneDraw):
    """x = loc + scale sign(l) (log1p(e^-|l|)... of a standard logistic l.

    With l standard logistic, F(l) = sigmoid(l) is uniform; the Laplace quantile of sigmoid(l) is
    sign(l) (log(1 + e^|l|) - log 2), exact in both tails.
    """

    standard = staticmethod(standard_noise.logistic)

    def forward(self, distribution: Any, noise: Any) -> Any:
        log_2 = tf.math.log(tf.constant(2.0, noise.dtype))
        size = tf.math.softplus(tf.abs(noise)) - log_2
        return distribution.loc + distribution.scale * tf.sign(noise) * size

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        x = (value - distribution.loc) / distribution.scale
        size = tf.abs(x) + tf.math.log(2.0 - tf.exp(-tf.abs(x)))
        return tf.sign(x) * size


@register(tfd.Uniform)
class UniformTransform(_OneDraw):
    """x = low + (high - low) u, u uniform."""

    standard = staticmethod(standard_noise.uniform)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return distribution.low + (distribution.high - distribution.low) * noise

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        return (value - distribution.low) / (distribution.high - distribution.low)


@register(tfd.Exponential)
class ExponentialTransform(_OneDraw):
    """x = e / rate, e standard exponential."""

    standard = staticmethod(standard_noise.exponential)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return noise / distribution.rate

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        return value * distribution.rate


@register(tfd.Deterministic, tfd.VectorDeterministic)
class DeterministicTransform(Transform):
    """x = loc, whatever the noise; its noise is the sample's shape only."""

    def noise(self, distribution: Any, key: Key, sample_shape: tuple) -> Any:
        return full_shape(distribution, sample_shape)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return tf.broadcast_to(distribution.loc, noise)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        return tuple(value.shape)
