"""TFRuntime: the network compiled into one TensorFlow graph, by XLA where it can be."""

from __future__ import annotations

import functools
import re
import sys
import types
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python.eager import record as tape_record  # no public name tells of tapes

from recsim_ng.core.errors import NetworkError, SiteError
from recsim_ng.core.field_spec import DynamicFieldSpec
from recsim_ng.core.network import Network, NetworkValue
from recsim_ng.core.site import Record, effects_in_force
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.runtime import finite, loop, runtime
from recsim_ng.runtime.python_runtime import PythonRuntime


class TFRuntime:
    """Runs a network as one compiled loop. Compile once, run many.

    A new seed or starting value never traces again; a new horizon does under XLA only, and each run
    within `Condition` or `Do` does, as what they give becomes part of the graph.

    What a `tf.GradientTape` records runs in graph mode, since XLA cannot hand over what the way
    back needs (a caller's `tf.function` must be traced under the tape for that). For gradients at
    XLA's speed, put tape and run into one `tf.function(jit_compile=True)`: all of it is compiled.

    Args:
      network: a Network, or its variables.
      graph_compile: False runs eagerly, step by step, as `PythonRuntime` does.
      jit_compile: True: XLA; False: graph mode; None: XLA, and graph mode with a warning where
        XLA cannot compile the network (`TFDataset`, `DynamicFieldSpec`).
      check_finite: whether a NaN or an infinity in any field is an error. A run within a caller's
        own `tf.function` is not checked.
      first_user: index of this population's first user in the whole one, for a shard.

    Raises:
      NetworkError: (also a ValueError) jit_compile is True, but XLA cannot compile the network.
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
        self._eager = (
            None
            if graph_compile
            else PythonRuntime(self._network, check_finite=check_finite, first_user=first_user)
        )
        self._jit_compile, self._check_finite = jit_compile, check_finite
        self._first_index = runtime.first_indices(self._network, first_user)
        self._functions: dict[Any, Callable[..., Any]] = {}
        self._num_traces = 0
        self._without_xla = False
        if graph_compile and jit_compile is not False:
            growing = _growing_field(self._network)
            if growing is not None:
                self._do_without_xla(growing)

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
          FieldError: (also a ValueError) a behaviour's fields do not fit.
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
          record: variables ("user state") and fields ("user state.interest"); all tensors if None.
          first_step: the time step of x_0, as in `execute`.

        Raises:
          ConfigError: (also a ValueError) length is below 1.
          FieldError: (also a ValueError) record names something unknown or no tensor, or a
            behaviour's fields do not fit.
          NonFiniteError: (also an ArithmeticError) a field is not finite, if that is checked.
        """
        length = runtime.checked_steps(length, "length", 1)
        if self._eager is not None:
            return self._eager.trajectory(
                length, starting_value, seed=seed, record=record, first_step=first_step
            )
        selected = runtime.selected_fields(self._network, record)
        kept_seed, words = runtime.checked_seed(seed)
        what = "tensors" if record is None else "trajectory"
        values = self._call(what, length, selected, words, first_step, starting_value)
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
        start = runtime.checked_start(starting_value)
        first_step = tf.convert_to_tensor(runtime.checked_first_step(first_step), tf.int32)
        use_xla = self._jit_compile is not False and not self._without_xla
        # XLA needs the number of steps when it compiles, also that of a caller's function; but a
        # caller's graph may decide it.
        fixed_count = count if use_xla and not tf.is_tensor(count) else None
        if fixed_count is None or tape_record.could_possibly_record():
            use_xla = False
        arguments = (fixed_count, what, count, selected, words, first_step, start)
        try:
            values, checks = self._run(use_xla, *arguments)
        except loop.NotCompilableError as error:
            self._do_without_xla(str(error))
            values, checks = self._run(False, None, *arguments[1:])
        except (
            tf.errors.InternalError,
            tf.errors.InvalidArgumentError,
            tf.errors.UnimplementedError,
        ) as error:
            if not use_xla or self._jit_compile or not _is_refusal_of_xla(error):
                raise
            # If it is wrong in graph mode too, this says it.
            values, checks = self._run(False, None, *arguments[1:])
            self._do_without_xla(_reason(error))
        if self._check_finite and hasattr(checks, "numpy"):
            names = self._checked_names
            finite.raise_if_any(names, checks)
        return values

    def _run(
        self,
        use_xla: bool,
        fixed_count: int | None,
        what: str,
        count: Any,
        selected: dict[str, list[str]] | None,
        words: Any,
        first_step: Any,
        start: NetworkValue | None,
    ) -> tuple[dict[str, Value], Any]:
        fields = None if selected is None else tuple((v, tuple(f)) for v, f in selected.items())
        key = (use_xla, what, fixed_count, fields, self._network.definitions())
        effects = effects_in_force()
        if any(isinstance(effect, Record) for effect in effects):
            raise SiteError(
                "TFRuntime: a compiled run cannot be recorded site by site, as it draws in a "
                "graph; record a PythonRuntime, or the steps of the Network"
            )
        # What conditions and interventions give becomes part of the graph: it is made for them.
        function = None if effects else self._functions.get(key)
        if effects:
            function = self._function(use_xla, what, fixed_count, selected)
        elif function is None:  # of two threads that come here, one makes the function of both
            made = self._function(use_xla, what, fixed_count, selected)
            function = self._functions.setdefault(key, made)
        if fixed_count is not None:
            return function(words, first_step, start)
        return function(words, first_step, start, tf.convert_to_tensor(count, tf.int32))

    def _function(
        self,
        use_xla: bool,
        what: str,
        fixed_count: int | None,
        selected: dict[str, list[str]] | None,
    ) -> Callable[..., Any]:
        def run(words: Any, first_step: Any, start: Any, count: Any = fixed_count) -> Any:
            self._num_traces += 1
            made = loop.Loop(self._network, self._first_index, self._check_finite, use_xla)
            if selected is None:
                result = made.execute(words, first_step, start, count)
            else:
                only_tensors = what == "tensors"
                result = made.trajectory(words, first_step, start, count, selected, only_tensors)
            self._checked_names = made.checked_names
            return result

        # A partial has no code of its own, by which TensorFlow would count the traces of all
        # runtimes together and warn of them.
        return tf.function(functools.partial(run), jit_compile=use_xla, autograph=False)

    def _do_without_xla(self, reason: str) -> None:
        if self._jit_compile:
            raise NetworkError(
                f"TFRuntime: with jit_compile=True the network must be one that XLA compiles, but "
                f"{reason}; leave jit_compile out"
            )
        self._without_xla = True
        warnings.warn(
            f"TFRuntime: XLA cannot compile this network: {reason}. It runs in graph mode; "
            "jit_compile=False says that you know",
            stacklevel=_outside(),
        )


def _outside() -> int:
    """The `stacklevel` of the first caller outside this package."""
    frame: types.FrameType | None = sys._getframe(1)
    level = 1
    while frame is not None and frame.f_globals.get("__name__", "").startswith("recsim_ng."):
        frame, level = frame.f_back, level + 1
    return level


def _growing_field(network: Network) -> str | None:
    for v in network.variables:
        for name, spec in v.spec.as_dict.items():
            if isinstance(spec, DynamicFieldSpec):
                return f"variable '{v.name}', field '{name}' changes its shape"
    return None


def _reason(error: Exception) -> str:
    """What XLA's long message comes to."""
    text = str(error)
    found = re.search(r"on XLA_\w+: (\w+) \(", text)
    return f"it has no operation {found.group(1)}" if found else text.partition("\n")[0][:200]


def _is_refusal_of_xla(error: Exception) -> bool:
    text = str(error).lower()
    return any(word in text for word in ("xla", "uncompilable", "not compilable", "jit", "compile"))
