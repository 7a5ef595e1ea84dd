"""PythonRuntime: the reference; a plain loop that anyone can read, the oracle for the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.network import Network, NetworkValue
from recsim_ng.core.site import Seed
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.runtime import finite, runtime


class PythonRuntime:
    """Runs a network step by step, eagerly.

    Args:
      network: a Network, or its variables.
      check_finite: whether a NaN or an infinity in any field is an error.
      first_user: index of this population's first user in the whole one, for a shard.
    """

    def __init__(
        self,
        network: Network | Sequence[Variable],
        *,
        check_finite: bool = False,
        first_user: int = 0,
    ) -> None:
        self._network = runtime.as_network(network)
        self._check_finite = check_finite
        self._first_index = runtime.first_indices(self._network, first_user)
        self._index_fields = runtime.index_fields(self._network)

    @property
    def network(self) -> Network:
        """The network that runs."""
        return self._network

    def _states(
        self, count: int, starting_value: NetworkValue | None, words: Any, first_step: int
    ) -> Iterator[NetworkValue]:
        state: NetworkValue = {}
        start = runtime.checked_start(starting_value)
        first_step = runtime.checked_first_step(first_step)
        for t in range(count):
            with Seed(words, first_step + t, self._first_index):
                if t > 0:
                    state = self._network.step(state)
                elif start is None:
                    state = self._network.initial_step()
                else:
                    state = self._network.learn(start)
            state = runtime.as_tensors(state, self._index_fields)
            if self._check_finite:
                names = [(v, f) for v, f, _ in finite.float_fields(state)]
                finite.raise_if_any(names, finite.first_steps(state, first_step + t))
            yield runtime.as_tensors(state)

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
        """
        num_steps = runtime.checked_steps(num_steps, "num_steps", 0)
        _, words = runtime.checked_seed(seed)
        for state in self._states(num_steps + 1, starting_value, words, first_step):  # noqa: B007
            pass
        return state

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
          FieldError: (also a ValueError) record names something unknown.
        """
        length = runtime.checked_steps(length, "length", 1)
        selected = runtime.selected_fields(self._network, record)
        kept_seed, words = runtime.checked_seed(seed)
        static = frozenset(v.name for v in self._network.variables if v.is_static) & set(selected)
        recorded: dict[str, list[Value]] = {name: [] for name in selected}
        for state in self._states(length, starting_value, words, first_step):
            for name, fields in selected.items():
                if name not in static or not recorded[name]:
                    if record is None:
                        fields = [f for f in fields if tf.is_tensor(state[name].get(f))]
                    recorded[name].append(state[name].at(*fields))
        values = {
            name: steps[0] if name in static else _stacked(steps)
            for name, steps in recorded.items()
        }
        dims = runtime.dimension_names(self._network)
        return Trajectory(values, static, length, kept_seed, dims)


def _stacked(steps: list[Value]) -> Value:
    def stack(name: str) -> Any:
        fields = [step.get(name) for step in steps]
        if not tf.is_tensor(fields[0]):
            return fields
        return tf.stack(_padded(fields))

    return Value(**{name: stack(name) for name in steps[0].as_dict})


def _padded(fields: list[Any]) -> list[Any]:
    """Tensors of one shape: those that a `DynamicFieldSpec` lets grow are padded with zeros."""
    shapes = [tuple(x.shape) for x in fields]
    if len(set(shapes)) == 1 or len({len(s) for s in shapes}) > 1:
        return fields
    most = np.max(shapes, axis=0)
    return [
        tf.pad(x, [(0, most[i] - n) for i, n in enumerate(shape)])
        for x, shape in zip(fields, shapes, strict=True)
    ]
