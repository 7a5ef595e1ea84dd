"""Transforms of distributions that wrap another one: its noise, its transform."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core.errors import NoInverseError
from recsim_ng.core.noise import Key
from recsim_ng.core.transforms.parameter import can_map, map_parameters
from recsim_ng.core.transforms.transform import (
    Transform,
    extend,
    fallback,
    register,
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
