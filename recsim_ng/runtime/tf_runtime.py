"""TFRuntime: the network compiled into one TensorFlow graph, by XLA where it can be."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from recsim_ng.core.field_spec import DynamicFieldSpec
from recsim_ng.core.network import Network, NetworkValue
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.runtime import finite, loop, runtime
from recsim_ng.runtime.python_runtime import PythonRuntime


class TFRuntime:
    """Runs a network as one compiled loop. Compile once, run many.

    A new seed or starting value never traces again; a new horizon does under XLA only.

    Args:
      network: a Network, or its variables.
      graph_compile: False runs eagerly, step by step, as `PythonRuntime` does.
      jit_compile: True: XLA; False: graph mode; None: XLA, and graph mode with a warning where
        XLA cannot compile the network (`TFDataset`, `DynamicFieldSpec`).
      check_finite: whether a NaN or an infinity in any field is an error.
      first_user: index of this population's first user in the whole one, for a shard.
    """

    def __init__(
        self,
        network: Network | Sequence[Variable],
        graph_compile: bool = True,
        *,
        jit_compile: bool | None = None,
        check_finite: bool = False,
        first_user: int = 0,
    ) -> None:
        self._network = runtime.as_network(network)
        self._eager = None if graph_compile else PythonRuntime(
            self._network, check_finite=check_finite, first_user=first_user
        )
        self._jit_compile, self._check_finite = jit_compile, check_finite
        self._first_index = runtime.first_indices(self._network, first_user)
        self._functions: dict[Any, Callable[..., Any]] = {}
        self._num_traces = 0
        self._without_xla = jit_compile is None and _has_growing_fields(self._network)
        if self._without_xla:
            self._warn("it has fields whose shape changes")

    @property
    def network(self) -> Network:
        """The network that runs."""
        return self._network

    @property
    def num_traces(self) -> int:
        """How often the network has been traced into a graph so far."""
        return self._num_traces

    def execute(
        self,
        num_steps: int,
        starting_value: NetworkValue | None = None,
        *,
        seed: Any = None,
        first_step: int = 0,
    ) -> NetworkValue:
        """Returns x_n, the network's value after n transitions; x_0 is the initial step's.

        Args:
          num_steps: n >= 0.
          starting_value: x_0, variable name -> Value; the network's initial step if None.
          seed: an int, a pair of ints or an integer tensor; a fresh one if None.
          first_step: the time step of x_0, which the noise depends on: to continue a run from its
            x_k with the noise that it would have had, first_step = k.

        Raises:
          ConfigError: (also a ValueError) num_steps is below 0.
          NonFiniteError: (also an ArithmeticError) a field is not finite, if that is checked.
        """
        num_steps = runtime.checked_steps(num_steps, "num_steps", 0)
        if self._eager is not None:
            return self._eager.execute(num_steps, starting_value, seed=seed, first_step=first_step)
        _, words = runtime.checked_seed(seed)
        result = self._call("execute", num_steps, None, words, first_step, starting_value)
        return {v.name: result[v.name] for v in self._network.variables}

    def trajectory(
        self,
        length: int,
        starting_value: NetworkValue | None = None,
        *,
        seed: Any = None,
        record: Sequence[str] | None = None,
        first_step: int = 0,
    ) -> Trajectory:
        """Returns x_0, ..., x_{T-1}, in which x_0 is the initial step's.

        Args:
          length: T >= 1.
          starting_value: x_0, variable name -> Value; the network's initial step if None.
          seed: an int, a pair of ints or an integer tensor; a fresh one if None.
          record: variables ("user state") and fields ("user state.interest"); all if None.
          first_step: the time step of x_0, as in `execute`.

        Raises:
          ConfigError: (also a ValueError) length is below 1.
          FieldError: (also a ValueError) record names something unknown.
          NonFiniteError: (also an ArithmeticError) a field is not finite, if that is checked.
        """
        length = runtime.checked_steps(length, "length", 1)
        if self._eager is not None:
            return self._eager.trajectory(
                length, starting_value, seed=seed, record=record, first_step=first_step
            )
        selected = runtime.selected_fields(self._network, record)
        kept_seed, words = runtime.checked_seed(seed)
        values = self._call("trajectory", length, selected, words, first_step, starting_value)
        static = frozenset(v.name for v in self._network.variables if v.is_static) & set(selected)
        dims = runtime.dimension_names(self._network)
        values = {name: values[name] for name in selected}
        return Trajectory(values, static, length, kept_seed, dims)

    def _call(
        self,
        what: str,
        count: Any,
        selected: dict[str, list[str]] | None,
        words: Any,
        first_step: Any,
        starting_value: NetworkValue | None,
    ) -> dict[str, Value]:
        start = None if starting_value is None else runtime.as_tensors(starting_value)
        first_step = tf.convert_to_tensor(first_step, tf.int32)
        use_xla = self._jit_compile is not False and not self._without_xla
        try:
            values, checks = self._run(use_xla, what, count, selected, words, first_step, start)
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError) as error:
            if not use_xla or self._jit_compile or not _is_refusal_of_xla(error):
                raise
            self._warn(str(error).partition("\n")[0])
            self._without_xla = True
            values, checks = self._run(False, what, count, selected, words, first_step, start)
        if self._check_finite and hasattr(checks, "numpy"):
            names = self._checked_names
            finite.raise_if_any(names, checks)
        return values

    def _run(
        self,
        use_xla: bool,
        what: str,
        count: Any,
        selected: dict[str, list[str]] | None,
        words: Any,
        first_step: Any,
        start: NetworkValue | None,
    ) -> tuple[dict[str, Value], Any]:
        fixed_count = count if use_xla else None
        fields = None if selected is None else tuple((v, tuple(f)) for v, f in selected.items())
        key = (use_xla, what, fixed_count, fields, self._network.definitions())
        if key not in self._functions:
            self._functions[key] = self._function(use_xla, fixed_count, selected)
        if use_xla:
            return self._functions[key](words, first_step, start)
        return self._functions[key](words, first_step, start, tf.convert_to_tensor(count, tf.int32))

    def _function(
        self, use_xla: bool, fixed_count: int | None, selected: dict[str, list[str]] | None
    ) -> Callable[..., Any]:
        def run(words: Any, first_step: Any, start: Any, count: Any = fixed_count) -> Any:
            self._num_traces += 1
            made = loop.Loop(self._network, self._first_index, self._check_finite)
            if selected is None:
                result = made.execute(words, first_step, start, count)
            else:
                result = made.trajectory(words, first_step, start, count, selected)
            self._checked_names = made.checked_names
            return result

        return tf.function(run, jit_compile=use_xla, autograph=False, reduce_retracing=False)

    def _warn(self, reason: str) -> None:
        warnings.warn(
            f"TFRuntime: XLA cannot compile this network ({reason}); it runs in graph mode. "
            "Give jit_compile=False to say that you know",
            stacklevel=3,
        )


def _has_growing_fields(network: Network) -> bool:
    return any(
        isinstance(spec, DynamicFieldSpec) for v in network.variables for spec in v.spec.as_dict.values()
    )


def _is_refusal_of_xla(error: Exception) -> bool:
    text = str(error).lower()
    return any(word in text for word in ("xla", "uncompilable", "not compilable", "jit", "compile"))
