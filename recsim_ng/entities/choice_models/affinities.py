"""Affinities: how near documents are to what a user likes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check, operand
from recsim_ng.core.entity import Entity
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value

_LEAST_DISTANCE = 1e-6
_WRITTEN_OUT = 16


def _sum(x: Any, y: Any, of: Callable[[Any, Any], Any]) -> Any:
    """The sum of `of(x, y)` over the last axis.

    With few topics it is written out: XLA then fuses it with what follows, and no array of users x
    items x topics, nor one of their sums, is ever held.
    """
    topics = x.shape[-1]
    if topics is None or topics > _WRITTEN_OUT:
        return tf.reduce_sum(of(x, y), axis=-1)
    total = of(x[..., 0], y[..., 0])
    for k in range(1, topics):
        total = total + of(x[..., k], y[..., k])
    return total


def _root(squared: Any) -> Any:
    # The gradient of a square root is infinite at 0: there it is taken as 0.
    one, zero = tf.ones([], squared.dtype), tf.zeros([], squared.dtype)
    return tf.where(squared > 0, tf.sqrt(tf.where(squared > 0, squared, one)), zero)


def _distance(u: Any, v: Any) -> Any:
    return _root(_sum(u, v, tf.math.squared_difference))


def _inverse_euclidean(u: Any, v: Any, peaks: Any) -> Any:
    return 1.0 / tf.maximum(_distance(u, v), _LEAST_DISTANCE)


def _dot(u: Any, v: Any, peaks: Any) -> Any:
    return _sum(u, v, tf.multiply)


def _scaled(x: Any) -> Any:
    """X over its largest component, lest squares be infinite or vanish; a zero vector as it is."""
    size = tf.abs(tf.stop_gradient(x))
    topics = x.shape[-1]
    if topics is None or topics > _WRITTEN_OUT:
        largest = tf.reduce_max(size, axis=-1)
    else:
        largest = functools.reduce(tf.maximum, [size[..., k] for k in range(topics)])
    some = largest >= np.finfo(x.dtype.as_numpy_dtype).tiny
    return x / tf.where(some, largest, tf.ones_like(largest))[..., None]


def _negative_cosine(u: Any, v: Any, peaks: Any) -> Any:
    u, v = _scaled(u), _scaled(v)
    lengths = _root(_sum(u, u, tf.multiply)) * _root(_sum(v, v, tf.multiply))
    return tf.math.divide_no_nan(_dot(u, v, peaks), lengths)


def _negative_euclidean(u: Any, v: Any, peaks: Any) -> Any:
    return -_distance(u, v)


def _single_peaked(u: Any, v: Any, peaks: Any) -> Any:
    return tf.reduce_sum(peaks - tf.abs(u * v - peaks), axis=-1)


_SIMILARITIES = {
    "dot": _dot,
    "inverse_euclidean": _inverse_euclidean,
    "negative_cosine": _negative_cosine,
    "negative_euclidean": _negative_euclidean,
    "single_peaked": _single_peaked,
}


def _fits(points: Sequence[Any], shape: tuple[int | None, ...]) -> bool:
    """Whether users, items and peaks broadcast to a shape, and an axis of topics."""
    if any(x.shape.rank == 0 for x in points[:2]):
        return False
    total = tf.TensorShape([])
    try:
        for x in points:
            total = tf.broadcast_static_shape(total, x.shape[:-1] if x.shape.rank else x.shape)
    except ValueError:
        return False
    return bool(total.is_compatible_with(shape))


class TargetPointSimilarity(Entity):
    """Affinity of a user, a point u, to documents, points v of the same space.

    The similarity types, with |.| the Euclidean norm:

        inverse_euclidean    1 / max(|u - v|, 1e-6)
        dot                  u . v
        negative_cosine      u . v / (|u| |v|), 0 for a zero vector (the name is historical)
        negative_euclidean   -|u - v|
        single_peaked        sum_i (p_i - |u_i v_i - p_i|), p the affinity peaks

    Args:
      batch_shape: of the users, `[B...]`.
      slate_size: S, number of items, for the spec; a call may have more or fewer.
      similarity_type: one of the above.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) the type is unknown, batch_shape is no sequence of sizes or
        slate_size no whole number of at least 1.
    """

    def __init__(
        self,
        batch_shape: Sequence[int],
        slate_size: int,
        similarity_type: str = "negative_euclidean",
        name: str = "TargetPointSimilarity",
    ) -> None:
        super().__init__(name=name)
        check.one_of(name, "similarity_type", similarity_type, _SIMILARITIES)
        batch_shape = check.batch_shape(name, "batch_shape", batch_shape)
        check.whole(name, "slate_size", slate_size, 1)
        self._shape = (*batch_shape, slate_size)
        self._type = similarity_type

    def affinities(
        self,
        target_embeddings: Any,
        slate_item_embeddings: Any,
        broadcast: bool = True,
        affinity_peaks: Any = None,
    ) -> Value:
        """Returns the affinities of users to items.

        Args:
          target_embeddings: `[B..., K]`, the users.
          slate_item_embeddings: `[B..., S, K]`, each user's items, or `[S, K]`, the same for all.
          broadcast: whether the users lack the items' axis, which is then put in; if False, they
            have it: `[B..., S, K]`. Then both may also lack it: `[B..., K]`, an item for each user.
          affinity_peaks: `[B..., K]` or what broadcasts to it, for "single_peaked" alone.

        Returns:
          A Value with `affinities`, `[B..., S]`, or `[B...]` of one item each.

        Raises:
          ConfigError: (also a ValueError) one is no array of real numbers, a shape does not fit
            batch_shape, the last axes differ, or peaks are missing.
        """
        where = f"{self.name}.affinities"
        u = operand.floats(where, "target_embeddings", target_embeddings)
        v = operand.floats(where, "slate_item_embeddings", slate_item_embeddings)
        if not u.shape[-1:].is_compatible_with(v.shape[-1:]):
            raise ConfigError(
                f"{where}: users and items must have the same last axis, "
                f"got {u.shape} and {v.shape}"
            )
        peaks = affinity_peaks
        if self._type == "single_peaked" and peaks is None:
            raise ConfigError(
                f"{where}: affinity_peaks must be given for "
                "similarity_type 'single_peaked', got None"
            )
        if peaks is not None:
            peaks = tf.cast(operand.floats(where, "affinity_peaks", peaks), u.dtype)
            given_peaks = peaks.shape
            if peaks.shape.rank and not peaks.shape[-1:].is_compatible_with(u.shape[-1:]):
                raise ConfigError(
                    f"{where}: affinity_peaks must have the last axis of "
                    f"the users, {u.shape}, got {peaks.shape}"
                )
        shapes = (u.shape, v.shape)
        if broadcast and u.shape.rank != 0:
            u = tf.expand_dims(u, -2)
            if peaks is not None and peaks.shape.rank:
                peaks = tf.expand_dims(peaks, -2)
        points = [u, v, *([] if peaks is None else [peaks])]
        users = self._shape[:-1]
        one_each = not broadcast and _fits(points, users)
        if not (one_each or _fits(points, (*users, None))):
            each = ", ".join([*(str(n) for n in users), "K"])
            items = ", ".join([*(str(n) for n in users), "S", "K"])
            want = f"users [{each}] and items [{items}] or [S, K]"
            if not broadcast:
                want = f"users and items [{items}], or [{each}] of one item each"
            peaked = "" if peaks is None else f" and affinity_peaks {given_peaks}"
            raise ConfigError(
                f"{where}: shapes must be {want}, got {shapes[0]} and {shapes[1]}{peaked}"
            )
        return Value(affinities=_SIMILARITIES[self._type](u, v, peaks))

    def specs(self) -> Value:
        """Returns the spec of `affinities`: `[B..., S]` float32."""
        return ValueSpec(affinities=Space.box(-np.inf, np.inf, self._shape, strict=False))
