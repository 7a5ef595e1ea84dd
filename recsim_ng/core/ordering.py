"""Greatest elements, written so that XLA compiles them fast and they run fast.

`tf.argmax` over fused keyed noise compiles exponentially slowly under XLA on CPU, and
`tf.math.top_k` keeps a heap for each row. Maxima, comparisons and minima over indices do neither.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

_PASSES_AT_MOST = 16
_GROUP = 8  # neighbours whose maximum is taken first: one vector register of floats


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

    Long rows of floats are read once only: the k greatest elements are in the k groups of
    neighbours with the greatest maxima, so only those groups are looked into.

    Args:
      x: `[..., n]` numbers.
      k: how many, at most n.

    Returns:
      (values, indices), both `[..., k]`, indices int32. Of a row that holds NaN they are any, but
      the indices are within the row.

    Raises:
      ValueError: k is below 1 or above n.
    """
    x = tf.convert_to_tensor(x)
    size = x.shape[-1]
    if size is not None and not 1 <= k <= size:
        raise ValueError(f"top_k: k must be within 1..{size}, the last axis, got {k}")
    if size is None or k > _PASSES_AT_MOST or x.dtype.is_integer:
        return tf.math.top_k(x, k)
    if size < 2 * _GROUP * k:
        return _by_passes(x, tf.range(size), k)
    # What is left over goes to the candidates as it is: padding is a branch for every element, and
    # XLA vectorizes neither it nor the noise that it is fused with.
    whole = size - size % _GROUP
    lead = tf.shape(x)[:-1]
    groups = tf.reshape(x[..., :whole], tf.concat([lead, [whole // _GROUP, _GROUP]], 0))
    maxima = tf.reduce_max(groups, axis=-1)
    _, best = _by_passes(maxima, tf.range(whole // _GROUP), k)
    batch_dims = x.shape.rank - 1
    members = tf.gather(groups, best, axis=batch_dims, batch_dims=batch_dims)
    indices = best[..., None] * _GROUP + tf.range(_GROUP)
    flat = tf.concat([lead, [k * _GROUP]], 0)
    members, indices = tf.reshape(members, flat), tf.reshape(indices, flat)
    if whole < size:
        rest = tf.broadcast_to(tf.range(whole, size), tf.concat([lead, [size - whole]], 0))
        members = tf.concat([members, x[..., whole:]], axis=-1)
        indices = tf.concat([indices, rest], axis=-1)
    return _by_passes(members, indices, k)


def _by_passes(x: Any, indices: Any, k: int) -> tuple[Any, Any]:
    """The k greatest of the last axis by k maxima; among equals the lowest of `indices` first."""
    lowest, beyond = tf.constant(-float("inf"), x.dtype), tf.constant(tf.int32.max)
    taken, last = tf.zeros_like(x, tf.bool), tf.reduce_max(indices, axis=-1)
    values, found = [], []
    for _ in range(k):
        best = tf.reduce_max(x, axis=-1, keepdims=True)
        # The mask tells what was minus infinity from the start from what has become so.
        index = tf.reduce_min(tf.where((x == best) & ~taken, indices, beyond), axis=-1)
        values.append(best[..., 0])
        found.append(index)
        here = indices == index[..., None]
        x, taken = tf.where(here, lowest, x), taken | here
    # NaN equals nothing; its index is the last of its row.
    return tf.stack(values, -1), tf.minimum(tf.stack(found, -1), last[..., None])
