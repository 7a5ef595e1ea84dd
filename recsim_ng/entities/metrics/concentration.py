"""How unequally something is shared out: among providers, documents or users."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def shares(amounts: Any) -> Any:
    """Returns shares of the whole, `[..., P]` float32; equal ones where there is nothing.

    Args:
      amounts: `[..., P]` not negative.
    """
    amounts = tf.cast(amounts, tf.float32)
    total = tf.reduce_sum(amounts, axis=-1, keepdims=True)
    equal = 1.0 / tf.cast(tf.shape(amounts)[-1], tf.float32)
    return tf.where(total == 0, equal, tf.math.divide_no_nan(amounts, total))


def gini(amounts: Any) -> Any:
    """The Gini coefficient, `[...]` float32: 0 all have the same, 1 - 1/P one has all.

        G = sum over i = 1 ... P of (2 i - P - 1) x_(i) / (P sum of x),  x_(i) ascending; 0 if all 0

    half the mean difference of two, in units of the mean.

    Args:
      amounts: `[..., P]` not negative.

    Source: Gini (1912); the formula by order statistics in Sen (1973), On economic inequality.
    """
    amounts = tf.sort(tf.cast(amounts, tf.float32), axis=-1)
    size = tf.cast(tf.shape(amounts)[-1], tf.float32)
    weights = 2.0 * tf.range(1.0, size + 1.0) - size - 1.0
    total = tf.reduce_sum(amounts, axis=-1)
    return tf.math.divide_no_nan(tf.reduce_sum(weights * amounts, axis=-1), size * total)


def effective_number(amounts: Any) -> Any:
    """The number of equal ones that would be as diverse, `[...]` float32 within [1, P].

        exp(-sum of s log s), s the shares

    Args:
      amounts: `[..., P]` not negative.

    Source: Hill (1973), Diversity and evenness: a unifying notation and its consequences, order 1.
    """
    s = shares(amounts)
    logs = tf.math.log(tf.where(s > 0, s, 1.0))
    return tf.exp(-tf.reduce_sum(s * logs, axis=-1))


def quantiles(values: Any, probabilities: Any) -> Any:
    """The quantiles over the first axis, `[Q]` float32, linear between order statistics.

    Args:
      values: `[U]` numbers.
      probabilities: `[Q]` numbers within [0, 1].

    Source: Hyndman and Fan (1996), Sample quantiles in statistical packages, definition 7.
    """
    ordered = tf.sort(tf.cast(values, tf.float32))
    last = tf.shape(ordered)[0] - 1
    place = tf.cast(probabilities, tf.float32) * tf.cast(last, tf.float32)
    low = tf.cast(tf.floor(place), tf.int32)
    part = place - tf.cast(low, tf.float32)
    below, above = tf.gather(ordered, low), tf.gather(ordered, tf.minimum(low + 1, last))
    return below + part * (above - below)
