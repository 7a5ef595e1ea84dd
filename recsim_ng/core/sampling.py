"""Sampling: distribution + keyed noise -> value, and back."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core.noise import Key
from recsim_ng.core.transforms import transform_of


def draw_noise(distribution: Any, key: Key, sample_shape: Any = ()) -> Any:
    """Draws the noise behind a value of the distribution.

    Args:
      distribution: a TFP distribution.
      key: names the stream.
      sample_shape: an int or a static shape.

    Returns:
      The noise, a tensor or a structure of tensors, as `transform` takes it.
    """
    return transform_of(distribution).noise(distribution, key, static_shape(sample_shape))


def transform(distribution: Any, noise: Any) -> Any:
    """Makes a value of the distribution out of noise.

    Args:
      distribution: a TFP distribution.
      noise: from `draw_noise`, or recovered by `invert`.

    Returns:
      `sample_shape + batch_shape + event_shape` value, differentiable with respect to the
      parameters where the distribution is reparameterised.
    """
    return transform_of(distribution).forward(distribution, noise)


def invert(distribution: Any, value: Any, key: Key | None = None) -> Any:
    """Recovers the noise behind a value.

    Args:
      distribution: a TFP distribution.
      value: an observed value of it.
      key: picks one of many possible noises, by their posterior law; needed by discrete families
        and mixtures.

    Raises:
      NoInverseError: the family has no inverse, or a key is needed.
    """
    value = tf.convert_to_tensor(value) if not isinstance(value, list | tuple | dict) else value
    return transform_of(distribution).inverse(distribution, value, key)


def sample(distribution: Any, key: Key, sample_shape: Any = ()) -> Any:
    """Draws a value of the distribution: `transform(distribution, draw_noise(...))`.

    Args:
      distribution: a TFP distribution.
      key: names the stream.
      sample_shape: an int or a static shape.
    """
    return transform(distribution, draw_noise(distribution, key, sample_shape))


def static_shape(shape: Any) -> tuple[int, ...]:
    """Returns a static shape as a tuple of ints.

    Args:
      shape: an int, a sequence, a TensorShape or a constant tensor.

    Raises:
      ValueError: it is not known before the graph runs.
    """
    if tf.is_tensor(shape):
        shape = tf.get_static_value(shape)
        if shape is None:
            raise ValueError("sample_shape: must be known when the graph is built, got a tensor")
    if hasattr(shape, "tolist"):
        shape = shape.tolist()
    if isinstance(shape, int):
        return (shape,)
    return tuple(int(n) for n in shape)
