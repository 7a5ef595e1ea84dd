"""A finite Markov chain whose kernel an action picks."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check, require
from recsim_ng.core.edward2 import ed
from recsim_ng.core.errors import ConfigError, FieldError
from recsim_ng.core.field_spec import FieldSpec, Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.state_models.state_model import StateModel, as_float


class FiniteStateMarkovModel(StateModel):
    """A state out of S, which moves as the action of the step says.

        state_0     ~ Categorical(initial_dist_logits)
        state_{t+1} ~ Categorical(transition_parameters[input_t, state_t])

    The input is the action, `[B..., C...]` ints within 0 .. actions-1, or what broadcasts to it; it
    may be left out where there is only one.

    Args:
      transition_parameters: `[B..., actions, S, S]` logits of the next state in their last axis;
        minus infinity: never. One kernel for each of the batch B, which the states C share.
      initial_dist_logits: `[B..., C..., S]` logits of the first state, whose batch is the state's.
      batch_dims: number of the axes B. With 0 there is one kernel for all states C.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) only one of the two is given, their shapes do not fit, the
        kernel is not square, or a row of logits is no law.
    """

    def __init__(
        self,
        transition_parameters: Any = None,
        initial_dist_logits: Any = None,
        batch_dims: int = 0,
        name: str = "FiniteStateMarkovModel",
    ) -> None:
        check.whole(name, "batch_dims", batch_dims, 0)
        super().__init__(batch_ndims=batch_dims, name=name)
        if self._keep(
            transition_parameters=transition_parameters, initial_dist_logits=initial_dist_logits
        ):
            found = self._static_parameters
            self._kernel(found)
            self._initial(found)

    def _check_parameter(self, name: str, x: Any) -> None:
        require.laws(self.name, name, x)

    def _kernel(self, parameters: dict[str, Any]) -> Any:
        """`[B..., actions, S, S]` logits, checked."""
        kernel = as_float(parameters["transition_parameters"])
        if kernel.shape.rank != self._batch_ndims + 3:
            raise ConfigError(
                f"{self.name}: with batch_dims {self._batch_ndims}, transition_parameters must be "
                f"[{'B, ' * self._batch_ndims}actions, states, states], of {self._batch_ndims + 3} "
                f"axes, got {kernel.shape}"
            )
        if not kernel.shape[-1:].is_compatible_with(kernel.shape[-2:-1]) or 0 in kernel.shape:
            raise ConfigError(
                f"{self.name}: transition_parameters must be square in the last two axes, a row "
                f"for each state, and none empty, got {kernel.shape}"
            )
        return kernel

    def _initial(self, parameters: dict[str, Any]) -> Any:
        """`[B..., C..., S]` logits, checked."""
        initial, size = as_float(parameters["initial_dist_logits"]), self._batch_ndims
        expected = tf.TensorShape([None] * (size + 1))
        if "transition_parameters" in parameters:
            kernel = self._kernel(parameters).shape
            expected = kernel[:size].concatenate(kernel[-1:])
        shape = initial.shape
        fits = shape.rank > size and shape[:size].concatenate(shape[-1:]).is_compatible_with(
            expected
        )
        if not fits:
            raise ConfigError(
                f"{self.name}: initial_dist_logits must be [{'B, ' * size}..., states] with the "
                f"axes {expected} of transition_parameters, got {shape}"
            )
        return initial

    def initial_state(self, parameters: Value | None = None) -> Value:
        """Draws the first state.

        Args:
          parameters: `initial_dist_logits`, where it is not given at construction.

        Returns:
          A Value with `state`, `[B..., C...]` int32.

        Raises:
          ParameterError: (also a RuntimeError) it is given neither here nor there.
        """
        logits = self._initial(self._parameters(parameters, ("initial_dist_logits",)))
        return Value(state=ed.Categorical(logits=logits, name=self._site("state")))

    def next_state(
        self, old_state: Value, inputs: Value | None = None, parameters: Value | None = None
    ) -> Value:
        """Draws the next state.

        Args:
          old_state: the value at t.
          inputs: the action at t in the field `input`, ints.
          parameters: `transition_parameters`, where it is not given at construction.

        Returns:
          A Value with `state`, `[B..., C...]` int32.

        Raises:
          ParameterError: (also a RuntimeError) it is given neither here nor there.
          FieldError: (also a ValueError) there is no action, or it is no whole number.
        """
        kernel = self._kernel(self._parameters(parameters, ("transition_parameters",)))
        state = tf.cast(tf.convert_to_tensor(old_state.get("state")), tf.int32)
        actions, states = kernel.shape[-3], kernel.shape[-1]
        row = state
        if actions != 1 or (inputs is not None and "input" in inputs):
            action = self._input(inputs)
            if not action.dtype.is_integer:
                raise FieldError(
                    f"{self.name}: the input must be an action, a whole number within "
                    f"0..{actions - 1}, got {action.dtype.name}"
                )
            row = row + states * tf.broadcast_to(tf.cast(action, tf.int32), tf.shape(state))
        size = self._batch_ndims
        rows = tf.reshape(kernel, tf.concat([tf.shape(kernel)[:size], [-1, states]], axis=0))
        logits = tf.gather(rows, row, axis=size, batch_dims=size)
        return Value(state=ed.Categorical(logits=logits, name=self._site("state")))

    def specs(self) -> Value:
        """Returns the spec of `state`: `[B..., C...]` int32."""
        if not self._static_parameters:
            return ValueSpec(state=FieldSpec())
        shape = self._initial(self._static_parameters).shape
        dims = (self.batch_axis,) if shape.rank == 2 else None
        most = self._kernel(self._static_parameters).shape[-1] - 1
        return ValueSpec(state=Space.box(0, most, tuple(shape[:-1]), np.int32, dims=dims))
