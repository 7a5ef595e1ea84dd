"""Transforms of mixtures: the component first, then that component's noise alone."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core.noise import Key
from recsim_ng.core.transforms.discrete import need_key, posterior_gumbels
from recsim_ng.core.transforms.transform import Transform, register, tfd, transform_of


def gather_component(distribution: Any, index: Any, mixture_batch_rank: int) -> Any:
    """The distribution whose parameters are those of the indexed components.

    Args:
      distribution: components, of batch shape `B + [K]`.
      index: `S + B` int, the component of each sample.
      mixture_batch_rank: rank of B.

    Returns:
      A distribution of batch shape `S + B`.
    """
    batch_shape = distribution.batch_shape
    overrides: dict[str, Any] = {}
    properties = type(distribution).parameter_properties(dtype=distribution.dtype)
    for name, about in properties.items():
        parameter = distribution.parameters.get(name)
        if parameter is None:
            continue
        if isinstance(parameter, tfd.Distribution):
            event_ndims = about.event_ndims
            if event_ndims is None or callable(event_ndims):
                event_ndims = 0
            overrides[name] = gather_component(parameter, index, mixture_batch_rank)
        elif isinstance(parameter, tf.linalg.LinearOperator):
            ndims = parameter.shape.rank - parameter.batch_shape.rank
            dense = _gather(parameter.to_dense(), index, batch_shape, mixture_batch_rank, ndims)
            overrides[name] = tf.linalg.LinearOperatorFullMatrix(dense)
        else:
            ndims = about.event_ndims(distribution) if callable(about.event_ndims) else (
                about.event_ndims or 0
            )
            tensor = tf.convert_to_tensor(parameter)
            overrides[name] = _gather(tensor, index, batch_shape, mixture_batch_rank, ndims)
    return distribution.copy(**overrides)


def _gather(parameter: Any, index: Any, batch: Any, batch_rank: int, event_ndims: int) -> Any:
    """`S + B + E` out of a parameter that broadcasts to `B + [K] + E`."""
    event = parameter.shape[parameter.shape.rank - event_ndims :]
    full = tf.broadcast_to(parameter, batch.concatenate(event))
    sample_rank = index.shape.rank - batch_rank
    if batch_rank and sample_rank:
        order = [*range(sample_rank, index.shape.rank), *range(sample_rank)]
        index = tf.transpose(index, order)
    gathered = tf.gather(full, index, axis=batch_rank, batch_dims=batch_rank)
    if batch_rank and sample_rank:
        rank = gathered.shape.rank
        back = [
            *range(batch_rank, batch_rank + sample_rank),
            *range(batch_rank),
            *range(batch_rank + sample_rank, rank),
        ]
        gathered = tf.transpose(gathered, back)
    return gathered


@register(tfd.MixtureSameFamily)
class MixtureSameFamilyTransform(Transform):
    """k by Gumbel-max, then x by the k-th component's own transform."""

    def noise(self, distribution: Any, key: Key, sample_shape: tuple) -> Any:
        mixture = distribution.mixture_distribution
        rank = distribution.batch_shape.rank - mixture.batch_shape.rank
        batch = tuple(distribution.batch_shape.as_list()[:rank])
        which = transform_of(mixture).noise(mixture, key.fold("component"), (*sample_shape, *batch))
        shape = (*sample_shape, *distribution.batch_shape.as_list())
        any_of_them = self._chosen(distribution, tf.zeros(shape, tf.int32))  # for its shapes
        return which, transform_of(any_of_them).noise(any_of_them, key.fold("value"), ())

    def _chosen(self, distribution: Any, index: Any) -> Any:
        rank = distribution.batch_shape.rank
        return gather_component(distribution.components_distribution, index, rank)

    def forward(self, distribution: Any, noise: Any) -> Any:
        which, inner = noise
        mixture = distribution.mixture_distribution
        chosen = self._chosen(distribution, transform_of(mixture).forward(mixture, which))
        return transform_of(chosen).forward(chosen, inner)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        key = need_key(distribution, key)
        components = distribution.components_distribution
        event_rank = distribution.event_shape.rank
        padded = tf.expand_dims(value, axis=value.shape.rank - event_rank)
        prior = distribution.mixture_distribution.logits_parameter()
        posterior = tfd.Categorical(
            logits=tf.nn.log_softmax(prior) + components.log_prob(padded), dtype=tf.int32
        )
        component = transform_of(posterior)
        drawn = component.forward(posterior, component.noise(posterior, key.fold("which"), ()))
        which = posterior_gumbels(prior, drawn, key.fold("component"))
        chosen = self._chosen(distribution, drawn)
        return which, transform_of(chosen).inverse(chosen, value, key.fold("value"))
