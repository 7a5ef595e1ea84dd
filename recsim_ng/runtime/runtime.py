"""What every runtime does, and what they share."""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from recsim_ng.core import noise
from recsim_ng.core.data import DataVariable
from recsim_ng.core.edward2 import is_random_variable
from recsim_ng.core.errors import ConfigError, FieldError, NetworkError
from recsim_ng.core.network import Network, NetworkValue
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable

_MOST_STEPS = 2**31 - 2  # steps are counted by 32-bit integers


class Runtime(Protocol):
    """Runs a network: x_0 = initial step, x_t = step(x_{t-1})."""

    def execute(
        self, num_steps: int, starting_value: NetworkValue | None = None, *, seed: Any = None
    ) -> NetworkValue:
        """Returns x_n, the network's value after n transitions.

        Args:
          num_steps: n >= 0.
          starting_value: x_0; the network's initial step if None.
          seed: an int, a pair of ints, an integer tensor; a fresh one if None.
        """

    def trajectory(
        self,
        length: int,
        starting_value: NetworkValue | None = None,
        *,
        seed: Any = None,
        record: Sequence[str] | None = None,
    ) -> Trajectory:
        """Returns x_0, ..., x_{T-1}.

        Args:
          length: T >= 1.
          starting_value: x_0; the network's initial step if None.
          seed: an int, a pair of ints, an integer tensor; a fresh one if None.
          record: variables ("user state") and fields ("user state.interest"); all if None.
        """


def as_network(network: Network | Sequence[Variable]) -> Network:
    """Returns a network as it is, and makes one of variables.

    Args:
      network: a Network or its variables.

    Raises:
      ConfigError: (also a ValueError) it is neither.
    """
    if isinstance(network, Network):
        return network
    if not isinstance(network, Sequence) or not all(isinstance(v, Variable) for v in network):
        raise ConfigError(
            f"a story must be a Network or a list of its variables, got {network!r:.80}"
            + ("; call it" if callable(network) else "")
        )
    return Network(network)


def as_tensor(field: Any) -> Any:
    """A field as a tensor: random variables give their value; what is no tensor stays.

    Args:
      field: of a Value.
    """
    if is_random_variable(field):
        return field.value
    if isinstance(field, np.ndarray | np.generic | numbers.Number | list | tuple):
        try:
            return tf.convert_to_tensor(field)
        except (TypeError, ValueError):  # a list of other things
            return field
    return field


def as_tensors(value: Mapping[str, Value], keep: Mapping[str, str] | None = None) -> NetworkValue:
    """A network value whose fields are tensors.

    Args:
      value: variable name -> Value.
      keep: variable name -> a field that stays as it is.
    """
    found = {name: v.map(as_tensor) for name, v in value.items()}
    for name, field in (keep or {}).items():
        if name in found and not is_random_variable(value[name].get(field)):
            fields = {**found[name].as_dict, field: value[name].get(field)}
            found[name] = Value(**fields)
    return found


def index_fields(network: Network) -> dict[str, str]:
    """The fields that hold the indices of data, which may be any object: variable name -> field.

    Args:
      network: the network.
    """
    return {v.name: v.index_field for v in network.variables if isinstance(v, DataVariable)}


def checked_steps(steps: Any, name: str, least: int) -> Any:
    """Returns a number of steps.

    Args:
      steps: an int, or a scalar integer tensor.
      name: of the argument.
      least: the smallest allowed.

    Raises:
      ConfigError: (also a ValueError) it is no whole number or too small.
    """
    whole = isinstance(steps, int | np.integer) and not isinstance(steps, bool)
    if tf.is_tensor(steps) and steps.dtype.is_integer and steps.shape.rank == 0:
        if not hasattr(steps, "numpy"):
            return steps
        steps, whole = int(steps), True
    if not whole or steps < least:
        raise ConfigError(f"{name}: must be a whole number of at least {least}, got {steps!r}")
    if steps > _MOST_STEPS:
        raise ConfigError(f"{name}: must be at most {_MOST_STEPS}, got {steps!r}")
    return int(steps)


