"""Affinities: how near documents are to what a user likes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

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


def _negative_cosine(u: Any, v: Any, peaks: Any) -> Any:
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
      slate_size: S, number of items, for the spec.
      similarity_type: one of the above.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) the type is unknown.
    """

    def __init__(
        self,
        batch_shape: Sequence[int],
        slate_size: int,
        similarity_type: str = "negative_euclidean",
        name: str = "TargetPointSimilarity",
    ) -> None:
        super().__init__(name=name)
        if similarity_type not in _SIMILARITIES:
            raise ConfigError(
                f"TargetPointSimilarity: similarity_type must be one of {sorted(_SIMILARITIES)}, "
                f"got {similarity_type!r}"
            )
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
            have it: `[B..., S, K]`.
          affinity_peaks: `[B..., K]` or what broadcasts to it, for "single_peaked" alone.

        Returns:
          A Value with `affinities`, `[B..., S]`.

        Raises:
          ConfigError: (also a ValueError) the last axes differ, or peaks are missing.
        """
        u, v = tf.convert_to_tensor(target_embeddings), tf.convert_to_tensor(slate_item_embeddings)
        if not u.shape[-1:].is_compatible_with(v.shape[-1:]):
            raise ConfigError(
                "TargetPointSimilarity.affinities: users and items must have the same last axis, "
                f"got {u.shape} and {v.shape}"
            )
        peaks = affinity_peaks
        if self._type == "single_peaked" and peaks is None:
            raise ConfigError(
                "TargetPointSimilarity.affinities: affinity_peaks must be given for "
                "similarity_type 'single_peaked', got None"
            )
        if peaks is not None:
            peaks = tf.convert_to_tensor(peaks, u.dtype)
            if peaks.shape.rank and not peaks.shape[-1:].is_compatible_with(u.shape[-1:]):
                raise ConfigError(
                    "TargetPointSimilarity.affinities: affinity_peaks must have the last axis of "
                    f"the users, {u.shape}, got {peaks.shape}"
                )
        if broadcast:
            u = tf.expand_dims(u, -2)
            if peaks is not None and peaks.shape.rank:
                peaks = tf.expand_dims(peaks, -2)
        return Value(affinities=_SIMILARITIES[self._type](u, v, peaks))

    def specs(self) -> Value:
        """Returns the spec of `affinities`: `[B..., S]` float32."""
        return ValueSpec(affinities=Space.box(-np.inf, np.inf, self._shape, strict=False))
