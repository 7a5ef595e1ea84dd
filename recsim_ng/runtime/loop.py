"""The compiled loop over time: what it carries, what it records."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core.errors import FieldError
from recsim_ng.core.network import Network, NetworkValue
from recsim_ng.core.site import Seed
from recsim_ng.core.value import Value
from recsim_ng.runtime import finite, runtime


class NotCompilableError(Exception):
    """XLA cannot compile the network, for the reason given."""


class Loop:
    """Builds the graph of a run. Static variables are computed once and stay outside the loop.

    Args:
      network: what runs.
      first_index: variable name -> index of its first user.
      check_finite: whether to find the first step at which each field is not finite.
      use_xla: whether XLA is to compile the graph.
    """

    def __init__(
        self,
        network: Network,
        first_index: dict[str, Any],
        check_finite: bool,
        use_xla: bool = False,
    ) -> None:
        self._network, self._first_index, self._check_finite = network, first_index, check_finite
        self._use_xla = use_xla
        self._static = {v.name for v in network.variables if v.is_static}
        self.checked_names: list[tuple[str, str]] = []

    def execute(self, words: Any, first_step: Any, start: Any, num_steps: Any) -> Any:
        """Builds x_n.

        Args:
          words: `[2]` uint32, the seed.
          first_step: int32 scalar, the time step of x_0.
          start: x_0, or None for the network's initial step.
          num_steps: n, an int or an int32 scalar.

        Returns:
          (variable name -> Value, int32 first steps at which fields are not finite).
        """
        state, checks = self._first(words, first_step, start)
        fixed = {name: state[name] for name in self._static}
        names = {v.name for v in self._network.variables}
        carried = sorted(names - self._static)  # as tf.nest flattens

        def body(t: Any, values: dict[str, Value], arrays: Any, checks: Any) -> Any:
            following, checks = self._next(words, first_step, t, {**fixed, **values}, checks)
            return {name: following[name] for name in carried}, arrays, checks

        first = {name: state[name] for name in carried}
        values, _, checks = self._iterate(1, num_steps + 1, first, [], checks, body)
        return {**fixed, **values}, checks

    def trajectory(
        self,
        words: Any,
        first_step: Any,
        start: Any,
        length: Any,
        selected: dict[str, list[str]],
        only_tensors: bool = False,
    ) -> Any:
        """Builds x_0 ... x_{T-1}.

        Args:
          words: `[2]` uint32, the seed.
          first_step: int32 scalar, the time step of x_0.
          start: x_0, or None for the network's initial step.
          length: T, an int or an int32 scalar.
          selected: variable name -> names of the fields to record.
          only_tensors: whether to leave out selected fields that are no tensors.

        Returns:
          (variable name -> Value, static ones without the time axis, int32 first steps at which
          fields are not finite).

        Raises:
          FieldError: (also a ValueError) a field to record is no tensor, or does not stay alike.
        """
        state, checks = self._first(words, first_step, start)
        if only_tensors:
            selected = {
                v: [f for f in names if tf.is_tensor(state[v].get(f))]
                for v, names in selected.items()
            }
        fixed = {name: state[name] for name in self._static}
        carried = sorted(self._network.read_through_previous() - self._static)
        paths = [(v, f) for v, names in selected.items() if v not in self._static for f in names]

        def body(t: Any, values: dict[str, Value], arrays: Any, checks: Any) -> Any:
            following, checks = self._next(words, first_step, t, {**fixed, **values}, checks)
            written = []
            for array, (v, f) in zip(arrays, paths, strict=True):
                x = following[v].get(f)
                _require_alike(v, f, x, array.dtype, array.element_shape)
                written.append(array.write(t, x))
            return {name: following[name] for name in carried}, written, checks

        arrays = []
        for v, f in paths:
            x = self._tensor(v, f, state[v].get(f))
            shape = _invariant(self._network.invariants()[v].get(f), x)
            array = tf.TensorArray(
                x.dtype, length, element_shape=shape, infer_shape=shape.is_fully_defined()
            )
            arrays.append(array.write(0, x))
        first = {name: state[name] for name in carried}
        _, arrays, checks = self._iterate(1, length, first, arrays, checks, body)
        recorded: dict[str, dict[str, Any]] = {v: {} for v in selected}
        for (v, f), array in zip(paths, arrays, strict=True):
            grows = not array.element_shape.is_fully_defined()
            recorded[v][f] = _padded(array, length) if grows else array.stack()
        values = {v: Value(**fields) for v, fields in recorded.items()}
        values.update({v: state[v].at(*selected[v]) for v in selected if v in self._static})
        return values, checks

    def _first(self, words: Any, first_step: Any, start: Any) -> tuple[NetworkValue, Any]:
        with Seed(words, first_step, self._first_index):
            if start is None:
                state = self._network.initial_step()
            else:
                state = self._network.learn(start)
        state = runtime.as_tensors(state)
        for v, value in state.items() if self._use_xla else ():
            for f, x in value.as_dict.items():
                if isinstance(x, tf.data.Iterator):
                    raise NotCompilableError(
                        f"variable '{v}', field '{f}' is the iterator of a tf.data.Dataset"
                    )
        self.checked_names = [(v, f) for v, f, _ in finite.float_fields(state)]
        if not self._check_finite:
            return state, tf.zeros([0], tf.int32)
        return state, finite.first_steps(state, first_step)

    def _next(
        self, words: Any, first_step: Any, t: Any, state: NetworkValue, checks: Any
    ) -> tuple[NetworkValue, Any]:
        with Seed(words, first_step + t, self._first_index):
            following = runtime.as_tensors(self._network.step(state))
        if self._check_finite:
            checks = tf.minimum(checks, finite.first_steps(following, first_step + t))
        return following, checks

    def _tensor(self, variable: str, field: str, x: Any) -> Any:
        if not tf.is_tensor(x):
            raise FieldError(
                f"variable '{variable}', field '{field}': only tensors can be recorded by a "
                f"compiled runtime, got {type(x).__name__}; leave it out of record, or use "
                "PythonRuntime"
            )
        return x

    def _iterate(
        self, begin: int, end: Any, first: dict[str, Value], arrays: Any, checks: Any, body: Any
    ) -> Any:
        if isinstance(end, int) and end <= begin:
            return first, arrays, checks
        names = [(v, f) for v in first for f in _sorted_names(first[v])]
        flat = [first[v].get(f) for v, f in names]
        for (v, f), x in zip(names, flat, strict=True):
            if not tf.is_tensor(x) and not isinstance(x, tf.data.Iterator):
                raise FieldError(
                    f"variable '{v}', field '{f}': a compiled runtime can carry only tensors from "
                    f"step to step, got {type(x).__name__}; use PythonRuntime"
                )
        known = self._network.invariants()
        invariants = [_invariant(known[v].get(f), x) for (v, f), x in zip(names, flat, strict=True)]
        growing = any(
            isinstance(shape, tf.TensorShape) and not shape.is_fully_defined()
            for shape in invariants
        )

        def flat_body(t: Any, flat: Any, arrays: Any, checks: Any) -> Any:
            values = tf.nest.pack_sequence_as(first, flat)
            values, arrays, checks = body(t, values, arrays, checks)
            following = tf.nest.flatten(values)
            for (v, f), x, old, shape in zip(names, following, flat, invariants, strict=True):
                if tf.is_tensor(old):
                    _require_alike(v, f, x, old.dtype, shape)
            return t + 1, following, arrays, checks

        _, flat, arrays, checks = tf.while_loop(
            lambda t, *_: t < end,
            flat_body,
            (tf.constant(begin, tf.int32), flat, arrays, checks),
            maximum_iterations=end - begin,
            shape_invariants=None
            if not growing
            else (
                tf.TensorShape([]),
                invariants,
                [tf.TensorShape(None) for _ in arrays],
                tf.TensorShape([None]),
            ),
        )
        return tf.nest.pack_sequence_as(first, flat), arrays, checks


def _sorted_names(value: Value) -> list[str]:
    return [".".join(map(str, path)) for path in _paths(value)]


def _paths(value: Value, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name in sorted(value._fields):
        field = value._fields[name]
        here = (*prefix, name)
        found.extend(_paths(field, here) if isinstance(field, Value) else [here])
    return found


def _invariant(shape: Any, x: Any) -> Any:
    """The shape that a field keeps: what its spec has learnt, or that of its first value."""
    if not tf.is_tensor(x):
        return tf.type_spec_from_value(x)
    return x.shape if shape is None else shape


def _require_alike(variable: str, field: str, x: Any, dtype: Any, shape: Any) -> None:
    """Checks what specs cannot: they let a number be followed by any tensor."""
    if not tf.is_tensor(x) or x.dtype != dtype or not shape.is_compatible_with(x.shape):
        got = f"{x.dtype.name} {x.shape}" if tf.is_tensor(x) else type(x).__name__
        raise FieldError(
            f"variable '{variable}', field '{field}': expected {dtype.name} {shape} as at the "
            f"first step, got {got}; return it alike at every step"
        )


def _padded(array: Any, length: Any) -> Any:
    """Stacks tensors that grow, padded with zeros at the end of each axis."""

    def shape_at(t: Any) -> Any:
        return tf.shape(array.read(t))

    steps = tf.range(length)
    most = tf.reduce_max(tf.map_fn(shape_at, steps), axis=0)

    def element(t: Any) -> Any:
        x = array.read(t)
        return tf.pad(x, tf.stack([tf.zeros_like(most), most - tf.shape(x)], axis=1))

    return tf.map_fn(element, steps, fn_output_signature=array.dtype)
