"""Log-probabilities of trajectories: of given ones, of observations, and of a run as it goes.

`Scorer` and `Score` say it in parts; here are the sums, and variables that carry log-probabilities
along in a simulation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from recsim_ng.core.data import DataVariable
from recsim_ng.core.edward2 import is_random_variable
from recsim_ng.core.errors import NetworkError
from recsim_ng.core.field_spec import FieldSpec, ValueSpec
from recsim_ng.core.network import Network
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Dependency, ValueDef, Variable, value
from recsim_ng.inference import replay
from recsim_ng.inference.conditioned import conditioned, log_prob
from recsim_ng.inference.log_prob_shape import Shapes, log_prob_shapes, of_shape
from recsim_ng.inference.replay import replay_variables
from recsim_ng.inference.score import Scorer
from recsim_ng.runtime import TFRuntime

__all__ = [
    "log_prob_accumulator_variable",
    "log_prob_accumulator_variables",
    "log_prob_variables_from_direct_output",
    "log_prob_variables_from_observation",
    "log_probability",
    "log_probability_from_value_trajectory",
    "replay_variables",
    "total_log_prob_accumulator_variable",
]

_SEED = 0


def log_probability_from_value_trajectory(
    variables: Sequence[Variable],
    value_trajectory: Trajectory | Mapping[str, Value],
    num_steps: int,
    graph_compile: bool = True,
) -> Any:
    """Returns the log-probability of a trajectory's steps 0 ... num_steps, a scalar.

    Variables that the trajectory does not hold are computed from what they depend on. What they
    draw comes from keyed noise of a fixed seed, so that two scores agree; to have that refused
    instead, use `Scorer`.

    Args:
      variables: of the story.
      value_trajectory: variable name -> Value, time axis first.
      num_steps: the last step that is scored; T - 1 for all of `trajectory(T)`.
      graph_compile: False evaluates without a graph.

    Raises:
      ConfigError: (also a ValueError) the trajectory has no step num_steps.
      DataError: (also a ValueError) the trajectory does not fit the story.
      SiteError: (also a ValueError) a behaviour draws something that is none of its fields.
    """
    network = Network(variables)
    given = replay.observed(network, value_trajectory, num_steps)
    absent = [v for v in network.variables if v.name not in {**given.moving, **given.static}]
    held: Any = value_trajectory
    if absent:
        followed = replay_variables(variables, value_trajectory)
        names = [replay.observed_name(v.name) for v in absent]
        runtime = TFRuntime(Network(followed), graph_compile)
        run = runtime.trajectory(num_steps + 1, seed=_SEED, record=names)
        found = {v.name: run[n] for v, n in zip(absent, names, strict=True)}
        held = {name: held[name] for name in held}
        held = {n: x.map(lambda field: field[: num_steps + 1]) for n, x in held.items()}
        held = {**held, **found}
    return Scorer(network, graph_compile).total(held, num_steps)


def log_probability(
    variables: Sequence[Variable],
    observation: Sequence[Variable],
    num_steps: int,
    graph_compile: bool = True,
) -> Any:
    """Returns the log-probability of what observation variables say, steps 0 ... num_steps.

    Args:
      variables: of the story.
      observation: one variable for each of `variables`, in their order, under other names, whose
        values are those observed; `replay_variables` makes such.
      num_steps: the last step that is scored.
      graph_compile: False evaluates without a graph.

    Returns:
      A scalar.

    Raises:
      NetworkError: (also a ValueError) there is another number of observations than of variables,
        or one bears a name of theirs.
      SiteError: (also a ValueError) a behaviour draws something that is none of its fields.
    """
    _check_observation(variables, observation)
    run = TFRuntime(Network(observation), graph_compile).trajectory(num_steps + 1, seed=_SEED)
    found = {v.name: run[o.name] for v, o in zip(variables, observation, strict=True)}
    return Scorer(Network(variables), graph_compile).total(found)


def _check_observation(variables: Sequence[Variable], observation: Sequence[Variable]) -> None:
    if len(variables) != len(observation):
        raise NetworkError(
            f"observation: must be one variable for each of the story's {len(variables)}, got "
            f"{len(observation)}"
        )
    shared = {v.name for v in variables} & {o.name for o in observation}
    if shared:
        raise NetworkError(
            f"observation: its names must be others than the story's, got {sorted(shared)} in both"
        )


def log_prob_variables_from_observation(
    variables: Sequence[Variable], observation: Sequence[Variable]
) -> list[Variable]:
    """Makes variables that hold the log-probability of each observed field, step by step.

    Args:
      variables: of the story.
      observation: as for `log_probability`; the network must hold them too.

    Returns:
      Variables "<name>_log_prob" with the fields of `variables`: `[...]` log-probabilities, not
      summed; a scalar 0 for what is not random.

    Raises:
      NetworkError: (also a ValueError) as for `log_probability`.
    """
    _check_observation(variables, observation)
    network = Network(variables)
    names = {v.name: o.name for v, o in zip(variables, observation, strict=True)}
    shapes = log_prob_shapes(network)
    return [_scored(network, v, names, shapes[v.name]) for v in variables]


def _log_prob_variable(variable: Variable) -> Variable:
    fields = [name for name in variable.spec.as_dict if not replay.is_hidden(name)]
    spec = ValueSpec(**{name: FieldSpec() for name in fields})
    return Variable(f"{variable.name}_log_prob", spec)


def _scored(
    network: Network, variable: Variable, names: Mapping[str, str], shapes: Shapes
) -> Variable:
    made = _log_prob_variable(variable)

    def definition(of: ValueDef) -> ValueDef:
        current = [d.variable_name for d in of.dependencies if d.on_current_value]
        previous = [d.variable_name for d in of.dependencies if not d.on_current_value]

        def fn(mine: Value, *values: Value) -> Value:
            if isinstance(variable, DataVariable):
                return made.spec.map(lambda _: tf.zeros([]))
            now = dict(zip(current, values, strict=False))
            before = dict(zip(previous, values[len(current) :], strict=True))
            known = {n: x for n, x in mine.as_dict.items() if not replay.is_hidden(n)}
            found = conditioned(network, variable, of, now, before, known).log_probs
            return Value(**{n: of_shape(shapes[n], found.get(n)) for n in made.spec.as_dict})

        reads = [Dependency(names[variable.name], True)]
        reads += [Dependency(names[name], True) for name in current]
        reads += [Dependency(names[name], False) for name in previous]
        return ValueDef(fn, tuple(reads))

    assert variable.initial_value is not None  # the network has checked
    made.initial_value = definition(variable.initial_value)
    if variable.value is not None:
        made.value = definition(variable.value)
    return made


def log_prob_variables_from_direct_output(variables: Sequence[Variable]) -> list[Variable]:
    """Makes variables that hold the log-probability of what a running simulation draws.

    Args:
      variables: of the story; the network must hold them too.

    Returns:
      Variables "<name>_log_prob" with the fields of `variables`: `[...]` log-probabilities, not
      summed; a scalar 0 for what is not random.
    """
    shapes = log_prob_shapes(Network(variables))
    return [_direct(v, shapes[v.name]) for v in variables]


def _direct(variable: Variable, shapes: Shapes) -> Variable:
    made = _log_prob_variable(variable)

    def fn(mine: Value) -> Value:
        fields = {n: _own_log_prob(mine.get(n)) for n in made.spec.as_dict}
        return Value(**{n: of_shape(shapes[n], x) for n, x in fields.items()})

    made.initial_value = value(fn, (variable,))
    if not variable.is_static:
        made.value = value(fn, (variable,))
    return made


def _own_log_prob(field: Any) -> Any:
    if not is_random_variable(field):
        return None
    return log_prob(field.distribution, field.value)


def log_prob_accumulator_variable(log_prob_var: Variable) -> Variable:
    """Makes a variable that sums a log-probability variable over the steps so far.

    Args:
      log_prob_var: a variable of log-probabilities.

    Returns:
      The variable "<name>_accum" with the same fields.
    """
    made = Variable(f"{log_prob_var.name}_accum", log_prob_var.spec)
    made.initial_value = value(lambda now: now.map(tf.identity), (log_prob_var,))

    def accumulated(before: Value, now: Value) -> Value:
        return Value(**{name: x + now.get(name) for name, x in before.as_dict.items()})

    if not log_prob_var.is_static:
        made.value = value(accumulated, (made.previous, log_prob_var))
    return made


def log_prob_accumulator_variables(log_prob_vars: Sequence[Variable]) -> list[Variable]:
    """Makes the accumulator of each log-probability variable.

    Args:
      log_prob_vars: variables of log-probabilities.

    Returns:
      One for each, as `log_prob_accumulator_variable` makes it.
    """
    return [log_prob_accumulator_variable(v) for v in log_prob_vars]


def total_log_prob_accumulator_variable(log_prob_vars: Sequence[Variable]) -> Variable:
    """Makes the variable of everything's log-probability up to and with the current step.

    A static variable's log-probability counts once.

    Args:
      log_prob_vars: variables of log-probabilities.

    Returns:
      The variable "total_log_prob_accum", with the scalar field `accum`.
    """
    made = Variable("total_log_prob_accum", ValueSpec(accum=FieldSpec()))
    moving = [v for v in log_prob_vars if not v.is_static]
    made.initial_value = value(lambda *now: Value(accum=_sum(now)), log_prob_vars)

    def accumulated(before: Value, *now: Value) -> Value:
        return Value(accum=before.get("accum") + _sum(now))

    made.value = value(accumulated, (made.previous, *moving))
    return made


def _sum(values: Sequence[Value]) -> Any:
    terms = [tf.reduce_sum(x) for v in values for x in v.as_dict.values()]
    return tf.add_n([tf.zeros([]), *(tf.cast(x, tf.float32) for x in terms)])
