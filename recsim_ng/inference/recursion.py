"""Recursion: fields that depend on themselves at the step before, computed step after step.

The loop over time stands outside the map over completions of a log: inside it XLA could not bound
the loop's gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from recsim_ng.core.errors import DataError
from recsim_ng.core.network import Network
from recsim_ng.core.value import Value
from recsim_ng.inference.conditioned import conditioned_step
from recsim_ng.inference.replay import Observed, joined
from recsim_ng.runtime.runtime import as_tensors

Field = tuple[str, str]
Values = dict[str, Value]


class Recursion:
    """A story's steps, in which some fields are carried along and all else is known.

    Args:
      network: the story.
      known: tensors of one completion -> what is known of it.
      fields: (variable, field) that are carried.
      is_mapped: whether there are many completions, `[M, ...]` tensors, or one.
    """

    def __init__(
        self,
        network: Network,
        known: Callable[[Sequence[Any]], Observed],
        fields: Sequence[Field],
        *,
        is_mapped: bool,
    ) -> None:
        self._network, self._known, self._fields = network, known, list(fields)
        self._is_mapped = is_mapped
        self._static: Values = {}  # of which what is no tensor is the same in all completions

    def run(self, completions: Sequence[Any], length: int) -> Values:
        """Returns variable name -> Value of the carried fields, `[M, T, ...]`, or `[T, ...]`.

        Args:
          completions: the tensors, `[M, ...]` each, or those of the one.
          length: T.

        Raises:
          DataError: (also a ValueError) a field is no tensor, or something drawn is missing.
        """
        completions = list(completions)
        start, static = self._mapped(self._first, completions)
        arrays = [tf.TensorArray(x.dtype, length, element_shape=x.shape) for x in start]

        def body(t: Any, carried: list[Any], arrays: list[Any]) -> tuple[Any, ...]:
            found = self._mapped(
                lambda *parts: self._following(t, *parts), completions, static, carried
            )
            return t + 1, found, [a.write(t, x) for a, x in zip(arrays, found, strict=True)]

        _, _, arrays = tf.while_loop(
            lambda t, *_: t < length,
            body,
            (tf.constant(1), start, [a.write(0, x) for a, x in zip(arrays, start, strict=True)]),
            maximum_iterations=length - 1,
        )
        found = [array.stack() for array in arrays]
        if self._is_mapped:
            found = [tf.transpose(x, [1, 0, *range(2, x.shape.rank)]) for x in found]
        return self._as_values(found)

    def _mapped(self, fn: Callable[..., Any], *parts: Any) -> Any:
        if not self._is_mapped:
            return fn(*parts)
        if tf.nest.flatten(parts)[0].shape[0] != 1:
            return tf.vectorized_map(lambda x: fn(*x), parts, fallback_to_while_loop=False)
        only = tf.nest.map_structure(lambda x: x[0], parts)  # a map of one repeats what it returns
        return tf.nest.map_structure(lambda x: x[None], fn(*only))

    def _first(self, completion: Sequence[Any]) -> tuple[list[Any], Any]:
        given = self._known(completion)
        values, _ = conditioned_step(self._network, "initial_value", given.at_first(), {}, {})
        values = as_tensors(values)
        self._static = {v.name: values[v.name] for v in self._network.variables if v.is_static}
        tensors = {
            name: {field: x for field, x in value.as_dict.items() if tf.is_tensor(x)}
            for name, value in self._static.items()
        }
        return self._carried(values), tensors

    def _following(
        self, t: Any, completion: Sequence[Any], tensors: Any, carried: Sequence[Any]
    ) -> list[Any]:
        given = self._known(completion)
        static = {
            name: Value(**{**value.as_dict, **tensors[name]})
            for name, value in self._static.items()
        }
        before = joined(given._replace(later={}).at(t - 1), self._as_values(carried))
        values, _ = conditioned_step(
            self._network, "value", given.at(t), {**before, **static}, static
        )
        found = self._carried(as_tensors(values))
        # A map repeats what is the same in all completions, by a shape that XLA cannot see from the
        # loop's gradient: let all that has gradients differ.
        own = [tf.zeros_like(x) for x in carried]
        return [x + zero if x.dtype.is_floating else x for x, zero in zip(found, own, strict=True)]

    def _carried(self, values: Values) -> list[Any]:
        found = [values[name].get(field) for name, field in self._fields]
        for (name, field), x in zip(self._fields, found, strict=True):
            if not tf.is_tensor(x):
                raise DataError(
                    f"variable '{name}', field '{field}': what a step reads of the one before must "
                    f"be a tensor, got a {type(x).__name__}; put the variable into the logs"
                )
        return found

    def _as_values(self, carried: Sequence[Any]) -> Values:
        found: Values = {}
        for (name, field), x in zip(self._fields, carried, strict=True):
            found = joined(found, {name: Value(**{field: x})})
        return found
