"""Transforms of Beta and Dirichlet: shares of gamma draws in their sum.

The sum is independent of the shares and is lost; the inverse draws it anew from its law, a gamma
of the summed concentrations, which is its posterior, and so finds the gammas behind the shares.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import standard_noise
from recsim_ng.core.noise import Key
from recsim_ng.core.transforms.gamma import at_least_tiny, gamma_score
from recsim_ng.core.transforms.gamma_quantile import log_quantile
from recsim_ng.core.transforms.transform import (
    Transform,
    event_shape,
    extend,
    need_key,
    register,
    shape_of,
    tfd,
)


@register(tfd.Beta)
class BetaTransform(Transform):
    """x = g1 / (g1 + g0), g_i gamma draws of shape concentration_i, by a standard normal each."""

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        return tuple(
            standard_noise.normal(key.fold(name), shape, distribution.dtype)
            for name in ("one", "zero")
        )

    def forward(self, distribution: Any, noise: Any) -> Any:
        one = log_quantile(noise[0], distribution.concentration1)
        zero = log_quantile(noise[1], distribution.concentration0)
        below_one = 1.0 - np.finfo(one.dtype.as_numpy_dtype).epsneg
        return tf.minimum(at_least_tiny(tf.sigmoid(one - zero)), below_one)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        a, b = distribution.concentration1, distribution.concentration0
        z = standard_noise.normal(need_key(distribution, key), shape_of(value), value.dtype)
        log_sum = log_quantile(z, a + b)
        one, zero = log_sum + tf.math.log(value), log_sum + tf.math.log1p(-value)
        return gamma_score(one, a), gamma_score(zero, b)


@register(tfd.Dirichlet)
class DirichletTransform(Transform):
    """x_i = g_i / sum_j g_j, g_i gamma draws of shape concentration_i, by a normal each."""

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        full = extend(shape, event_shape(distribution))
        return standard_noise.normal(key, full, distribution.dtype)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return at_least_tiny(tf.nn.softmax(log_quantile(noise, distribution.concentration)))

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        total = tf.reduce_sum(distribution.concentration, axis=-1)
        shape = shape_of(value)[:-1]
        z = standard_noise.normal(need_key(distribution, key), shape, value.dtype)
        log_gammas = log_quantile(z, total)[..., None] + tf.math.log(value)
        return gamma_score(log_gammas, distribution.concentration)
