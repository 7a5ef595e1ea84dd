"""Transforms of distributions that wrap another one: its noise, its transform."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import NoInverseError
from recsim_ng.core.noise import Key
from recsim_ng.core.transforms.parameter import can_map, map_parameters
from recsim_ng.core.transforms.transform import (
    Transform,
    choose,
    extend,
    fallback,
    need_key,
    register,
    shape_of,
    tfd,
    transform_of,
)


@register(tfd.Independent)
class IndependentTransform(Transform):
    """x by the inner distribution, whose last batch axes are part of the event."""

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        inner = distribution.distribution
        rank = distribution.batch_shape.rank
        if inner.batch_shape.is_fully_defined():
            moved = inner.batch_shape[rank:]
        else:
            moved = inner.batch_shape_tensor()[rank:]
        return transform_of(inner).draw(inner, key, extend(shape, moved))

    def forward(self, distribution: Any, noise: Any) -> Any:
        inner = distribution.distribution
        return transform_of(inner).forward(inner, noise)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        inner = distribution.distribution
        return transform_of(inner).inverse(inner, value, key)


@register(tfd.BatchBroadcast)
class BatchBroadcastTransform(Transform):
    """x by the inner distribution, whose parameters broadcast against the noise."""

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        inner = distribution.distribution
        return transform_of(inner).draw(inner, key, shape)

    def forward(self, distribution: Any, noise: Any) -> Any:
        inner = distribution.distribution
        return transform_of(inner).forward(inner, noise)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        inner = distribution.distribution
        return transform_of(inner).inverse(inner, value, key)


@register(tfd.Sample)
class SampleTransform(Transform):
    """x by the inner distribution, independently over the event's leading axes."""

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        if self._inner(distribution) is None:
            return fallback.draw(distribution, key, shape)
        inner = distribution.distribution
        return transform_of(inner).draw(inner, key, extend(shape, _repeats(distribution)))

    def forward(self, distribution: Any, noise: Any) -> Any:
        inner = self._inner(distribution)
        if inner is None:
            return fallback.forward(distribution, noise)
        return transform_of(inner).forward(inner, noise)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        inner = self._inner(distribution)
        if inner is None:
            return fallback.inverse(distribution, value, key)
        return transform_of(inner).inverse(inner, value, key)

    def _inner(self, distribution: Any) -> Any:
        """The inner distribution, with axes of size 1 where the event has its leading axes."""
        inner = distribution.distribution
        if inner.batch_shape.rank == 0:
            return inner
        if not can_map(inner):
            return None
        ones = [1] * len(_repeats(distribution))

        def insert(parameter: Any, ndims: int) -> Any:
            own = parameter.shape.rank - ndims
            if own <= 0:
                return parameter
            before, after = tf.shape(parameter)[:own], tf.shape(parameter)[own:]
            return tf.reshape(parameter, extend(before, ones, after))

        return map_parameters(inner, insert)


def _repeats(distribution: Any) -> tuple[int, ...]:
    sizes = tf.get_static_value(tf.convert_to_tensor(distribution.sample_shape))
    return tuple(int(n) for n in sizes.reshape(-1))


@register(tfd.TransformedDistribution)
class TransformedDistributionTransform(Transform):
    """x = bijector(y), y by the base distribution."""

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        base = distribution.distribution
        if tf.nest.is_nested(base.dtype):
            return fallback.draw(distribution, key, shape)
        return transform_of(base).draw(base, key, shape)

    def forward(self, distribution: Any, noise: Any) -> Any:
        base = distribution.distribution
        if tf.nest.is_nested(base.dtype):
            return fallback.forward(distribution, noise)
        return distribution.bijector.forward(transform_of(base).forward(base, noise))

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        base, bijector = distribution.distribution, distribution.bijector
        if tf.nest.is_nested(base.dtype):
            return fallback.inverse(distribution, value, key)
        inner = bijector.inverse(value)
        if isinstance(inner, tuple):
            raise NoInverseError(
                f"{type(distribution).__name__}: its noise cannot be recovered from a value, since "
                f"the bijector {bijector.name} maps several points to one; use one that does not"
            )
        return transform_of(base).inverse(base, inner, key)


@register(tfd.Masked)
class MaskedTransform(Transform):
    """x by the inner distribution where the mask holds, else the safe value, which has no noise."""

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        inner = distribution.distribution
        return transform_of(inner).draw(inner, key, shape)

    def forward(self, distribution: Any, noise: Any) -> Any:
        inner = distribution.distribution
        value = transform_of(inner).forward(inner, noise)
        return self._where_valid(distribution, value, self._safe(distribution))

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        key, inner = need_key(distribution, key), distribution.distribution
        # What stands where the mask does not hold may be impossible, and tells nothing.
        value = self._where_valid(distribution, value, self._safe(distribution))
        found = transform_of(inner).inverse(inner, value, key.fold("value"))
        rank = value.shape.rank - inner.event_shape.rank
        batch = shape_of(value)[:rank]
        fresh = transform_of(inner).draw(inner, key.fold("fresh"), batch)
        return choose(tf.broadcast_to(distribution.validity_mask, batch), found, fresh)

    def _safe(self, distribution: Any) -> Any:
        """TFP's own default is a draw of its sampler, which differs between backends."""
        inner, made_by = distribution.distribution, distribution.safe_sample_fn
        if made_by is not _DEFAULT_SAFE:
            return tf.stop_gradient(made_by(inner))
        # One noise for all elements: theirs must not depend on the shard that they are in.
        own = transform_of(inner)
        return tf.stop_gradient(own.forward(inner, own.draw(inner, _SAFE_KEY, ())))

    def _where_valid(self, distribution: Any, value: Any, other: Any) -> Any:
        mask = tf.convert_to_tensor(distribution.validity_mask)
        ones = [1] * distribution.event_shape.rank
        return tf.where(tf.reshape(mask, extend(shape_of(mask), ones)), value, other)


_DEFAULT_SAFE = inspect.signature(tfd.Masked.__init__).parameters["safe_sample_fn"].default
_SAFE_KEY = Key((np.uint32(0), np.uint32(0)))
