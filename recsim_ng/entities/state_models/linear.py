"""Linear dynamics with Gaussian noise: what the models of that family share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.edward2 import ed
from recsim_ng.core.errors import ConfigError, FieldError
from recsim_ng.core.field_spec import FieldSpec, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.state_models.gaussian import gaussian, operator_of
from recsim_ng.entities.state_models.state_model import StateModel, as_float

# Part of the dynamics -> (name of its parameter, parameter -> `tf.linalg.LinearOperator`).
Parts = dict[str, tuple[str, Callable[[Any], Any]]]


class LinearStateModel(StateModel):
    """What the linear-Gaussian models share: x' = A x + B u + C z and x_0 = D z.

    Args:
      parts: the parts "transition" (A), "control" (B), "noise" (C) and "initial" (D) that there
        are. Without A it is the identity, without the others there is no such term.
      static: parameter name -> value given at construction, or None.
      dim: F, if it is known without parameters.
      optional: the names of parameters that need not be given; their part is then left out.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) only some parameters are given, they are not finite, or the
        operators do not fit together.
    """

    def __init__(
        self,
        parts: Parts,
        static: dict[str, Any],
        *,
        dim: int | None = None,
        optional: tuple[str, ...] = (),
        name: str,
    ) -> None:
        super().__init__(name=name)
        for parameter, constructor in parts.values():
            check.function(name, f"the constructor of {parameter}", constructor)
        self._parts, self._dim = parts, dim
        names = [parameter for parameter, _ in parts.values()]
        for parameter, x in static.items():
            if x is not None and parameter not in names:
                raise ConfigError(
                    f"{name}: {parameter} must be left out where its constructor is None, got one; "
                    "give the constructor of its operator too"
                )
        self._shape: tf.TensorShape | None = None
        if self._keep(optional, **{parameter: static.get(parameter) for parameter in names}):
            operators = self._operators(self._static_parameters)
            first = next(iter(operators.values()))
            self._shape = self._batch(operators).concatenate([self._size(operators)])
            self._dtype = first.dtype

    def _check_parameter(self, name: str, x: Any) -> None:
        # What is no array is the constructor's own affair.
        if tf.is_tensor(x) or isinstance(x, int | float | list | tuple | np.ndarray):
            super()._check_parameter(name, x)

    def _needed(self, *parts: str) -> tuple[str, ...]:
        """The names of the parameters without which these parts cannot be made."""
        names = [self._parts[part][0] for part in parts if part in self._parts]
        return tuple(name for name in names if name in self._required)

    def _operators(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Part -> its operator, of those whose parameter there is, checked."""
        operators = {}
        for part, (parameter, constructor) in self._parts.items():
            if parameter in parameters:
                x = parameters[parameter]
                if tf.is_tensor(x) or isinstance(x, np.ndarray):
                    x = x if isinstance(x, tf.Variable) else as_float(x)
                what = f"the constructor of {parameter}"
                operators[part] = operator_of(self.name, what, constructor, x)
        size = self._size(operators)
        for part, operator in operators.items():
            rows, columns = operator.range_dimension, operator.domain_dimension
            square = f"square, of {size} x {size} as the state is" if size else "square"
            if part == "control":
                square, columns = f"of {size} rows, as the state is", rows
            if size is not None and not (
                tf.TensorShape([rows, columns]).is_compatible_with([size, size])
            ):
                raise ConfigError(
                    f"{self.name}: the operator of {self._parts[part][0]} must be {square}, got "
                    f"{operator.shape}"
                )
        return operators

    def _scale(self, part: str, operators: dict[str, Any], parameters: dict[str, Any]) -> Any:
        """The operator of "noise" or "initial", None for 0."""
        del parameters
        return operators.get(part)

    def _size(self, operators: dict[str, Any]) -> int | None:
        if self._dim is not None:
            return self._dim
        for part in ("transition", "initial", "noise"):
            if part in operators and operators[part].range_dimension is not None:
                return int(operators[part].range_dimension)
        return None

    def _batch(self, operators: dict[str, Any]) -> tf.TensorShape:
        """The static batch shape of a state that all these operators act on."""
        batch = tf.TensorShape([])
        try:
            for operator in operators.values():
                batch = tf.broadcast_static_shape(batch, operator.batch_shape)
        except ValueError as error:
            got = {self._parts[p][0]: str(o.batch_shape) for p, o in operators.items()}
            raise ConfigError(
                f"{self.name}: the batch axes of all parameters must broadcast, got {got}"
            ) from error
        return batch

    def initial_state(self, parameters: Value | None = None) -> Value:
        """Draws the first state, around zero.

        Args:
          parameters: those that are not given at construction, that of the initial scale at least.

        Returns:
          A Value with `state`, `[B..., F]`.

        Raises:
          ParameterError: (also a RuntimeError) a parameter is given neither here nor there.
        """
        needed = self._needed("initial" if "initial" in self._parts else "transition")
        found = self._parameters(parameters, needed)
        operators = self._operators(found)
        batch: Any = self._batch(operators)
        first = next(iter(operators.values()))
        size = self._size(operators)
        size = first.range_dimension_tensor() if size is None else size
        rank = batch.rank
        if not batch.is_fully_defined():
            batch = tf.constant([], tf.int32)
            for operator in operators.values():
                batch = tf.broadcast_dynamic_shape(batch, operator.batch_shape_tensor())
        mean = tf.zeros(tf.concat([batch, [size]], axis=0), first.dtype)
        law = gaussian(mean, self._scale("initial", operators, found), rank)
        return Value(state=ed.RandomVariable(law, name=self._site("state")))

    def next_state(
        self, old_state: Value, inputs: Value | None = None, parameters: Value | None = None
    ) -> Value:
        """Draws the next state.

        Args:
          old_state: the value at t.
          inputs: the control at t in the field `input`, `[B..., G]`, if there is control.
          parameters: those of the dynamics that are not given at construction.

        Returns:
          A Value with `state`, `[B..., F]`; a deterministic random variable if there is no noise.

        Raises:
          ParameterError: (also a RuntimeError) a parameter is given neither here nor there.
          FieldError: (also a ValueError) state or control does not fit.
        """
        needed = self._needed("transition", "control", "noise")
        found = self._parameters(parameters, needed)
        operators = self._operators(found)
        state = tf.convert_to_tensor(old_state.get("state"))
        size = tf.TensorShape([self._size(operators)])
        if not state.shape[-1:].is_compatible_with(size):
            raise FieldError(
                f"{self.name}: the state must have {size[0]} dimensions, got {state.shape}"
            )
        mean = _apply(operators["transition"], state) if "transition" in operators else state
        if "control" in operators:
            control, operator = tf.cast(self._input(inputs), mean.dtype), operators["control"]
            columns = tf.TensorShape([operator.domain_dimension])
            if control.shape.rank == 0 or not control.shape[-1:].is_compatible_with(columns):
                raise FieldError(
                    f"{self.name}: the input must have {columns[0]} dimensions, as the operator of "
                    f"{self._parts['control'][0]} has columns, got {control.shape}"
                )
            mean = mean + _apply(operator, control)
        law = gaussian(mean, self._scale("noise", operators, found), mean.shape.rank - 1)
        return Value(state=ed.RandomVariable(law, name=self._site("state")))

    def specs(self) -> Value:
        """Returns the spec of `state`: `[B..., F]`."""
        if self._shape is None:
            return ValueSpec(state=FieldSpec())
        return ValueSpec(state=self._space(self._shape, self._dtype, event_ndims=1))


def _apply(operator: Any, x: Any) -> Any:
    """`[B..., rows]` the operator times `[B..., columns]` vectors."""
    if operator.batch_shape.rank == 0 and x.shape.rank == 2:  # one product of two matrices
        return tf.transpose(operator.matmul(x, adjoint_arg=True))
    return operator.matvec(x)
