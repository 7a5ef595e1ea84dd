"""Transforms of joint distributions: component by component, each with a stream of its own.

A component's law may depend on the components before it, as in the iterated logit, whose picks
are without replacement. The generator of the model is driven with the values as they are made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.noise import Key
from recsim_ng.core.transforms.transform import (
    Transform,
    extend,
    fallback,
    register,
    tfd,
    transform_of,
)

_Visit = Callable[[int, Any, bool], Any]


def _drive(joint: Any, visit: _Visit) -> list[Any]:
    """Runs the model's generator: component i gets the value `visit(i, distribution, is_root)`."""
    values: list[Any] = []
    generator = joint._model_coroutine()
    try:
        item = next(generator)
        while True:
            root = isinstance(item, joint.Root)
            distribution = item.distribution if root else item
            values.append(visit(len(values), distribution, root))
            item = generator.send(values[-1])
    except StopIteration:
        return values


@register(tfd.JointDistribution)
class JointDistributionTransform(Transform):
    """x_i by the i-th component, whose parameters may depend on x_0 ... x_(i-1)."""

    def noise(self, distribution: Any, key: Key, sample_shape: tuple) -> Any:
        if _maps(distribution):
            return fallback.draw(distribution, key, sample_shape)
        drawn: list[Any] = []

        def visit(i: int, d: Any, root: bool) -> Any:
            shape = sample_shape if root else ()
            drawn.append(transform_of(d).noise(d, key.fold(i), shape))
            return transform_of(d).forward(d, drawn[i])

        _drive(distribution, visit)
        return tuple(drawn)

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        raise NotImplementedError("a joint distribution's components have shapes of their own")

    def forward(self, distribution: Any, noise: Any) -> Any:
        if _maps(distribution):
            seed, extent = noise
            return distribution.sample(extent.shape[:-1], seed=seed)
        values = _drive(distribution, lambda i, d, _: transform_of(d).forward(d, noise[i]))
        return distribution._model_unflatten(values)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        if _maps(distribution):
            return fallback.inverse(distribution, value, key)
        given = list(distribution._model_flatten(value))
        return _inverse(distribution, lambda i, d: given[i], key)


def _maps(joint: Any) -> bool:
    """Whether the model is vectorized by TFP rather than written for whole batches."""
    return bool(getattr(joint, "use_vectorized_map", False))


def _inverse(joint: Any, given: Callable[[int, Any], Any], key: Key | None) -> tuple[Any, ...]:
    found: list[Any] = []

    def visit(i: int, d: Any, root: bool) -> Any:
        value = given(i, d)
        found.append(transform_of(d).inverse(d, value, None if key is None else key.fold(i)))
        return value

    _drive(joint, visit)
    return tuple(found)


@register(tfd.Blockwise)
class BlockwiseTransform(Transform):
    """The components' values, flattened and joined to one vector."""

    def noise(self, distribution: Any, key: Key, sample_shape: tuple) -> Any:
        joint = _joint(distribution)
        return transform_of(joint).noise(joint, key, sample_shape)

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        rank = distribution.batch_shape.rank
        return self.noise(distribution, key, tuple(shape[: len(shape) - rank]))

    def forward(self, distribution: Any, noise: Any) -> Any:
        joint = _joint(distribution)
        if _maps(joint):
            values = tf.nest.flatten(transform_of(joint).forward(joint, noise))
            ranks = [s.rank for s in tf.nest.flatten(joint.event_shape)]
            return _concat(distribution, values, ranks)
        ranks = []

        def visit(i: int, d: Any, root: bool) -> Any:
            ranks.append(d.event_shape.rank)
            return transform_of(d).forward(d, noise[i])

        return _concat(distribution, _drive(joint, visit), ranks)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        joint = _joint(distribution)
        if _maps(joint):
            return fallback.inverse(distribution, value, key)
        start = 0

        def given(i: int, d: Any) -> Any:
            nonlocal start
            event = d.event_shape.as_list()
            part = value[..., start : start + int(np.prod(event))]
            start += int(np.prod(event))
            return tf.cast(tf.reshape(part, extend(tf.shape(value)[:-1], event)), d.dtype)

        return _inverse(joint, given, key)


def _joint(blockwise: Any) -> Any:
    parts = blockwise.distributions
    if isinstance(parts, tfd.Distribution):
        return parts
    return tfd.JointDistributionSequential(list(parts))


def _concat(distribution: Any, values: list[Any], ranks: list[int]) -> Any:
    flat = []
    for value, rank in zip(values, ranks, strict=True):
        part = tf.cast(value, distribution.dtype)
        if rank != 1:
            part = tf.reshape(part, extend(tf.shape(part)[: part.shape.rank - rank], (-1,)))
        flat.append(part)
    return tf.concat(flat, axis=-1)
