"""Fields of a story as an agent meets them: named, and with a Gymnasium space."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.network import Network
from recsim_ng.runtime.environment_world import World

CLOCK = ("environment", "step")
"""A field that no story has: how many actions have been taken in the episode."""


_SHOWN = {"bool", "float16", "float32", "float64"} | {
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}


@dataclasses.dataclass(frozen=True)
class SeenField:
    """A field, as it is shown.

    Attributes:
      variable: its variable's name.
      field: its name, with dots where nested.
      space: of its values; without the axis of users, or bandits, where there is one alone.
      has_lone_user: whether that axis has been left out.
      first_axis: the name of the first axis that is shown, "" if it has none.
      is_number: whether it is a number, shown as a vector of one: PyTorch's layers take no less.
    """

    variable: str
    field: str
    space: gymnasium.spaces.Space
    has_lone_user: bool
    first_axis: str = ""
    is_number: bool = False

    @property
    def key(self) -> str:
        """The name under which it is shown: 'user response/choice'; dots trouble PyTorch."""
        return f"{self.variable}.{self.field}".replace(".", "/")

    @property
    def place(self) -> tuple[str, str]:
        """(variable, field)."""
        return self.variable, self.field


def seen_field(world: World, variable: str, field: str) -> SeenField:
    """Returns a field as it is shown.

    Args:
      world: the story.
      variable: its variable's name.
      field: its name.

    Raises:
      ConfigError: (also a ValueError) it holds neither real numbers nor bools.
    """
    spec = _variables(world.network)[variable].spec.get(field)
    known = world.shapes[variable].get(field)
    shape, dtype = tuple(known.shape.as_list()), known.dtype.as_numpy_dtype
    if known.dtype.name not in _SHOWN:
        raise ConfigError(
            f"'{variable}.{field}': what is shown or done must be real numbers or bools, got "
            f"{known.dtype.name}"
        )
    lone = (spec.dims or ("",))[0] in ("user", "bandit") and shape[0] == 1
    low, high = bounds(spec, shape, dtype)
    if lone:
        low, high, shape = low[0], high[0], shape[1:]
    space = gymnasium.spaces.Box(low, high, shape, low.dtype.type)
    dims = (spec.dims or ())[1:] if lone else spec.dims or ()
    return SeenField(variable, field, space, lone, dims[0] if dims else "")


def at_least_vector(seen: SeenField) -> SeenField:
    """Returns a field as learners take it: a number as a vector of one.

    Args:
      seen: how it is shown.
    """
    box: Any = seen.space
    if box.shape:
        return seen
    low, high = np.reshape(box.low, [1]), np.reshape(box.high, [1])
    space = gymnasium.spaces.Box(low, high, dtype=box.dtype)
    return dataclasses.replace(seen, space=space, is_number=True)


def bounds(spec: Any, shape: tuple[int, ...], dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest values of a field, as its spec says; finite, of bools int8.

    Args:
      spec: a `FieldSpec`.
      shape: of the field.
      dtype: NumPy's.
    """
    if np.dtype(dtype) == np.bool_:
        return np.zeros(shape, np.int8), np.ones(shape, np.int8)
    # Gymnasium's checker takes an infinite bound for a mistake.
    info: Any = np.iinfo(dtype) if np.issubdtype(dtype, np.integer) else np.finfo(dtype)
    least, most = np.full(shape, info.min, dtype), np.full(shape, info.max, dtype)
    space = getattr(spec, "space", None)
    if isinstance(space, gymnasium.spaces.Box) and spec.strict and space.shape == shape:
        return np.maximum(space.low, least), np.minimum(space.high, most)
    return least, most


@dataclasses.dataclass(frozen=True)
class Sight:
    """What an agent in the place of a behaviour sees.

    Attributes:
      visible: the variables that the behaviour reads; in place of its own memory, what that reads.
      allowed: these, the memory, and what the agent does itself.
    """

    visible: tuple[str, ...]
    allowed: frozenset[str]


def sight_of(world: World, variable: str) -> Sight:
    """Returns what an agent sees who acts on a variable.

    What carries itself on, takes in what follows from the variable, and is read by the variable
    alone, is the memory of whoever stands behind it, as "recommender state" of "slate docs".

    Args:
      world: the story.
      variable: on which the agent acts.
    """
    network = world.network
    variables = _variables(network)
    visible: list[str] = []
    memories: set[str] = set()
    left = [d.variable_name for d in _reads(variables[variable])]
    while left:
        name = left.pop(0)
        readers = {
            v.name for v in network.variables if name in {d.variable_name for d in _reads(v)}
        }
        reads = {d.variable_name for d in _reads(variables[name])}
        if name in readers <= {name, variable} and reads & world.after:
            if name not in memories:
                memories.add(name)
                left.extend(d.variable_name for d in _reads(variables[name]))
        elif name != variable and name not in visible:
            visible.append(name)
    return Sight(tuple(visible), frozenset({*visible, *memories, variable}))


def fields_named(
    world: World, names: Iterable[str], sight: Sight | None = None, what: str = "observation"
) -> list[SeenField]:
    """Returns the fields of these names.

    Args:
      world: the story.
      names: of variables ("user observation") or fields ("user response.choice");
        "environment.step" is the number of actions taken, float32.
      sight: what may be shown without being named as a field; None: everything.
      what: whose names they are, for errors.

    Raises:
      ConfigError: (also a ValueError) a name is unknown, or a whole variable is latent.
    """
    found: list[SeenField] = []
    every = {f"{v}.{f}": (v, f) for v, value in world.shapes.items() for f in value.as_dict}
    for name in names:
        if name == ".".join(CLOCK):
            if name in every:
                raise ConfigError(
                    f"{what}: '{name}' is the number of actions taken, got a story with a field of "
                    "this name; rename its variable"
                )
            box = gymnasium.spaces.Box(0.0, float(2**24), (), np.float32)
            found.append(SeenField(*CLOCK, box, False))
            continue
        if name in every:
            places = [every[name]]
        elif name in world.shapes:
            if sight is not None and name not in sight.allowed:
                raise ConfigError(
                    f"{what}: '{name}' is not what the agent's behaviour reads, and may be latent; "
                    f"name its fields one by one to show them all the same: "
                    f"{[n for n, (v, _) in every.items() if v == name]}"
                )
            places = [(name, field) for field in world.shapes[name].as_dict]
        else:
            raise ConfigError(
                f"{what}: must name variables or fields of the story, got {name!r}; there are "
                f"{sorted(every)}"
            )
        found.extend(seen_field(world, v, f) for v, f in places)
    places = [f.place for f in found]
    found = [f for i, f in enumerate(found) if f.place not in places[:i]]
    keys = [f.key for f in found]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ConfigError(f"{what}: names must differ with '/' for '.', got {twice} twice")
    return found


def _variables(network: Network) -> dict[str, Any]:
    return {v.name: v for v in network.variables}


def _reads(variable: Any) -> tuple[Any, ...]:
    definition = variable.value or variable.initial_value
    return definition.dependencies


def lone(x: Any, seen: SeenField) -> Any:
    """A tensor as it is shown, without the axis of a lone user, numbers as vectors; bools as int8.

    Args:
      x: the field.
      seen: how it is shown.
    """
    x = tf.squeeze(x, 0) if seen.has_lone_user else x
    x = tf.reshape(x, [1]) if seen.is_number else x
    return tf.cast(x, tf.int8) if x.dtype == tf.bool else x
