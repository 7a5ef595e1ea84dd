"""Transform of the truncated normal, right also where the bounds lie far out in one tail."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core import standard_noise
from recsim_ng.core.noise import Key
from recsim_ng.core.normal_quantile import distance_of_log
from recsim_ng.core.transforms.location_scale import OneDraw
from recsim_ng.core.transforms.transform import register, tfd

_FAR = 1e3  # bounds further out, in standard deviations, are as good as this one


def _log_mass(x: Any) -> Any:
    """Logarithm of Phi(x)."""
    return tfd.Normal(tf.zeros([], x.dtype), tf.ones([], x.dtype)).log_cdf(x)


def _score(log_mass: Any) -> Any:
    """The x of log Phi(x) = log_mass, for masses up to one half.

    The last step, one of Newton's method, is differentiated alone: the implicit function theorem.
    """
    x = tf.stop_gradient(-distance_of_log(log_mass))
    log_phi = _log_mass(x)
    slope = tf.exp(-0.5 * x * x - 0.5 * math.log(2.0 * math.pi) - log_phi)
    return x + (log_mass - tf.stop_gradient(log_phi)) / tf.stop_gradient(slope)


@register(tfd.TruncatedNormal)
class TruncatedNormalTransform(OneDraw):
    """x = loc + scale Phi^-1((1 - p) Phi(a) + p Phi(b)), p = sigmoid(l), l standard logistic.

    a and b are the scaled bounds. Both the mass below x and that above it are sums of positive
    terms; x comes of the smaller one.
    """

    standard = staticmethod(standard_noise.logistic)

    def forward(self, distribution: Any, noise: Any) -> Any:
        a, b = self._bounds(distribution)
        log_p, log_q = -tf.math.softplus(-noise), -tf.math.softplus(noise)
        below = _log_add(_log_mass(a) + log_q, _log_mass(b) + log_p)
        above = _log_add(_log_mass(-a) + log_q, _log_mass(-b) + log_p)
        sign = tf.where(below < above, tf.ones_like(below), -1.0)
        x = distribution.loc + distribution.scale * sign * _score(tf.minimum(below, above))
        return tf.clip_by_value(x, distribution.low, distribution.high)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        a, b = self._bounds(distribution)
        x = (value - distribution.loc) / distribution.scale
        # On the side where the masses are small, so that their differences keep digits.
        sign = tf.where(a + b < 0.0, tf.ones_like(a), -1.0)
        ends = _log_mass(sign * a), _log_mass(sign * x), _log_mass(sign * b)
        first, second = (tfp.math.log_sub_exp(ends[i + 1], ends[i]) for i in (0, 1))
        return first - second

    def _bounds(self, distribution: Any) -> tuple[Any, Any]:
        loc, scale = distribution.loc, distribution.scale
        low, high = (distribution.low - loc) / scale, (distribution.high - loc) / scale
        return tf.maximum(low, -_FAR), tf.minimum(high, _FAR)


def _log_add(one: Any, two: Any) -> Any:
    greater = tf.maximum(one, two)
    return greater + tf.math.log1p(tf.exp(-tf.abs(one - two)))
