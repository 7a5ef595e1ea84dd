"""A state that a recurrent cell moves."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.edward2 import ed
from recsim_ng.core.errors import ConfigError, FieldError
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.state_models.state_model import StateModel
from recsim_ng.entities.state_models.static import constant


class RNNCellStateModel(StateModel):
    """A deterministic state that a recurrent cell moves, and the cell's output.

        cell_output_0,     state_0     = cell(0, zero state)
        cell_output_{t+1}, state_{t+1} = cell(input_t, state_t)

    The cell's weights are trainable variables of this entity. A cell with several states, such as
    an LSTM cell or stacked cells, has them joined along the last axis.

    Args:
      rnn_cell: a Keras 3 or tf_keras cell, `cell(inputs, [states]) -> (output, [states])` with a
        `state_size`. It is built here.
      batch_size: B, the number of sequences.
      input_size: I, the number of input features.
      num_outputs: O, the number of the cell's outputs.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size is below 1, the cell has no `state_size` of vectors,
        or it does not give num_outputs outputs.
    """

    def __init__(
        self,
        rnn_cell: Any,
        batch_size: int,
        input_size: int,
        num_outputs: int,
        name: str = "RNNCellStateModel",
    ) -> None:
        super().__init__(batch_ndims=1, name=name)
        check.whole(name, "batch_size", batch_size, 1)
        check.whole(name, "input_size", input_size, 1)
        check.whole(name, "num_outputs", num_outputs, 1)
        structure = getattr(rnn_cell, "state_size", None)
        sizes = tf.nest.flatten(structure)
        if not all(isinstance(size, int) for size in sizes):
            raise ConfigError(
                f"{name}: rnn_cell must have a state_size, the lengths of its state vectors, got "
                f"{structure!r} of {type(rnn_cell).__name__}; pass a cell, not a layer of cells"
            )
        self._rnn_cell, self._structure, self._sizes = rnn_cell, structure, sizes
        self._batch_size, self._input_size = batch_size, input_size
        self._dtype = tf.as_dtype(getattr(rnn_cell, "compute_dtype", None) or tf.float32)
        with tf.init_scope():  # the weights are made here, outside all graphs
            output, state = self._first()
        if output.shape != [batch_size, num_outputs]:
            raise ConfigError(
                f"{name}: num_outputs must be the number of the cell's outputs, got {num_outputs} "
                f"where it gives {output.shape}"
            )
        self._shapes = {"state": state.shape, "cell_output": output.shape}

    def _first(self) -> tuple[Any, Any]:
        inputs = tf.zeros([self._batch_size, self._input_size], self._dtype)
        return self._cell(inputs, tf.zeros([self._batch_size, sum(self._sizes)], self._dtype))

    def _cell(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """(`[B, O]` output, `[B, sum of sizes]` next state)."""
        parts = tf.split(state, self._sizes, axis=-1)
        nested = tf.nest.is_nested(self._structure)
        states = tf.nest.pack_sequence_as(self._structure, parts) if nested else parts
        output, following = self._rnn_cell(inputs, states)
        return output, tf.concat(tf.nest.flatten(following), axis=-1)

    def _value(self, output: Any, state: Any) -> Value:
        return Value(
            state=ed.RandomVariable(constant(state, 1), name=self._site("state")),
            cell_output=ed.RandomVariable(constant(output, 1), name=self._site("cell_output")),
        )

    def initial_state(self, parameters: Value | None = None) -> Value:
        """Returns what the cell makes of the zero state and zero input.

        Args:
          parameters: there are none.
        """
        self._parameters(parameters)
        return self._value(*self._first())

    def next_state(
        self, old_state: Value, inputs: Value | None = None, parameters: Value | None = None
    ) -> Value:
        """Returns what the cell makes of state and input.

        Args:
          old_state: the value at t, whose `state` counts.
          inputs: what the cell reads, in the field `input`, `[B, I]`.
          parameters: there are none.

        Raises:
          FieldError: (also a ValueError) there is no input, or its shape is another.
        """
        self._parameters(parameters)
        given = tf.cast(self._input(inputs), self._dtype)
        shape = [self._batch_size, self._input_size]
        if not given.shape.is_compatible_with(shape):
            raise FieldError(
                f"{self.name}: the input must have the shape {shape}, got {given.shape}"
            )
        return self._value(*self._cell(given, tf.convert_to_tensor(old_state.get("state"))))

    def specs(self) -> Value:
        """Returns the specs: `state` `[B, sum of sizes]` and `cell_output` `[B, O]`."""
        return ValueSpec(
            **{n: self._space(shape, self._dtype) for n, shape in self._shapes.items()}
        )
