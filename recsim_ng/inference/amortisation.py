"""Amortisation: a network reads a block's own logs and says where its posterior lies."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.errors import ConfigError
from recsim_ng.inference.blocks import Blocks
from recsim_ng.inference.target import Target

tfb = tfp.bijectors

_LEAST_SCALE = 1e-6
_FARTHEST = 5.0  # deviations from the mean at which a feature is cut off


class AmortisedMeanField:
    """Independent normals whose means and scales are one network's, of each block's features.

        h = elu(W_2 elu(W_1 features + b_1) + b_2),   (mean, log scale) = W_3 [h, features] + b_3

    Args:
      shape: (B, n).
      hidden_units: of each of the two hidden layers.

    Source: Kingma and Welling (2014), Auto-encoding variational Bayes, ICLR, for the encoder.
    """

    is_dense = False
    has_inverse = True

    def __init__(self, shape: tuple[int, int], hidden_units: int) -> None:
        self._size, self._hidden = shape[1], hidden_units

    def initial(self, words: Any, num_features: int) -> tuple[Any, ...]:
        """Returns W_1, b_1, W_2, b_2, W_3, b_3; the last kernel is zero.

        Args:
          words: `[2]` int32.
          num_features: F.
        """
        first, second = tf.unstack(tf.random.experimental.stateless_split(words, 2))
        hidden, out = self._hidden, 2 * self._size
        return (
            tf.random.stateless_normal([num_features, hidden], first) / math.sqrt(num_features),
            tf.zeros([hidden]),
            tf.random.stateless_normal([hidden, hidden], second) / math.sqrt(hidden),
            tf.zeros([hidden]),
            tf.zeros([hidden + num_features, out]),
            tf.zeros([out]),
        )

    def bijector(self, parameters: tuple[Any, ...], features: Any) -> Any:
        """Returns T'.

        Args:
          parameters: as `initial` gives them.
          features: `[B, F]`.
        """
        first, first_bias, second, second_bias, last, last_bias = parameters
        h = tf.nn.elu(tf.matmul(features, first) + first_bias)
        h = tf.nn.elu(tf.matmul(h, second) + second_bias)
        h = tf.matmul(tf.concat([h, features], axis=-1), last) + last_bias
        mean, log_scale = tf.split(h, 2, axis=-1)
        return tfb.Chain([tfb.Shift(mean), tfb.Scale(log_scale=log_scale)])


class Standard(NamedTuple):
    """What makes features comparable.

    Attributes:
      mean: `[F]`.
      deviation: `[F]`.
    """

    mean: np.ndarray
    deviation: np.ndarray

    def of(self, features: np.ndarray) -> Any:
        """Returns `[B, F]` float32 standardised features; one that never varied is zero.

        Args:
          features: `[B, F]`.
        """
        away = (features - self.mean) / np.maximum(self.deviation, _LEAST_SCALE)
        away = np.where(self.deviation > _LEAST_SCALE, away, 0.0)
        return tf.constant(np.clip(away, -_FARTHEST, _FARTHEST), tf.float32)


def standard_of(features: np.ndarray) -> Standard:
    """Returns means and deviations over the blocks.

    Args:
      features: `[B, F]`.
    """
    return Standard(features.mean(axis=0), features.std(axis=0))


def features_of(target: Target, blocks: Blocks) -> np.ndarray:
    """Returns `[B, F]` float64 numbers of the logs that are a block's own, flattened over time.

    They are those of the fields that have the blocks' axis in their spec. Whole numbers and flags
    are taken as they are.

    Args:
      target: whose logs they are.
      blocks: along an axis.

    Raises:
      ConfigError: (also a ValueError) all is one block, or no field is a block's own.
    """
    if blocks.axis is None:
        raise ConfigError(
            "ViSettings: amortised=True must have several independent blocks to learn from, got "
            "one; take amortised=False"
        )
    specs = {v.name: v.spec for v in target.network.variables}
    found = []
    for values, lead in ((target.given.moving, 1), (target.given.static, 0)):
        for name, value in values.items():
            for field, x in value.as_dict.items():
                dims = specs[name].get(field).dims or ()
                if blocks.axis not in dims:
                    continue
                place = lead + list(dims).index(blocks.axis)
                moved = np.moveaxis(np.asarray(x, np.float64), place, 0)
                found.append(moved.reshape(blocks.count, -1))
    if not found:
        raise ConfigError(
            f"ViSettings: amortised=True must have fields along '{blocks.axis}' in the logs, got "
            "none; take amortised=False"
        )
    return np.concatenate(found, axis=1)
