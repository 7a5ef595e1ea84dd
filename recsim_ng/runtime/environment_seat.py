"""The seats of several agents in one story: what each does, sees and is after."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.network import NetworkValue
from recsim_ng.runtime.environment_action import Action, FieldAction
from recsim_ng.runtime.environment_design import Names, observed_by
from recsim_ng.runtime.environment_field import SeenField, lone, seen_field
from recsim_ng.runtime.environment_rule import Rule, place_of, rule_of
from recsim_ng.runtime.environment_slate import SlateAction
from recsim_ng.runtime.environment_slate_space import SlateSpace
from recsim_ng.runtime.environment_world import World


@dataclasses.dataclass(frozen=True)
class Seat:
    """What one of several agents does, sees and is after.

    Attributes:
      agent: a role, variable or field, as for `make_env`.
      places: of slates that this agent fills; None: all. Its reward, where that is a field, counts
        only for users who chose from these places.
      rows: along the first axis of the field that it acts on, the rows that are its own, as a
        user's choice or a provider's documents; None: all. Of fields with the same first axis, by
        the names that specs give to axes, it sees its own rows alone, and its reward is of these.
      observation: as for `make_env`.
      reward: as for `make_env`.
    """

    agent: str = "recommender"
    places: Sequence[int] | None = None
    rows: Sequence[int] | None = None
    observation: Names | None = None
    reward: Rule | None = None


@dataclasses.dataclass(frozen=True)
class Player:
    """A seat in a certain story.

    Attributes:
      variable: on which the agent acts.
      part: the places or rows that are its own; None: all.
      axis: along which they are.
      action_space: of its own part.
      observation: the fields that it sees.
      is_plain: whether these are one array instead of a dictionary.
      own_rows: its part, if that is of rows.
      row_axis: the name of their axis, if it has one.
    """

    variable: str
    part: tuple[int, ...] | None
    axis: int
    action_space: Any
    observation: tuple[SeenField, ...]
    is_plain: bool
    own_rows: tuple[int, ...] | None
    row_axis: str | None

    @property
    def is_single(self) -> bool:
        """Whether its part is one place or row, whose axis is left out."""
        return self.part is not None and len(self.part) == 1


def player_of(world: World, name: str, seat: Seat, variable: str, action: Action) -> Player:
    """Returns what a seat comes to in a story.

    Args:
      world: the story.
      name: of the agent, for errors.
      seat: its seat.
      variable: on which it acts.
      action: on the whole of that.

    Raises:
      ConfigError: (also a ValueError) the seat does not fit.
    """
    is_slate = isinstance(action, SlateAction)
    if (seat.places is not None and not is_slate) or (seat.rows is not None and is_slate):
        raise ConfigError(
            f"seat '{name}': places are of slates and rows of fields, got the other for "
            f"'{variable}'"
        )
    given = seat.places if is_slate else seat.rows
    kinds = (list, tuple, range, np.ndarray)
    if given is not None and not (
        isinstance(given, kinds)
        and all(isinstance(i, int | np.integer) and not isinstance(i, bool) for i in given)
    ):
        raise ConfigError(
            f"seat '{name}': places and rows must be lists of whole numbers, got {given!r:.60}"
        )
    part = None if given is None else tuple(int(i) for i in given)
    if not action.spec.shape and part == (0,):
        part = None  # of one user alone
    axis = len(action.spec.shape) - 1 if is_slate else 0
    size = action.spec.shape[axis] if len(action.spec.shape) else 1
    if part is not None and (
        not part or len(set(part)) < len(part) or not all(0 <= i < size for i in part)
    ):
        raise ConfigError(
            f"seat '{name}': must have different {'places' if is_slate else 'rows'} within "
            f"0..{size - 1}, got {list(part)}"
        )
    observed, is_plain = observed_by(world, variable, seat.observation)
    dims = None
    if isinstance(action, FieldAction) and part is not None:
        dims = action.seen.first_axis or None
    space = _part_of(action.space, part, axis)
    return Player(
        variable, part, axis, space, tuple(observed), is_plain, None if is_slate else part, dims
    )


def _part_of(space: Any, part: tuple[int, ...] | None, axis: int) -> Any:
    if part is None or not space.shape:
        return space

    def taken(x: np.ndarray) -> np.ndarray:
        found = np.take(x, part, axis)
        return found.squeeze(axis) if len(part) == 1 else found

    if isinstance(space, SlateSpace):
        return space.taken(part)
    if isinstance(space, gymnasium.spaces.MultiDiscrete):
        counts, start = taken(space.nvec), taken(space.start)
        if not counts.shape:
            return gymnasium.spaces.Discrete(int(counts), start=int(start))
        return gymnasium.spaces.MultiDiscrete(counts, start=start)
    return gymnasium.spaces.Box(taken(space.low), taken(space.high), dtype=space.dtype)


def require_cover(variable: str, action: Action, players: Mapping[str, Player]) -> None:
    """Requires that the agents on a variable hold all of it, and none the same part.

    Args:
      variable: its name.
      action: on the whole of it.
      players: all agents.

    Raises:
      ConfigError: (also a ValueError) they do not.
    """
    here = {name: p for name, p in players.items() if p.variable == variable}
    axis = next(iter(here.values())).axis
    size = action.spec.shape[axis] if len(action.spec.shape) else 1
    held = [i for p in here.values() for i in (range(size) if p.part is None else p.part)]
    if sorted(held) != list(range(size)):
        raise ConfigError(
            f"seats {list(here)}: on '{variable}' they must hold each of 0..{size - 1} once, got "
            f"{sorted(held)}"
        )


def reward_key(name: str) -> str:
    """Returns the key under which an agent's reward is shown.

    Args:
      name: of the agent.
    """
    return f"reward of {name}"


def reward_of(world: World, name: str, seat: Seat, player: Player) -> Any:
    """Returns an agent's reward: moment -> float32 scalar.

    Args:
      world: the story.
      name: of the agent, for errors.
      seat: its seat.
      player: what that comes to.

    Raises:
      ConfigError: (also a ValueError) there is no such field.
    """
    whole = rule_of(world, seat.reward, f"seat '{name}': reward", tf.float32)
    if callable(seat.reward) or player.part is None:
        return whole
    variable, field = place_of(world, seat.reward, f"seat '{name}': reward")
    seen = seen_field(world, variable, field)
    if player.own_rows is not None:
        rows = list(player.own_rows)
        if seen.first_axis != player.row_axis:
            return whole

        def of_rows(moment: NetworkValue) -> Any:
            x = tf.gather(lone(moment[variable].get(field), seen), rows)
            return tf.reduce_mean(tf.cast(x, tf.float32))

        return of_rows
    response = world.shapes.get("user response")
    is_of_users = seen.first_axis == "user" or seen.has_lone_user
    if response is None or "choice" not in response or not is_of_users:
        return whole
    places = tf.constant(player.part, tf.int32)

    def of_places(moment: NetworkValue) -> Any:
        choice = tf.cast(moment["user response"].get("choice"), tf.int32)
        x = tf.cast(moment[variable].get(field), tf.float32)
        is_mine = tf.reduce_any(choice[..., None] == places, axis=-1)
        is_mine = tf.reshape(is_mine, [-1] + [1] * (x.shape.rank - 1))
        return tf.reduce_mean(tf.where(is_mine, x, 0.0))

    return of_places


def _is_own(player: Player, seen: SeenField) -> bool:
    return player.own_rows is not None and seen.first_axis == player.row_axis is not None


def seen_by(player: Player, shown: Mapping[str, np.ndarray]) -> Any:
    """Returns what an agent sees of what is shown.

    Args:
      player: the agent.
      shown: by keys.
    """
    found = {}
    for f in player.observation:
        x = shown[f.key]
        found[f.key] = x[list(player.own_rows or ())] if _is_own(player, f) else x.copy()
    return next(iter(found.values())) if player.is_plain else found


def space_of(player: Player) -> gymnasium.spaces.Space:
    """Returns the space of what an agent sees.

    Args:
      player: the agent.
    """
    found: dict[str, Any] = {}
    for f in player.observation:
        space: Any = f.space
        if _is_own(player, f):
            rows = list(player.own_rows or ())
            space = gymnasium.spaces.Box(space.low[rows], space.high[rows], dtype=space.dtype)
        found[f.key] = space
    return next(iter(found.values())) if player.is_plain else gymnasium.spaces.Dict(found)
