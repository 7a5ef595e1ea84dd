"""Static states picked from a dictionary of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import require
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.value import Value
from recsim_ng.entities.state_models.state_model import as_float, static_shape
from recsim_ng.entities.state_models.static import StaticMixtureSameFamilyModel, constant


class StaticTensor(StaticMixtureSameFamilyModel):
    """A static state, one of N tensors.

        component_id ~ Categorical(logits),   state_0 = tensor_dictionary[component_id]

    Args:
      tensor_dictionary: `[N, E...]` the tensors.
      logits: `[B..., N]`.
      batch_ndims: number of the axes B.
      return_component_id: whether the value has the field `component_id`, `[B...]` int32.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) only one of tensors and logits is given, their shapes do not
        fit, a tensor is empty or NaN, or a row of logits is no law.
    """

    def __init__(
        self,
        tensor_dictionary: Any = None,
        logits: Any = None,
        batch_ndims: int = 0,
        return_component_id: bool = False,
        name: str = "StaticTensor",
    ) -> None:
        super().__init__(batch_ndims, return_component_id, name=name)
        self._keep(tensor_dictionary=tensor_dictionary, logits=logits)
        self._check_static()

    def _check_static(self) -> None:
        if self._static_parameters:
            self._logits(self._static_parameters)

    def _check_parameter(self, name: str, x: Any) -> None:
        if name.endswith("logits"):
            require.laws(self.name, name, x)
        else:
            require.numbers(self.name, name, x, infinite=True)

    def _logits(self, parameters: dict[str, Any]) -> Any:
        """`[B..., N]` logits of the tensors, checked."""
        logits = parameters["logits"]
        self._require_fit(parameters["tensor_dictionary"], "logits", logits)
        return logits

    def _require_fit(self, tensors: Any, name: str, logits: Any, size: Any = None) -> None:
        shape, dictionary = static_shape(logits), static_shape(tensors)
        size = dictionary[:1] if size is None else tf.TensorShape([size])
        dtype = tf.as_dtype(tensors.dtype)
        if dictionary.rank == 0 or 0 in dictionary or not (dtype.is_floating or dtype.is_integer):
            raise ConfigError(
                f"{self.name}: tensor_dictionary must be [N, ...] numbers, no axis empty, got "
                f"{dtype.name} {dictionary}"
            )
        if shape.rank is not None and shape.rank != self._batch_ndims + 1:
            raise ConfigError(
                f"{self.name}: with batch_ndims {self._batch_ndims}, {name} must have "
                f"{self._batch_ndims + 1} axes, got {shape}"
            )
        if not shape[-1:].is_compatible_with(size):
            raise ConfigError(
                f"{self.name}: the last axis of {name} must be of length {size[0]}, got {shape}"
            )

    def _mixture(self, parameters: dict[str, Any]) -> tuple[Any, Any]:
        logits = as_float(self._logits(parameters))
        tensors = tf.convert_to_tensor(parameters["tensor_dictionary"])
        shape = tf.concat([tf.shape(logits)[:-1], tf.shape(tensors)], axis=0)
        full = tf.broadcast_to(tensors, shape)
        full = tf.ensure_shape(full, logits.shape[:-1].concatenate(tensors.shape))
        return logits, constant(full, self._batch_ndims + 1)

    def _component(self, parameters: dict[str, Any], component_id: Any) -> Any:
        tensors = tf.convert_to_tensor(parameters["tensor_dictionary"])
        return constant(tf.gather(tensors, component_id), self._batch_ndims)

    def specs(self) -> Value:
        """Returns the specs: `state` `[B..., E...]` and, if asked for, `component_id` `[B...]`."""
        if not self._static_parameters:
            return super().specs()
        tensors = self._static_parameters["tensor_dictionary"]
        batch = static_shape(self._logits(self._static_parameters))[:-1]
        state = self._space(batch.concatenate(static_shape(tensors)[1:]), tensors.dtype)
        return self._with_component_id(state, self._space(batch, tf.int32))


class HierarchicalStaticTensor(StaticTensor):
    """A static state, one of N tensors that come in C clusters: a cluster, then any of its tensors.

        cluster ~ Categorical(cluster_logits),   component_id ~ uniform within the cluster,
        state_0 = tensor_dictionary[component_id]

    Args:
      tensor_dictionary: `[N, E...]` the tensors.
      cluster_assignments: `[N]` ints, the cluster of each tensor, 0 .. C-1; none may be empty.
      cluster_logits: `[B..., C]`.
      batch_ndims: number of the axes B.
      return_component_id: whether the value has the field `component_id`, `[B...]` int32: the
        tensor's index.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) only some of the first three are given, their shapes do not
        fit, a tensor is empty or NaN, a row of logits is no law, or a cluster is empty.
    """

    def __init__(
        self,
        tensor_dictionary: Any = None,
        cluster_assignments: Any = None,
        cluster_logits: Any = None,
        batch_ndims: int = 0,
        return_component_id: bool = False,
        name: str = "HierarchicalStaticTensor",
    ) -> None:
        super().__init__(
            batch_ndims=batch_ndims, return_component_id=return_component_id, name=name
        )
        self._keep(
            tensor_dictionary=tensor_dictionary,
            cluster_assignments=cluster_assignments,
            cluster_logits=cluster_logits,
        )
        self._check_static()

    def _logits(self, parameters: dict[str, Any]) -> Any:
        tensors, cluster_logits = parameters["tensor_dictionary"], parameters["cluster_logits"]
        clusters = tf.convert_to_tensor(parameters["cluster_assignments"])
        if not clusters.dtype.is_integer or not clusters.shape.is_compatible_with(
            static_shape(tensors)[:1]
        ):
            raise ConfigError(
                f"{self.name}: cluster_assignments must be ints, one for each of the "
                f"{static_shape(tensors)[0]} tensors, got {clusters.dtype.name} {clusters.shape}"
            )
        cluster_logits = as_float(cluster_logits)
        count = cluster_logits.shape[-1] if cluster_logits.shape.rank else None
        self._require_fit(tensors, "cluster_logits", cluster_logits, count)
        sizes = self._sizes(clusters, count)
        log_sizes = tf.math.log(tf.cast(sizes, cluster_logits.dtype))
        return tf.gather(cluster_logits - log_sizes, clusters, axis=-1)

    def _sizes(self, clusters: Any, count: Any) -> Any:
        """`[C]` number of tensors in each cluster."""
        known = tf.get_static_value(clusters)
        if known is None:
            sizes = tf.math.unsorted_segment_sum(tf.ones_like(clusters), clusters, count)
            empty = f"{self.name}: no cluster may be empty"
            with tf.control_dependencies([tf.debugging.assert_positive(sizes, message=empty)]):
                return tf.identity(sizes)
        if known.size and (known.min() < 0 or known.max() >= count):
            raise ConfigError(
                f"{self.name}: cluster_assignments must be within 0..{count - 1}, the last axis of "
                f"cluster_logits, got {known.min()}..{known.max()}"
            )
        sizes = np.bincount(known, minlength=count)
        if (sizes == 0).any():
            raise ConfigError(
                f"{self.name}: no cluster may be empty, but {np.flatnonzero(sizes == 0).tolist()} "
                "have no tensor in cluster_assignments"
            )
        return tf.constant(sizes)
