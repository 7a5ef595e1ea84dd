"""Data variables: values that come from logs rather than from behaviours."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import NetworkError
from recsim_ng.core.field_spec import FieldSpec
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.core.variable import value as value_def

DATA_INDEX = "__data_index"


class DataSequence(abc.ABC):
    """A sequence of data, read one element a step."""

    @abc.abstractmethod
    def first_index(self) -> Any:
        """Returns the index of the first element; any object."""

    @abc.abstractmethod
    def next_index(self, data_index: Any) -> Any:
        """Returns the index of the element after that of `data_index`.

        Args:
          data_index: of an element.
        """

    @abc.abstractmethod
    def get(self, data_index: Any) -> Any:
        """Returns the element at the index.

        Args:
          data_index: of the element.
        """


class TimeSteps(DataSequence):
    """The sequence of time steps itself: 0, 1, 2, ... as int32 scalars."""

    def first_index(self) -> Any:
        """Returns 0."""
        return tf.constant(0, tf.int32)

    def next_index(self, data_index: Any) -> Any:
        """Returns `data_index + 1`."""
        return data_index + 1

    def get(self, data_index: Any) -> Any:
        """Returns the time step."""
        return data_index


def _indexable(field: Any) -> Any:
    # In a graph an index is a tensor, and arrays cannot be indexed by those.
    is_numeric = isinstance(field, np.ndarray) and field.dtype != object
    return tf.convert_to_tensor(field) if is_numeric else field


def _element(field: Any, index: Any) -> Any:
    return (field if tf.is_tensor(field) else tf.convert_to_tensor(field))[index]


class SlicedValue(TimeSteps):
    """A Value whose fields are sliced along time. Beyond their end, XLA repeats the last element.

    Args:
      value: a Value of fields with the time axis first (unless `slice_fn` says otherwise).
      slice_fn: `slice_fn(field_value, index)` -> the field at that index; `field[index]` if None.
    """

    def __init__(self, value: Value, slice_fn: Callable[[Any, Any], Any] | None = None) -> None:
        self._value = value
        self._slice_fn = _element if slice_fn is None else slice_fn

    def get(self, data_index: Any) -> Value:
        """Returns the Value at the index."""
        return self._value.map(lambda field: self._slice_fn(_indexable(field), data_index))


class StaticSlicedValue(SlicedValue):
    """A Value that is the same at every step.

    Args:
      value: the Value.
    """

    def __init__(self, value: Value) -> None:
        super().__init__(value, lambda field, index: field)


class TFDataset(DataSequence):
    """The elements of a `tf.data.Dataset`; every run starts its iterator anew.

    Args:
      dataset: the dataset. Its iterator is the index, so stories with it run eagerly or in graph
        mode, not under XLA.
    """

    def __init__(self, dataset: tf.data.Dataset) -> None:
        self._dataset = dataset

    def first_index(self) -> Any:
        """Returns a new iterator."""
        return iter(self._dataset)

    def next_index(self, data_index: Any) -> Any:
        """Returns the same iterator: reading advances it."""
        return data_index

    def get(self, data_index: Any) -> Any:
        """Returns the next element."""
        return next(data_index)


def _identity(x: Any) -> Any:
    return x


def data_variable(
    name: str,
    spec: Value,
    data_sequence: DataSequence,
    output_fn: Callable[[Any], Value] = _identity,
    data_index_field: str = DATA_INDEX,
) -> Variable:
    """Makes a variable whose value at step t is the t-th element of a data sequence.

    Args:
      name: of the variable.
      spec: of the output, without the index field.
      data_sequence: the data.
      output_fn: element -> Value.
      data_index_field: the field that holds the index, added to spec and value.

    Returns:
      The variable; its data can be exchanged by `replace_data_sequence`.
    """
    variable = DataVariable(name, spec.union(Value(**{data_index_field: FieldSpec()})))
    variable.wire(data_sequence, output_fn, data_index_field)
    return variable


class DataVariable(Variable):
    """A variable that reads a `DataSequence`; made by `data_variable`."""

    def wire(
        self, data_sequence: DataSequence, output_fn: Callable[[Any], Value], index_field: str
    ) -> None:
        """Defines the values by a data sequence.

        Args:
          data_sequence: the data.
          output_fn: element -> Value.
          index_field: the field that holds the index.
        """
        self._output_fn, self._index_field = output_fn, index_field

        # Converted by AutoGraph, and with them all that they call.
        def output(index: Any) -> Value:
            return output_fn(data_sequence.get(index)).union(Value(**{index_field: index}))

        def initial() -> Value:
            return output(data_sequence.first_index())

        def later(previous: Value) -> Value:
            return output(data_sequence.next_index(previous.get(index_field)))

        self.initial_value = value_def(initial)
        self.value = value_def(later, (self.previous,))

    @property
    def index_field(self) -> str:
        """The field that holds the index, which may be any object."""
        return self._index_field

    def replace(self, data_sequence: DataSequence) -> None:
        """Reads another sequence from the next run on.

        Args:
          data_sequence: the new data.
        """
        self.wire(data_sequence, self._output_fn, self._index_field)


def replace_data_sequence(variable: Variable, data_sequence: DataSequence) -> None:
    """Makes a data variable read another sequence; a network that holds it takes it at once.

    Args:
      variable: made by `data_variable`.
      data_sequence: the new data.

    Raises:
      NetworkError: (also a ValueError) it is not a data variable.
    """
    if not isinstance(variable, DataVariable):
        raise NetworkError(
            f"replace_data_sequence: '{variable.name}' must be made by data_variable, "
            f"got a {type(variable).__name__}"
        )
    variable.replace(data_sequence)


def remove_data_index(value: Value, data_index_field: str = DATA_INDEX) -> Value:
    """Returns a data variable's value without its index field.

    Args:
      value: a Value of a data variable.
      data_index_field: the field that holds the index.
    """
    return value.at(*(name for name in value.as_dict if name != data_index_field))
