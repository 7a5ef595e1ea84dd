"""The last few observations as a state."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError, FieldError
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.state_models.state_model import StateModel


class FiniteHistoryStateModel(StateModel):
    """A sliding window over the last H observations, the newest last; zeros at first.

        state_0     = 0
        state_{t+1} = (state_t without its oldest, input_t)

    Nothing of it is random: the state is a plain tensor.

    Args:
      history_length: H, at least 2.
      observation_shape: `[O...]`, of one observation.
      batch_shape: `[B...]`, of the histories; None: there is one.
      dtype: of the observations.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) the history is shorter than 2, a shape is none or has an
        empty axis, or dtype is no type of numbers.
    """

    def __init__(
        self,
        history_length: int,
        observation_shape: Sequence[int],
        batch_shape: Sequence[int] | None = None,
        dtype: Any = tf.float32,
        name: str = "FiniteHistoryStateModel",
    ) -> None:
        check.whole(name, "history_length", history_length, 2)
        batch = _shape(name, "batch_shape", () if batch_shape is None else batch_shape)
        super().__init__(batch_ndims=len(batch), name=name)
        self._observation_shape = (*batch, *_shape(name, "observation_shape", observation_shape))
        self._shape = (*batch, history_length, *self._observation_shape[len(batch) :])
        self._dtype = _number_type(name, dtype)

    def initial_state(self, parameters: Value | None = None) -> Value:
        """Returns the empty history.

        Args:
          parameters: there are none.

        Returns:
          A Value with `state`, `[B..., H, O...]` zeros.
        """
        self._parameters(parameters)
        return Value(state=tf.zeros(self._shape, self._dtype))

    def next_state(
        self, old_state: Value, inputs: Value | None = None, parameters: Value | None = None
    ) -> Value:
        """Returns the history with the input as its newest observation.

        Args:
          old_state: the value at t.
          inputs: the observation in the field `input`, `[B..., O...]`.
          parameters: there are none.

        Raises:
          FieldError: (also a ValueError) there is no input, or its shape is another.
        """
        self._parameters(parameters)
        newest = tf.cast(self._input(inputs), self._dtype)
        if not newest.shape.is_compatible_with(self._observation_shape):
            raise FieldError(
                f"{self.name}: the input must have the shape {list(self._observation_shape)}, "
                f"batch_shape and observation_shape, got {newest.shape}"
            )
        axis = self._batch_ndims
        history = tf.convert_to_tensor(old_state.get("state"))
        rest = history[(slice(None),) * axis + (slice(1, None),)]
        return Value(state=tf.concat([rest, tf.expand_dims(newest, axis)], axis=axis))

    def specs(self) -> Value:
        """Returns the spec of `state`: `[B..., H, O...]`."""
        return ValueSpec(state=self._space(self._shape, self._dtype, "step"))


def _shape(where: str, name: str, shape: Any) -> tuple[int, ...]:
    return check.batch_shape(where, name, [shape] if isinstance(shape, Integral) else shape)


def _number_type(where: str, dtype: Any) -> tf.DType:
    try:
        known = tf.as_dtype(dtype)
    except TypeError:
        known = tf.string
    if known.is_floating or known.is_integer or known.is_bool or known.is_complex:
        return known
    raise ConfigError(
        f"{where}: dtype must be a type of numbers, such as tf.float32, got {dtype!r}"
    )
