"""Transform of Zipf's law, by its distribution function: P(count > k) = zeta(s, k + 1) / zeta(s).

Source: the Euler-Maclaurin formula at half integers, zeta(s, a) = (a - 1/2)^(1 - s) / (s - 1) up
to a term of order a^(-s - 1), which gives the count up to one.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core import standard_noise
from recsim_ng.core.noise import Key
from recsim_ng.core.transforms.count import settled
from recsim_ng.core.transforms.transform import Transform, need_key, register, shape_of, tfd

_EXACT_BELOW = 1e4  # beyond, neighbouring counts have masses that float32 cannot tell apart


def _above(k: Any, s: Any) -> Any:
    """P(count > k) of whole k, times zeta(s)."""
    return tf.math.zeta(s, k + 1.0)


@register(tfd.Zipf)
class ZipfTransform(Transform):
    """k = the least with P(count > k) <= u, u uniform.

    Counts beyond what the distribution's dtype holds become its greatest.
    """

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        return standard_noise.uniform(key, shape, distribution.power.dtype)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return self._cast(distribution, self._count(distribution, noise))

    def _count(self, distribution: Any, noise: Any) -> Any:
        # In float64: in the tail a rounding of float32 is hundreds of counts, by which one
        # processor, or XLA, would differ from another.
        s, noise = (tf.cast(x, tf.float64) for x in (distribution.power, noise))
        target = noise * tf.math.zeta(s, tf.ones_like(s))
        real = tf.exp(-tf.math.log(target * (s - 1.0)) / (s - 1.0)) - 0.5
        guess = tf.math.ceil(tf.maximum(real, 1.0))
        first = tf.clip_by_value(guess - 1.0, 1.0, _EXACT_BELOW)
        count = first
        for step in (0.0, 1.0):
            count = tf.where(_above(first + step, s) > target, first + step + 1.0, count)
        return tf.where(guess > _EXACT_BELOW, guess, count)

    def _cast(self, distribution: Any, count: Any) -> Any:
        dtype = distribution.dtype
        if dtype.is_floating:
            return tf.cast(count, dtype)
        most = float(dtype.max) * (1.0 - 2.0**-23)
        return tf.cast(tf.minimum(count, most), dtype)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        s = tf.convert_to_tensor(distribution.power)
        k = tf.cast(value, s.dtype)
        total = tf.math.zeta(s, tf.ones_like(s))
        low, high = _above(k, s) / total, _above(k - 1.0, s) / total
        u = standard_noise.uniform(need_key(distribution, key), shape_of(value), s.dtype)
        return settled(
            lambda v: self.forward(distribution, v) == value,
            lambda at: (1.0 - at) * low + at * high,
            u,
        )