def checked_seed(seed: Any) -> tuple[Any, Any]:
    """Returns (the seed to keep, its two words).

    Args:
      seed: an int, a pair, a tensor, or None for a fresh one.
    """
    if seed is None:
        if tf.executing_eagerly():
            seed = noise.fresh_seed()
        else:  # in a caller's tf.function: the one stateful draw, anew at every call
            seed = tf.random.uniform([2], maxval=2**31 - 1, dtype=tf.int32)
    elif isinstance(seed, list | np.ndarray | np.generic) or hasattr(seed, "numpy"):
        seed = np.asarray(seed).tolist()
        seed = tuple(seed) if isinstance(seed, list) else seed
    words = noise.seed_words(seed)
    if not any(tf.is_tensor(w) for w in words):
        return seed, tf.constant(np.stack(words), tf.uint32)  # one conversion, not three
    return seed, tf.stack([tf.convert_to_tensor(w, tf.uint32) for w in words])


def checked_first_step(first_step: Any) -> Any:
    """Returns the time step of x_0.

    Args:
      first_step: an int of at least 0, or a scalar integer tensor.

    Raises:
      ConfigError: (also a ValueError) it is something else.
    """
    if first_step is None:
        raise ConfigError("first_step: must be a whole number of at least 0, got None")
    if tf.is_tensor(first_step) and first_step.dtype.is_integer and first_step.shape.rank == 0:
        return tf.cast(first_step, tf.int32)
    return checked_steps(first_step, "first_step", 0)


def checked_start(starting_value: Any) -> NetworkValue | None:
    """Returns a starting value with its fields as tensors; None stays.

    Args:
      starting_value: variable name -> Value.

    Raises:
      NetworkError: (also a ValueError) it is no mapping from names to Values.
    """
    if starting_value is None:
        return None
    is_mapping = hasattr(starting_value, "items")
    wrong = [n for n, x in starting_value.items() if not isinstance(x, Value)] if is_mapping else []
    if not is_mapping or wrong:
        got = f"none for {wrong}" if wrong else f"a {type(starting_value).__name__}"
        raise NetworkError(
            f"starting_value: must map each variable's name to a Value, got {got}; "
            "what execute() returns is one"
        )
    return as_tensors(starting_value)


def first_indices(network: Network, first_user: Any) -> dict[str, Any]:
    """Where the noise of each variable that has users along its first axis begins.

    Args:
      network: its specs name the axes.
      first_user: index of the first user in the whole population.

    Returns:
      variable name -> first_user, for variables with a field whose first axis is named "user".

    Raises:
      ConfigError: (also a ValueError) first_user is no whole number of at least 0.
    """
    if not tf.is_tensor(first_user):
        whole = isinstance(first_user, int | np.integer) and not isinstance(first_user, bool)
        if not whole or first_user < 0:
            raise ConfigError(
                f"first_user: must be a whole number of at least 0, got {first_user!r}"
            )
    return {
        v.name: first_user
        for v in network.variables
        if any((s.dims or ("",))[:1] == ("user",) for s in v.spec.as_dict.values())
    }


def selected_fields(network: Network, record: Sequence[str] | None) -> dict[str, list[str]]:
    """Resolves what is to be recorded.

    Args:
      network: the network.
      record: names of variables, or "variable.field"; a prefix selects the nested fields; None
        selects all.

    Returns:
      variable name -> dotted field names, in the network's order.

    Raises:
      FieldError: (also a ValueError) a name matches nothing.
    """
    fields = {v.name: list(v.spec.as_dict) for v in network.variables}
    if record is None:
        return fields
    if isinstance(record, str):
        record = [record]
    chosen: dict[str, set[str]] = {}
    for name in record:
        if name in fields:
            chosen.setdefault(name, set()).update(fields[name])
            continue
        matches = {
            (v, f)
            for v, names in fields.items()
            for f in names
            if name == f"{v}.{f}" or f"{v}.{f}".startswith(f"{name}.")
        }
        if not matches:
            every = [f"{v}.{f}" for v, names in fields.items() for f in names]
            raise FieldError(
                f"record: '{name}' must name a variable or a field of one; there are {every}"
            )
        for variable, field in matches:
            chosen.setdefault(variable, set()).add(field)
    return {v: [f for f in names if f in chosen[v]] for v, names in fields.items() if v in chosen}


def dimension_names(network: Network) -> dict[str, dict[str, tuple[str, ...]]]:
    """The names of axes that the specs give: variable name -> field name -> names.

    Args:
      network: the network.
    """
    return {
        v.name: {f: s.dims for f, s in v.spec.as_dict.items() if s.dims is not None}
        for v in network.variables
    }
