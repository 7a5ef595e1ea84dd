"""Score: how likely a trajectory is, variable by variable, all steps at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.network import Network
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.inference import replay
from recsim_ng.inference.completion import completed
from recsim_ng.inference.conditioned import Drawn, conditioned_step
from recsim_ng.inference.gradient import with_gradient

Values = dict[str, Value]


@dataclasses.dataclass(frozen=True, eq=False)
class Score:
    """The log-probability of a trajectory, in parts.

    Attributes:
      fields: variable name -> Value of the variable's fields: `[T, ...]` the log-probability of
        each draw at each step, 0 for what is no draw; without the time axis for static variables.
      total: the sum of all, a scalar.
      static: names of the static variables.
    """

    fields: dict[str, Value]
    total: Any
    static: frozenset[str] = frozenset()

    def by_variable(self) -> dict[str, Any]:
        """Returns the sum of each variable's log-probabilities, scalars."""
        return {name: _sum(value) for name, value in self.fields.items()}

    def first_impossible(self) -> str | None:
        """Returns which draw has no probability, the first in time; None if all have some.

        It is named as "variable 'v', field 'f', step 3, element (0, 7)".
        """
        found = None
        for name, value in self.fields.items():
            for field, x in value.as_dict.items():
                bad = np.argwhere(~np.isfinite(np.asarray(x)))
                if not len(bad):
                    continue
                moves = name not in self.static and len(bad[0]) > 0
                step = int(bad[0][0]) if moves else 0
                element = tuple(int(i) for i in bad[0][int(moves) :])
                if found is None or step < found[0]:
                    where = f", element {element}" if element else ""
                    found = step, f"variable '{name}', field '{field}', step {step}{where}"
        return None if found is None else found[1]


class Scorer:
    """Scores trajectories of a network: the sum of the log-probabilities of all draws.

    In an observed trajectory every step's draws are independent of the others given the data, so
    that all steps are one vectorized map, for each variable:

        log p(x_0, ..., x_{T-1}) = log p(x_0) + sum_{t=1}^{T-1} log p(x_t | x_{t-1})

    Compiled once, for trajectories of the same shapes. It has gradients with respect to the
    trajectory and to what the story's behaviours read, as its entities' variables.

    Args:
      network: a Network, or its variables.
      graph_compile: False evaluates without a graph, for a look inside.
      jit_compile: whether XLA compiles the graph.

    Raises:
      NetworkError: (also a ValueError) the variables make no network.
    """

    def __init__(
        self,
        network: Network | Sequence[Variable],
        graph_compile: bool = True,
        *,
        jit_compile: bool = True,
    ) -> None:
        self._network = network if isinstance(network, Network) else Network(network)
        self._graph_compile, self._jit_compile = graph_compile, jit_compile
        self._functions: dict[Any, Callable[..., Any]] = {}
        self._totals: dict[Any, Callable[..., Any]] = {}

    def total(self, trajectory: Trajectory | Mapping[str, Value], num_steps: Any = None) -> Any:
        """Returns the log-probability, a scalar.

        Args:
          trajectory: variable name -> Value, time axis first; every draw must be in it.
          num_steps: the steps 0 ... num_steps are scored; None: all.

        Raises:
          DataError: (also a ValueError) a draw is missing, or the lengths differ.
          SiteError: (also a ValueError) a behaviour draws something that is none of its fields.
        """
        given = replay.observed(self._network, trajectory, num_steps)
        if not self._graph_compile:
            return total_log_prob(log_probs(self._network, given).values())
        structure = (given.moving, given.static)
        flat = tf.nest.flatten(structure)
        names = {name: tuple(value) for part in structure for name, value in part.items()}
        shapes = tuple((tuple(x.shape), x.dtype) for x in flat)
        key = (given.length, tuple(names.items()), shapes, self._network.definitions())
        if key not in self._totals:
            specs = [tf.TensorSpec(x.shape, x.dtype) for x in flat]

            def total(*flat: Any) -> Any:
                moving, static = tf.nest.pack_sequence_as(structure, flat)
                known = replay.Observed(moving, static, given.length)
                return total_log_prob(log_probs(self._network, known).values())

            of = with_gradient(total, *specs)
            self._totals[key] = tf.function(
                lambda *flat: of(*flat), jit_compile=self._jit_compile, autograph=False
            )
        return self._totals[key](*flat)

    def score(self, trajectory: Trajectory | Mapping[str, Value], num_steps: Any = None) -> Score:
        """Returns the log-probability in parts.

        Args:
          trajectory: as for `total`.
          num_steps: as for `total`.

        Raises:
          DataError: (also a ValueError) as for `total`.
          SiteError: (also a ValueError) as for `total`.
        """
        fields, total = self._run(
            trajectory, num_steps, lambda fields: (fields, total_log_prob(fields.values()))
        )
        return score_of(self._network, fields, total)

    def _run(self, trajectory: Any, num_steps: Any, result: Callable[[Values], Any]) -> Any:
        given = replay.observed(self._network, trajectory, num_steps)

        def scored(moving: Values, static: Values) -> Any:
            known = replay.Observed(moving, static, given.length)
            return result(log_probs(self._network, known))

        if not self._graph_compile:
            return scored(given.moving, given.static)
        key = (result.__code__, given.length, self._network.definitions())
        if key not in self._functions:
            made = tf.function(scored, jit_compile=self._jit_compile, autograph=False)
            self._functions[key] = made
        return self._functions[key](given.moving, given.static)


