"""Probabilities as parameters: their check, and logarithms whose gradients are finite at 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import ConfigError

_LEAST = 1e-30  # where a sum of probabilities is below, its logarithm is taken term by term


def static_value(x: Any) -> np.ndarray | None:
    """Returns a parameter's value if it will never change, else None.

    Args:
      x: a number, a list, an array, a tensor or a variable (which training may change).
    """
    if isinstance(x, tf.Variable):
        return None
    value = tf.get_static_value(x) if tf.is_tensor(x) else x
    return None if value is None else np.asarray(value)


def within(where: str, name: str, x: Any, least: float, most: float = math.inf) -> Any:
    """Requires numbers of a closed range, as far as they are known; NaN is outside any.

    Args:
      where: the entity that takes the parameter.
      name: of the parameter.
      x: a number, a list, an array, a tensor or a variable.
      least: the smallest allowed.
      most: the greatest allowed.

    Returns:
      `x` itself; lists as float32 arrays.

    Raises:
      ConfigError: (also a ValueError) some number is outside.
    """
    value = static_value(x)
    if value is not None:
        wrong = ~((value >= least) & (value <= most))
        if np.any(wrong):
            raise ConfigError(
                f"{where}: {name} must be within [{least:g}, {most:g}], got {value[wrong].flat[0]}"
            )
    return np.asarray(x, np.float32) if isinstance(x, list | tuple) else x


def probabilities(where: str, name: str, x: Any) -> Any:
    """Requires probabilities, as far as they are known.

    Args:
      where: the entity that takes the parameter.
      name: of the parameter.
      x: a number, a list, an array, a tensor or a variable.

    Returns:
      `x` itself; lists as float32 arrays.

    Raises:
      ConfigError: (also a ValueError) some number is outside [0, 1].
    """
    return within(where, name, x, 0.0, 1.0)


def fit_to_batch(where: str, name: str, x: Any, batch_shape: tuple[int, ...]) -> Any:
    """Requires a parameter that broadcasts to the batch shape. Variables can be trained.

    Args:
      where: the entity that takes the parameter.
      name: of the parameter.
      x: a number, an array, a tensor or a variable.
      batch_shape: of the users, `[B...]`.

    Returns:
      `x` itself.

    Raises:
      ConfigError: (also a ValueError) it does not broadcast to the batch shape.
    """
    own = tuple(np.shape(x))
    tail = batch_shape[len(batch_shape) - len(own) :]
    fits = len(own) <= len(batch_shape)
    if not fits or any(n not in (1, size) for n, size in zip(own, tail, strict=True)):
        raise ConfigError(
            f"{where}: {name} must broadcast to the batch shape {list(batch_shape)}, "
            f"got {list(own)}"
        )
    return x


def log(p: Any) -> Any:
    """The logarithm of p, minus infinity with a gradient of 0 where p is 0 or below.

    Args:
      p: floating-point numbers.
    """
    positive = p > 0
    lowest = tf.constant(-math.inf, p.dtype)
    return tf.where(positive, tf.math.log(tf.where(positive, p, tf.ones_like(p))), lowest)


def log_not_both(one: Any, log_one: Any, log_not_two: Any) -> Any:
    """The logarithm of 1 - p q, p and q probabilities, exact where that is small.

    Args:
      one: p.
      log_one: log p.
      log_not_two: log(1 - q).
    """
    total = (1.0 - one) + one * tf.exp(log_not_two)
    large = total > _LEAST
    plain = tf.math.log(tf.where(large, total, tf.ones_like(total)))
    return tf.where(large, plain, log_one + log_not_two)


def log_sum(x: Any) -> Any:
    """Logarithm of the sum of exponentials of the last axis; its gradient is finite also for none.

    Args:
      x: `[..., n]`, minus infinity allowed, also everywhere.
    """
    lowest = tf.constant(-float("inf"), x.dtype)
    some = tf.reduce_any(x > lowest, axis=-1, keepdims=True)
    total = tf.reduce_logsumexp(tf.where(some, x, tf.zeros_like(x)), axis=-1)
    return tf.where(some[..., 0], total, lowest)
