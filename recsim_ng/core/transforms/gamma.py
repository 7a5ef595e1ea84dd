"""Transforms of the gamma families, by the gamma quantile of a normal score."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import standard_noise
from recsim_ng.core.noise import Key
from recsim_ng.core.transforms.gamma_quantile import log_quantile, normal_score
from recsim_ng.core.transforms.location_scale import OneDraw
from recsim_ng.core.transforms.transform import Transform, need_key, register, shape_of, tfd


def at_least_tiny(x: Any) -> Any:
    """The least positive number in place of what underflowed, which no density allows.

    Args:
      x: positive draws.
    """
    return tf.maximum(x, np.finfo(x.dtype.as_numpy_dtype).tiny)


def gamma_score(log_x: Any, concentration: Any) -> Any:
    """The normal score of a gamma variable of rate 1.

    Args:
      log_x: its logarithm.
      concentration: its shape parameter.
    """
    return normal_score(tf.exp(log_x), log_x, concentration)


def log_rate(distribution: Any) -> Any:
    """Logarithm of the rate of a distribution that has `rate` or `log_rate`.

    Args:
      distribution: Gamma, ExpGamma or Poisson.
    """
    given = distribution.log_rate
    return tf.convert_to_tensor(given) if given is not None else tf.math.log(distribution.rate)


class _LogGamma(OneDraw):
    """log x = log quantile - log rate: what the gamma families have in common."""

    standard = staticmethod(standard_noise.normal)

    def _log(self, distribution: Any, noise: Any) -> Any:
        return log_quantile(noise, distribution.concentration) - log_rate(distribution)

    def _score(self, distribution: Any, log_value: Any) -> Any:
        return gamma_score(log_value + log_rate(distribution), distribution.concentration)


@register(tfd.Gamma)
class GammaTransform(_LogGamma):
    """x = Q(z; concentration) / rate, z standard normal."""

    def forward(self, distribution: Any, noise: Any) -> Any:
        return at_least_tiny(tf.exp(self._log(distribution, noise)))

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        x = value * tf.exp(log_rate(distribution))
        return normal_score(x, tf.math.log(x), distribution.concentration)


@register(tfd.ExpGamma)
class ExpGammaTransform(_LogGamma):
    """x = log of a gamma draw."""

    def forward(self, distribution: Any, noise: Any) -> Any:
        return self._log(distribution, noise)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        return self._score(distribution, value)


@register(tfd.InverseGamma)
class InverseGammaTransform(OneDraw):
    """x = scale / Q(-z; concentration), z standard normal, so that x grows with z."""

    standard = staticmethod(standard_noise.normal)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return distribution.scale * tf.exp(-log_quantile(-noise, distribution.concentration))

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        x = distribution.scale / value
        return -normal_score(x, tf.math.log(x), distribution.concentration)


@register(tfd.Chi2)
class Chi2Transform(OneDraw):
    """x = 2 Q(z; df / 2), z standard normal."""

    standard = staticmethod(standard_noise.normal)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return at_least_tiny(2.0 * tf.exp(log_quantile(noise, 0.5 * distribution.df)))

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        return normal_score(0.5 * value, tf.math.log(0.5 * value), 0.5 * distribution.df)


@register(tfd.StudentT)
class StudentTTransform(Transform):
    """x = loc + scale z / sqrt(2 g / df), z standard normal, g = Q(w; df / 2) by another one.

    Given x, g is a gamma variable of shape (df + 1) / 2 and rate 1 + t^2 / df, t the unscaled x.
    """

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        return tuple(
            standard_noise.normal(key.fold(name), shape, distribution.dtype)
            for name in ("normal", "gamma")
        )

    def forward(self, distribution: Any, noise: Any) -> Any:
        z, w = noise
        log_g = log_quantile(w, 0.5 * distribution.df) + tf.math.log(2.0 / distribution.df)
        return distribution.loc + distribution.scale * z * tf.exp(-0.5 * log_g)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        df = distribution.df
        t = (value - distribution.loc) / distribution.scale
        z = standard_noise.normal(need_key(distribution, key), shape_of(t), t.dtype)
        log_g = log_quantile(z, 0.5 * (df + 1.0)) - tf.math.log1p(t * t / df)
        w = gamma_score(log_g, tf.broadcast_to(0.5 * df, tf.shape(t)))
        return t * tf.exp(0.5 * (log_g + math.log(2.0) - tf.math.log(df))), w