def score_of(network: Network, fields: Values, total: Any) -> Score:
    """Returns log-probabilities as a Score, in the network's order.

    Args:
      network: the story.
      fields: variable name -> Value, as `log_probs` gives them.
      total: their sum.
    """
    static = frozenset(v.name for v in network.variables if v.is_static)
    return Score({v.name: fields[v.name] for v in network.variables}, total, static)


def log_probs(network: Network, given: replay.Observed) -> Values:
    """Returns the log-probabilities of all draws: variable name -> Value as in `Score.fields`.

    Args:
      network: the story.
      given: what is known of it; what is not must follow from that.

    Raises:
      DataError: (also a ValueError) something drawn is missing.
      SiteError: (also a ValueError) a behaviour draws something that is none of its fields.
    """
    given = completed(network, given)
    current, at_first = conditioned_step(network, "initial_value", given.at_first(), {}, {})
    static = {v.name: current[v.name] for v in network.variables if v.is_static}
    constant = {n: x for n, x in given.static.items() if n not in static}

    def later(steps: tuple[Values, Values, Any]) -> Drawn:
        now, before = (replay.joined(values, constant) for values in steps[:2])
        return conditioned_step(network, "value", now, {**before, **static}, static)[1]

    afterwards: Drawn = {}
    if given.length > 1:
        steps = (*given.pairs(), tf.range(1, given.length))
        afterwards = tf.vectorized_map(later, steps, fallback_to_while_loop=False)
    scores = {}
    for variable in network.variables:
        name, fields = variable.name, {}
        for field in current[name].as_dict:
            x = at_first[name].get(field)
            if variable.is_static:
                fields[field] = tf.zeros([]) if x is None else x
            else:
                y = afterwards.get(name, {}).get(field)
                fields[field] = _over_time(x, y, given.length)
        scores[name] = Value(**fields)
    return scores


def _over_time(first: Any, later: Any, length: int) -> Any:
    """`[T, ...]` out of the first step's `[...]` and the later ones' `[T - 1, ...]`."""
    if first is None and later is None:
        return tf.zeros([length])
    if later is None:
        later = tf.zeros([length - 1, *first.shape], first.dtype)
    if first is None:
        first = tf.zeros(later.shape[1:], later.dtype)
    if first.shape != later.shape[1:]:
        # The first draw is another number of draws than the later ones: their sums.
        first = tf.reduce_sum(first)
        later = tf.reduce_sum(later, axis=range(1, later.shape.rank))
    return tf.concat([first[None], tf.cast(later, first.dtype)], axis=0)


def _sum(value: Value) -> Any:
    return tf.add_n([tf.zeros([]), *(_number(x) for x in value.as_dict.values())])


def _number(x: Any) -> Any:
    return tf.cast(tf.reduce_sum(x), tf.float32)


def total_log_prob(values: Any) -> Any:
    """Returns the sum of Values of log-probabilities, a scalar.

    Args:
      values: of the variables.
    """
    return tf.add_n([tf.zeros([]), *(_sum(value) for value in values)])
