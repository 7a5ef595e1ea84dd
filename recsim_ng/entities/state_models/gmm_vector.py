"""A static vector from a mixture of Gaussians."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from recsim_ng.core import check, require
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.value import Value
from recsim_ng.entities.state_models.gaussian import gaussian, is_zero, operator_of
from recsim_ng.entities.state_models.state_model import as_float, static_shape
from recsim_ng.entities.state_models.static import StaticMixtureSameFamilyModel

linalg = tf.linalg


class GMMVector(StaticMixtureSameFamilyModel):
    """A static vector drawn from a mixture of P Gaussians.

        component_id ~ Categorical(mixture_logits),   state_0 ~ N(mean_c, A_c A_c')

    with c the component and A_c the linear operator that `linear_operator_ctor` makes of
    `component_scales`, a factor of the covariance.

    Args:
      batch_ndims: number of the axes B.
      mixture_logits: `[B..., P]`.
      component_means: `[B..., P, F]`; B may be missing here or there.
      component_scales: what the constructor takes to make operators of batch shape `[B..., P]`, or
        one that broadcasts to it. With the default constructor `[B..., P, F, F]`; also a scalar or
        `[P]`, standard deviations in all directions, not negative. 0: the mean itself.
      linear_operator_ctor: scales -> `tf.linalg.LinearOperator` of F x F.
      return_component_id: whether the value has the field `component_id`, `[B...]` int32; `state`
        is then scored given it.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) only some of logits, means and scales are given, their shapes
        do not fit, a row of logits is no law, means or scales are not finite, or a standard
        deviation is negative.
    """

    def __init__(
        self,
        batch_ndims: int,
        mixture_logits: Any = None,
        component_means: Any = None,
        component_scales: Any = None,
        linear_operator_ctor: Callable[[Any], Any] = linalg.LinearOperatorFullMatrix,
        return_component_id: bool = False,
        name: str = "GMMVector",
    ) -> None:
        super().__init__(batch_ndims, return_component_id, name=name)
        check.function(name, "linear_operator_ctor", linear_operator_ctor)
        self._linear_operator_ctor = linear_operator_ctor
        self._shape: tf.TensorShape | None = None
        if self._keep(
            mixture_logits=mixture_logits,
            component_means=component_means,
            component_scales=component_scales,
        ):
            logits, means, _ = self._full(self._static_parameters)
            self._shape = logits.shape[:-1].concatenate(means.shape[-1:])
            self._dtype = means.dtype

    def _check_parameter(self, name: str, x: Any) -> None:
        if name == "mixture_logits":
            require.laws(self.name, name, x)
            return
        super()._check_parameter(name, x)
        if name == "component_scales" and self._are_deviations(x):
            require.numbers(self.name, name, x, least=0.0)

    def _are_deviations(self, scales: Any) -> bool:
        is_full = self._linear_operator_ctor is linalg.LinearOperatorFullMatrix
        return is_full and static_shape(scales).rank in (0, 1)

    def _full(self, parameters: dict[str, Any]) -> tuple[Any, Any, Any]:
        """(`[B..., P]` logits, `[B..., P, F]` means, the operator or None for 0), checked."""
        logits = as_float(parameters["mixture_logits"])
        means = as_float(parameters["component_means"])
        if logits.shape.rank == 0 or means.shape.rank in (0, 1):
            raise ConfigError(
                f"{self.name}: mixture_logits must be [..., P] and component_means [..., P, F], "
                f"got {logits.shape} and {means.shape}"
            )
        operator = self._operator(parameters["component_scales"], means)
        shapes = [logits.shape, means.shape[:-1]]
        if operator is not None:
            shapes.append(operator.batch_shape)
        try:
            full = shapes[0]
            for shape in shapes[1:]:
                full = tf.broadcast_static_shape(full, shape)
        except ValueError:
            full = None
        if full is None or full.rank != self._batch_ndims + 1 or logits.shape[-1] != full[-1]:
            names = ("mixture_logits", "component_means", "component_scales")
            got = ", ".join(f"{n} {s}" for n, s in zip(names, shapes, strict=False))
            raise ConfigError(
                f"{self.name}: the parameters' axes before the event must broadcast to "
                f"{self._batch_ndims} of the batch and one of the components, got {got}"
            )
        logits = tf.broadcast_to(logits, full)
        means = tf.broadcast_to(means, full.concatenate(means.shape[-1:]))
        return logits, means, None if is_zero(parameters["component_scales"]) else operator

    def _operator(self, scales: Any, means: Any) -> Any:
        """The factor of the covariance; None where it is the number 0."""
        if is_zero(scales) and static_shape(scales).rank == 0:
            return None
        scales, size = tf.cast(scales, means.dtype), means.shape[-1]
        if self._are_deviations(scales):
            operator = linalg.LinearOperatorScaledIdentity(size, scales)
        else:
            what = "linear_operator_ctor, given component_scales,"
            operator = operator_of(self.name, what, self._linear_operator_ctor, scales)
        if operator.range_dimension != size or operator.domain_dimension != size:
            raise ConfigError(
                f"{self.name}: linear_operator_ctor must make operators of {size} x {size}, as "
                f"component_means has {size} dimensions, got {operator.shape[-2:]}"
            )
        return operator

    def _mixture(self, parameters: dict[str, Any]) -> tuple[Any, Any]:
        logits, means, operator = self._full(parameters)
        return logits, gaussian(means, operator, self._batch_ndims + 1)

    def _component(self, parameters: dict[str, Any], component_id: Any) -> Any:
        logits, means, operator = self._full(parameters)

        def pick(x: Any, event_ndims: int) -> Any:
            full = tf.broadcast_to(
                x, logits.shape.concatenate(x.shape[x.shape.rank - event_ndims :])
            )
            return tf.gather(
                full, component_id, axis=self._batch_ndims, batch_dims=self._batch_ndims
            )

        if isinstance(operator, linalg.LinearOperatorScaledIdentity):
            size = means.shape[-1]
            operator = linalg.LinearOperatorScaledIdentity(size, pick(operator.multiplier, 0))
        elif isinstance(operator, linalg.LinearOperatorDiag):
            operator = linalg.LinearOperatorDiag(pick(operator.diag, 1))
        elif isinstance(operator, linalg.LinearOperatorLowerTriangular):
            operator = linalg.LinearOperatorLowerTriangular(pick(operator.to_dense(), 2))
        elif operator is not None:
            operator = linalg.LinearOperatorFullMatrix(pick(operator.to_dense(), 2))
        return gaussian(pick(means, 1), operator, self._batch_ndims)

    def specs(self) -> Value:
        """Returns the specs: `state` `[B..., F]` and, if asked for, `component_id` `[B...]`."""
        if self._shape is None:
            return super().specs()
        state = self._space(self._shape, self._dtype)
        return self._with_component_id(state, self._space(self._shape[:-1], tf.int32))
