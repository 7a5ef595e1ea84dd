"""Densities in blocks that are written down, in place of a story's."""

import math
import types

import tensorflow as tf


class KnownDensity:
    """log p of each block, as methods of inference take it.

    Args:
      shape: (B, n).
      log_prob: z `[C, B, n]` and data -> `[C, B]`.
    """

    def __init__(self, shape, log_prob):
        self.shape, self._log_prob = shape, log_prob
        self.blocks = types.SimpleNamespace(count=shape[0], size=shape[1], axis=None)

    def batch(self, count):
        """As a Density's."""
        del count
        return lambda z, sharpness, *data: sharpness * self._log_prob(z, *data)


def banana(z, *data):
    """Log of z_1 ~ N(0, 1), z_2 ~ N(z_1^2 - 1, 1), and data[0] more."""
    normal = -0.5 * tf.reduce_sum(white_of(z) ** 2, axis=-1)
    return normal - math.log(2.0 * math.pi) + (data[0] if data else 0.0)


def white_of(z):
    """The banana's white noise."""
    return tf.stack([z[..., 0], z[..., 1] - z[..., 0] ** 2 + 1.0], axis=-1)
