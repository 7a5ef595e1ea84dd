"""Transforms of the families on the half line that are a function of one standard draw.

Where the upper tail is the long one, the noise resolves its mass finely.
"""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from recsim_ng.core import normal_quantile, standard_noise
from recsim_ng.core.noise import Key
from recsim_ng.core.transforms.location_scale import OneDraw, unscaled
from recsim_ng.core.transforms.transform import register, tfd


@register(tfd.Exponential)
class ExponentialTransform(OneDraw):
    """x = e / rate, e standard exponential."""

    standard = staticmethod(standard_noise.exponential)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return noise / distribution.rate

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        return value * distribution.rate


@register(tfd.Weibull)
class WeibullTransform(OneDraw):
    """x = scale e^(1 / concentration), e standard exponential."""

    standard = staticmethod(standard_noise.exponential)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return distribution.scale * noise ** (1.0 / distribution.concentration)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        return (value / distribution.scale) ** distribution.concentration


@register(tfd.Pareto)
class ParetoTransform(OneDraw):
    """x = scale exp(e / concentration), e standard exponential."""

    standard = staticmethod(standard_noise.exponential)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return distribution.scale * tf.exp(noise / distribution.concentration)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        return distribution.concentration * tf.math.log(value / distribution.scale)


@register(tfd.HalfNormal)
class HalfNormalTransform(OneDraw):
    """x = -scale Phi^-1(v / 2), v uniform: the mass above x."""

    standard = staticmethod(standard_noise.uniform)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return distribution.scale * normal_quantile.distance(0.5 * noise)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        x = unscaled(value, tf.zeros_like(value), distribution.scale)
        return tf.math.erfc(x * math.sqrt(0.5))


@register(tfd.HalfCauchy)
class HalfCauchyTransform(OneDraw):
    """x = loc + scale / tan(pi v / 2), v uniform: the mass above x."""

    standard = staticmethod(standard_noise.uniform)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return distribution.loc + distribution.scale / tf.tan(0.5 * math.pi * noise)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        x = unscaled(value, distribution.loc, distribution.scale)
        return tf.atan2(tf.ones_like(x), x) * (2.0 / math.pi)
