"""Transforms of mixtures: the component first, then that component's noise alone."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core import standard_noise
from recsim_ng.core.noise import Key
from recsim_ng.core.ordering import argmax
from recsim_ng.core.transforms.discrete import num_categories, posterior_gumbels
from recsim_ng.core.transforms.parameter import can_map, map_parameters
from recsim_ng.core.transforms.transform import (
    Transform,
    choose,
    extend,
    need_key,
    register,
    shape_of,
    tfd,
    transform_of,
)


def component(components: Any, index: Any) -> Any:
    """The distribution whose parameters are those of the indexed components.

    Args:
      components: of batch shape `B + [K]`.
      index: `S + B` int, the component of each element.

    Returns:
      A distribution whose batch shape broadcasts to `S + B`.
    """

    def pick(parameter: Any, ndims: int) -> Any:
        axis = parameter.shape.rank - ndims - 1  # of K
        if axis < 0:
            return parameter
        if parameter.shape[axis] == 1:
            return tf.squeeze(parameter, axis)
        if axis == 0:
            return tf.gather(parameter, index)
        # The parameter's own axes of B go in front, since `gather` wants them there.
        rank = index.shape.rank
        front = rank - axis
        batch = shape_of(index)[front:]
        parameter = tf.broadcast_to(parameter, extend(batch, shape_of(parameter)[axis:]))
        moved = tf.transpose(index, [*range(front, rank), *range(front)])
        gathered = tf.gather(parameter, moved, axis=axis, batch_dims=axis)
        return tf.transpose(
            gathered, [*range(axis, rank), *range(axis), *range(rank, rank + ndims)]
        )

    return map_parameters(components, pick)


@register(tfd.MixtureSameFamily)
class MixtureSameFamilyTransform(Transform):
    """k by Gumbel-max, then x by the k-th component's own transform."""

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        mixture, components = _parts(distribution)
        size = num_categories(mixture)
        dtype = mixture.logits_parameter().dtype
        which = standard_noise.gumbel(key.fold("component"), extend(shape, size), dtype)
        if not can_map(components):
            shape = extend(shape, size)
        return which, transform_of(components).draw(components, key.fold("value"), shape)

    def forward(self, distribution: Any, noise: Any) -> Any:
        which, inner = noise
        mixture, components = _parts(distribution)
        index = argmax(mixture.logits_parameter() + which)
        if can_map(components):
            chosen = component(components, index)
            value = transform_of(chosen).forward(chosen, inner)
        else:
            values = transform_of(components).forward(components, inner)
            rank = index.shape.rank
            value = tf.gather(values, index, axis=rank, batch_dims=rank)
        if distribution.reparameterization_type == tfd.FULLY_REPARAMETERIZED:
            # TFP's implicit gradients, asked for by `reparameterize=True`.
            event = components.event_shape_tensor()
            value = distribution._reparameterize_sample(value, event_shape=event)
        return value

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        key = need_key(distribution, key)
        mixture, components = _parts(distribution)
        padded = tf.expand_dims(value, value.shape.rank - distribution.event_shape.rank)
        prior = mixture.logits_parameter()
        index = _posterior_component(prior, components.log_prob(padded), key)
        which = posterior_gumbels(prior, index, key.fold("component"))
        if can_map(components):
            chosen = component(components, index)
            return which, transform_of(chosen).inverse(chosen, value, key.fold("value"))
        size = prior.shape[-1]
        fresh = transform_of(components).draw(
            components, key.fold("fresh"), extend(shape_of(index), (size,))
        )
        found = transform_of(components).inverse(components, padded, key.fold("value"))
        mask = tf.one_hot(index, size, on_value=True, off_value=False, dtype=tf.bool)
        return which, choose(mask, found, fresh)


@register(tfd.Mixture)
class MixtureTransform(Transform):
    """k by Gumbel-max, then x by the k-th component, which may be of any family."""

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        cat = distribution.cat
        dtype = cat.logits_parameter().dtype
        full = extend(shape, num_categories(cat))
        which = standard_noise.gumbel(key.fold("component"), full, dtype)
        parts = [
            transform_of(d).draw(d, key.fold("value").fold(i), shape)
            for i, d in enumerate(distribution.components)
        ]
        return which, tuple(parts)

    def forward(self, distribution: Any, noise: Any) -> Any:
        which, parts = noise
        index = argmax(distribution.cat.logits_parameter() + which)
        values = [
            transform_of(d).forward(d, n)
            for d, n in zip(distribution.components, parts, strict=True)
        ]
        value = values[0]
        for i, other in enumerate(values[1:], 1):
            value = choose(index == i, other, value)
        return value

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        key = need_key(distribution, key)
        prior = distribution.cat.logits_parameter()
        likelihoods = tf.stack([d.log_prob(value) for d in distribution.components], axis=-1)
        index = _posterior_component(prior, likelihoods, key)
        parts = []
        for i, d in enumerate(distribution.components):
            found = transform_of(d).inverse(d, value, key.fold("value").fold(i))
            fresh = transform_of(d).draw(d, key.fold("fresh").fold(i), shape_of(index))
            parts.append(choose(index == i, found, fresh))
        return posterior_gumbels(prior, index, key.fold("component")), tuple(parts)


def _parts(distribution: Any) -> tuple[Any, Any]:
    return distribution.mixture_distribution, distribution.components_distribution


def _posterior_component(prior: Any, likelihoods: Any, key: Key) -> Any:
    """Draws the component of an observed value.

    Args:
      prior: `[..., K]` logits.
      likelihoods: `[..., K]` log-probabilities; NaN (outside the support) counts as impossible.
      key: names the stream.
    """
    impossible = tf.math.is_nan(likelihoods)
    logits = prior + tf.where(impossible, tf.constant(-float("inf"), prior.dtype), likelihoods)
    noise = standard_noise.gumbel(key.fold("which"), shape_of(logits), logits.dtype)
    return argmax(logits + noise)
