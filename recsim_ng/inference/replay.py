"""Replay: a story along a trajectory, in which some variables or fields may be missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.data import SlicedValue, StaticSlicedValue, data_variable
from recsim_ng.core.errors import DataError
from recsim_ng.core.network import Network
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Dependency, ValueDef, Variable

Values = dict[str, Value]


class Observed(NamedTuple):
    """What is known of a network's variables, field by field.

    Attributes:
      moving: variable name -> Value of `[T, ...]` fields.
      static: variable name -> Value of `[...]` fields that are the same at all steps.
      later: variable name -> Value of `[T - 1, ...]` fields known from step 1 on; what they are at
        step 0 follows from the rest.
      first: variable name -> Value of `[...]` fields known at step 0 alone.
      length: T, how many steps.
    """

    moving: Values
    static: Values
    length: int
    later: Values = {}  # noqa: RUF012 (never written to)
    first: Values = {}  # noqa: RUF012

    def at_first(self) -> Values:
        """Returns what is known of step 0."""
        begin = {name: value.map(lambda x: x[0]) for name, value in self.moving.items()}
        return joined(begin, self.static, self.first)

    def at(self, step: Any) -> Values:
        """Returns what is known of a step after the first.

        Args:
          step: 1, 2, ..., a number or a tensor.
        """
        now = {name: value.map(lambda x: x[step]) for name, value in self.moving.items()}
        after = {name: value.map(lambda x: x[step - 1]) for name, value in self.later.items()}
        return joined(now, self.static, after)

    def pairs(self) -> tuple[Values, Values]:
        """Returns the moving fields at steps 1 ... T - 1, `[T - 1, ...]`, and at those before."""
        now = {name: value.map(lambda x: x[1:]) for name, value in self.moving.items()}
        before = {name: value.map(lambda x: x[:-1]) for name, value in self.moving.items()}
        return now, before


def joined(*parts: Values) -> Values:
    """Returns the variables of all parts, each with the fields of all.

    Args:
      *parts: variable name -> Value; no field is in two of them.
    """
    found: Values = {}
    for part in parts:
        for name, value in part.items():
            found[name] = found[name].union(value) if name in found else value
    return found


def observed(
    network: Network, trajectory: Trajectory | Mapping[str, Value], num_steps: Any = None
) -> Observed:
    """Takes out of a trajectory what a network's variables are.

    Args:
      network: the story.
      trajectory: variable name -> Value, time axis first. Variables that the network does not have
        are left out, and so are fields that are no tensors or begin with "__".
      num_steps: the last step to be taken; None: the trajectory's last.

    Raises:
      ConfigError: (also a ValueError) there is no step num_steps.
      DataError: (also a ValueError) nothing of the network is in the trajectory, a variable has
        fields of another name, or lengths differ.
    """
    if not isinstance(trajectory, Trajectory | Mapping):
        raise DataError(
            "logs must be a Trajectory or a mapping of variable name -> Value, got a "
            f"{type(trajectory).__name__}"
        )
    held = trajectory.values_by_name if isinstance(trajectory, Trajectory) else dict(trajectory)
    once = trajectory.static if isinstance(trajectory, Trajectory) else frozenset()
    moving, static, lengths = {}, {}, {}
    for variable in network.variables:
        if variable.name not in held:
            continue
        fields = _fields(variable, held[variable.name])
        if variable.name in once:
            static[variable.name] = Value(**fields)
            continue
        for field, x in fields.items():
            if x.shape.rank == 0:
                raise DataError(
                    f"variable '{variable.name}', field '{field}': needs a time axis, got a scalar"
                )
            lengths[f"{variable.name}.{field}"] = x.shape[0]
        moving[variable.name] = Value(**fields)
    if not moving and not static:
        raise DataError(
            f"a trajectory must hold variables of the story, {[v.name for v in network.variables]},"
            f" got {sorted(held)}"
        )
    if len(set(lengths.values())) > 1:
        raise DataError(f"all fields must be as long as each other, got {lengths}")
    if 0 in lengths.values():
        raise DataError(f"all fields must have at least one step, got {lengths}")
    known = next(iter(lengths.values()), None)
    length = int(trajectory.length) if isinstance(trajectory, Trajectory) else int(known or 1)
    if num_steps is not None:
        check.whole("score", "num_steps", num_steps, 0, length - 1)
        length = int(num_steps) + 1
    moving = {name: value.map(lambda x: x[:length]) for name, value in moving.items()}
    for variable in network.variables:
        name = variable.name
        if variable.is_static and name in moving:
            static[name] = Value(
                **{f: _constant(name, f, x) for f, x in moving.pop(name).as_dict.items()}
            )
        elif not variable.is_static and name in static:
            moving[name] = static.pop(name).map(lambda x: _repeated(x, length))
    return Observed(moving, static, length)


def _fields(variable: Variable, value: Value) -> dict[str, Any]:
    if not isinstance(value, Value):
        raise DataError(
            f"variable '{variable.name}': must be a Value in a trajectory, got "
            f"a {type(value).__name__}"
        )
    spec = variable.spec.as_dict
    fields = {name: x for name, x in value.as_dict.items() if not is_hidden(name)}
    unknown = sorted(set(fields) - set(spec))
    if unknown:
        raise DataError(
            f"variable '{variable.name}': its fields are {sorted(spec)}, got {unknown} beside them"
        )
    return {name: _tensor(variable.name, name, x) for name, x in fields.items() if _is_tensor(x)}


def _tensor(variable: str, field: str, x: Any) -> Any:
    what = f"a {type(x).__name__} that cannot be one"
    try:
        if np.ma.is_masked(x):
            what = "a masked array"
        else:
            found = tf.convert_to_tensor(x)
            if isinstance(found, tf.Tensor):
                return found
    except (TypeError, ValueError):
        pass
    raise DataError(
        f"variable '{variable}', field '{field}': must be an array of numbers without gaps, got "
        f"{what}; leave the field out, or mask it in the story"
    )


def _constant(variable: str, field: str, x: Any) -> Any:
    """What a static field is at all steps."""
    if tf.executing_eagerly():
        steps = np.asarray(x)
        changed = (steps != steps[:1]) & ((steps == steps) | (steps[:1] == steps[:1]))
        if changed.any():
            raise DataError(
                f"variable '{variable}', field '{field}': is static, and must be the same at all "
                f"steps, got another value at step {int(np.argwhere(changed)[0][0])}"
            )
    return x[0]


def is_hidden(field: str) -> bool:
    """Whether a field is bookkeeping, which is never scored: its name begins with "__".

    Args:
      field: its name, with dots where nested.
    """
    return field.split(".")[-1].startswith("__")


def _is_tensor(x: Any) -> bool:
    return tf.is_tensor(x) or hasattr(x, "dtype") or isinstance(x, int | float | list | tuple)


def _repeated(x: Any, length: int) -> Any:
    return tf.broadcast_to(x, tf.concat([[length], tf.shape(x)], axis=0))


def replay_variables(
    variables: Sequence[Variable], value_trajectory: Trajectory | Mapping[str, Value]
) -> list[Variable]:
    """Makes variables that follow a trajectory, under the names "<name> obs".

    Variables that the trajectory does not hold are computed from what they depend on, as the story
    does it; what they draw comes from the run's noise.

    Args:
      variables: of the story.
      value_trajectory: variable name -> Value, time axis first.

    Returns:
      One variable for each of `variables`, in their order.

    Raises:
      DataError: (also a ValueError) as for `observed`.
    """
    network = Network(variables)
    given = observed(network, value_trajectory)
    return [_observation(v, given) for v in variables]


def observed_name(name: str) -> str:
    """Returns the name of a variable's observation.

    Args:
      name: of the variable.
    """
    return f"{name} obs"


def _observation(variable: Variable, given: Observed) -> Variable:
    name = observed_name(variable.name)
    if variable.name in given.static:
        sequence: SlicedValue = StaticSlicedValue(given.static[variable.name])
        return data_variable(name, variable.spec, sequence)
    if variable.name in given.moving:
        return data_variable(name, variable.spec, SlicedValue(given.moving[variable.name]))
    made = Variable(name, variable.spec)
    if variable.initial_value is not None:
        made.initial_value = renamed(variable.initial_value)
    if variable.value is not None:
        made.value = renamed(variable.value)
    return made


def renamed(definition: ValueDef, names: Collection[str] | None = None) -> ValueDef:
    """Returns a definition that reads the observations in place of the variables.

    Args:
      definition: of a variable.
      names: which variables to replace; None: all.
    """
    return ValueDef(
        definition.fn,
        tuple(
            Dependency(observed_name(d.variable_name), d.on_current_value)
            if names is None or d.variable_name in names
            else d
            for d in definition.dependencies
        ),
    )
