"""Greatest elements, written so that XLA compiles them fast and they run fast.

`tf.argmax` over fused keyed noise compiles exponentially slowly under XLA on CPU, and
`tf.math.top_k` sorts whole rows. Maxima, comparisons and minima over indices do neither.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

_PASSES_AT_MOST = 16


def _first_index(mask: Any, size: Any, axis: int) -> Any:
    shape = [1] * mask.shape.rank
    shape[axis] = -1
    indices = tf.reshape(tf.range(size), shape)
    found = tf.reduce_min(tf.where(mask, indices, size), axis=axis)
    return tf.minimum(found, size - 1)


def argmax(x: Any, axis: int = -1) -> Any:
    """Index of the greatest element, the first of equals.

    Args:
      x: `[..., n, ...]` numbers, n at least 1.
      axis: the axis of n.

    Returns:
      int32 of `x`'s shape without that axis. Where all of a row is NaN, the last index.
    """
    x = tf.convert_to_tensor(x)
    size = x.shape[axis] if x.shape[axis] is not None else tf.shape(x)[axis]
    return _first_index(x == tf.reduce_max(x, axis=axis, keepdims=True), size, axis)


def top_k(x: Any, k: int) -> tuple[Any, Any]:
    """The k greatest elements of the last axis, in descending order, the first of equals first.

    Args:
      x: `[..., n]` numbers.
      k: how many, at most n.

    Returns:
      (values, indices), both `[..., k]`, indices int32.

    Raises:
      ValueError: k is below 1 or above n.
    """
    x = tf.convert_to_tensor(x)
    size = x.shape[-1]
    if size is not None and not 1 <= k <= size:
        raise ValueError(f"top_k: k must be within 1..{size}, the last axis, got {k}")
    if size is None or k > _PASSES_AT_MOST:
        return tf.math.top_k(x, k)
    indices = tf.range(size)
    left = tf.ones_like(x, tf.bool)
    lowest = tf.constant(x.dtype.min if x.dtype.is_integer else -float("inf"), x.dtype)
    values, found = [], []
    for _ in range(k):
        candidates = tf.where(left, x, lowest)
        best = tf.reduce_max(candidates, axis=-1, keepdims=True)
        index = _first_index(left & (candidates == best), size, -1)
        values.append(best[..., 0])
        found.append(index)
        left = left & (indices != index[..., None])
    return tf.stack(values, -1), tf.stack(found, -1)
