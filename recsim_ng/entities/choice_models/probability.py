"""Logarithms of probabilities, with finite gradients also at 0."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

_LEAST = 1e-30  # where a sum of probabilities is below, its logarithm is taken term by term


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
