"""Several agents in one story, for PettingZoo: recommenders, providers, users as players."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf

from recsim_ng.core import check, noise
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.network import Network, NetworkValue
from recsim_ng.core.variable import Variable
from recsim_ng.runtime import runtime
from recsim_ng.runtime.environment_action import Action, ActionError, FieldAction, array_of, brief
from recsim_ng.runtime.environment_design import (
    Names,
    Rule,
    observed_by,
    place_of,
    rule_of,
    target_of,
)
from recsim_ng.runtime.environment_episode import episode_words
from recsim_ng.runtime.environment_field import SeenField, lone, seen_field
from recsim_ng.runtime.environment_program import Program
from recsim_ng.runtime.environment_slate import SlateAction, slate_action
from recsim_ng.runtime.environment_step import Shown, StepFunctions
from recsim_ng.runtime.environment_world import World

_is_there = importlib.util.find_spec("pettingzoo") is not None
_ParallelEnv: Any = importlib.import_module("pettingzoo").ParallelEnv if _is_there else object


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
class _Player:
    """A seat, resolved."""

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
        return self.part is not None and len(self.part) == 1


def make_parallel_env(
    story: Network | Sequence[Variable],
    seats: Mapping[str, Seat],
    *,
    terminated: Rule | None = None,
    num_steps: int | None = None,
    docs: str = "available docs",
    mask: str = "is_candidate",
    action_range: tuple[float, float] = (-1.0, 1.0),
) -> StoryParallelEnv:
    """Makes a PettingZoo parallel environment, in which all agents act at once.

    Agents who act on one variable have places or rows of their own, which together are all. What
    they do pins the variables as in `make_env`.

    Args:
      story: a network or its variables.
      seats: agent's name -> its seat.
      terminated: as for `make_env`; the episode ends for all.
      num_steps: T, steps after which the episode is truncated for all; None: never.
      docs: the variable that slates are made of; no agent may act on it, or on what is before it,
        while others show slates.
      mask: as for `make_env`.
      action_range: as for `make_env`.

    Returns:
      The environment.

    Raises:
      ConfigError: (also a ValueError) a seat does not fit the story, or seats do not fit together;
        or PettingZoo is not installed.
    """
    if not _is_there:
        raise ConfigError(
            "make_parallel_env: needs PettingZoo, got none; pip install 'recsim_ng[pettingzoo]'"
        )
    if not seats:
        raise ConfigError("make_parallel_env: seats must be of one agent or more, got none")
    if num_steps is not None:
        check.whole("make_parallel_env", "num_steps", num_steps, 1)
    network = runtime.as_network(story)
    targets = {name: target_of(network, seat.agent) for name, seat in seats.items()}
    actions: dict[str, Action] = {}
    pins = {
        variable: (lambda x, current, v=variable: actions[v].pin(x, current))
        for variable, _ in targets.values()
    }
    world = World(network, pins)
    for variable, field in dict.fromkeys(targets.values()):
        if variable in actions:
            raise ConfigError(
                f"make_parallel_env: agents on '{variable}' must act on the same field of it, got "
                f"{sorted(f for v, f in set(targets.values()) if v == variable)}"
            )
        actions[variable] = _whole(world, variable, field, docs, mask, action_range)
    players = {
        name: _player(world, name, seat, targets[name][0], actions[targets[name][0]])
        for name, seat in seats.items()
    }
    for variable in actions:
        _require_cover(variable, actions[variable], players)
    masks = [a.mask for a in actions.values() if a.mask is not None]
    fields = [*(f for p in players.values() for f in p.observation), *masks]
    shown = Shown(
        observation=tuple({f.place: f for f in fields}.values()),
        rewards={
            _reward_key(name): _reward(world, name, seat, players[name])
            for name, seat in seats.items()
        },
        terminated=None
        if terminated is None
        else rule_of(world, terminated, "terminated", tf.bool),
    )
    made = list(actions.values())
    program = Program(StepFunctions(world, made, shown), made, shown.observation)
    return StoryParallelEnv(program, made, players, num_steps)


def _whole(
    world: World,
    variable: str,
    field: str,
    docs: str,
    mask: str,
    action_range: tuple[float, float],
) -> Action:
    if docs in world.shapes and docs != variable and not field:
        return slate_action(
            world,
            variable,
            "slate",
            docs=docs,
            repeats=True,  # two agents may show the same document
            features="",
            mask=mask,
            action_range=action_range,
        )
    return FieldAction(world, variable, field or None, action_range)


def _player(world: World, name: str, seat: Seat, variable: str, action: Action) -> _Player:
    is_slate = isinstance(action, SlateAction)
    if (seat.places is not None and not is_slate) or (seat.rows is not None and is_slate):
        raise ConfigError(
            f"seat '{name}': places are of slates and rows of fields, got the other for "
            f"'{variable}'"
        )
    given = seat.places if is_slate else seat.rows
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
    return _Player(
        variable, part, axis, space, tuple(observed), is_plain, None if is_slate else part, dims
    )


def _part_of(space: Any, part: tuple[int, ...] | None, axis: int) -> Any:
    if part is None or not space.shape:
        return space

    def taken(x: np.ndarray) -> np.ndarray:
        found = np.take(x, part, axis)
        return found.squeeze(axis) if len(part) == 1 else found

    if isinstance(space, gymnasium.spaces.MultiDiscrete):
        counts, start = taken(space.nvec), taken(space.start)
        if not counts.shape:
            return gymnasium.spaces.Discrete(int(counts), start=int(start))
        return gymnasium.spaces.MultiDiscrete(counts, start=start)
    return gymnasium.spaces.Box(taken(space.low), taken(space.high), dtype=space.dtype)


def _require_cover(variable: str, action: Action, players: Mapping[str, _Player]) -> None:
    here = {name: p for name, p in players.items() if p.variable == variable}
    axis = next(iter(here.values())).axis
    size = action.spec.shape[axis] if len(action.spec.shape) else 1
    held = [i for p in here.values() for i in (range(size) if p.part is None else p.part)]
    if sorted(held) != list(range(size)):
        raise ConfigError(
            f"seats {list(here)}: on '{variable}' they must hold each of 0..{size - 1} once, got "
            f"{sorted(held)}"
        )


def _reward_key(name: str) -> str:
    return f"reward of {name}"


def _reward(world: World, name: str, seat: Seat, player: _Player) -> Any:
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


class StoryParallelEnv(_ParallelEnv):  # type: ignore[misc]
    """A story in which several agents act; `make_parallel_env` makes it.

    Args:
      program: its compiled step.
      actions: on each variable, of all its agents together.
      players: agent's name -> what it does and sees.
      num_steps: T, or None.
    """

    metadata = {"name": "recsim_ng", "render_modes": [], "is_parallelizable": True}  # noqa: RUF012
    render_mode = None

    def __init__(
        self,
        program: Program,
        actions: Sequence[Action],
        players: Mapping[str, _Player],
        num_steps: int | None,
    ) -> None:
        self._program, self._actions, self._players = program, list(actions), dict(players)
        self._num_steps = num_steps
        self.possible_agents = list(players)
        self.agents: list[str] = []
        # The same object on every call, as PettingZoo wants it.
        self.action_spaces = {name: p.action_space for name, p in players.items()}
        self.observation_spaces = {name: _space(p) for name, p in players.items()}
        self._words: Any = None
        self._episode = self._count = 0
        keys = {f.key for p in players.values() for f in p.observation}
        self._readers = {key: program.reader(key) for key in keys}
        self._informers = {key: program.reader(key) for key in program.probabilities}
        self._arguments = program.arguments()
        self._masked = [a for a in actions if isinstance(a, SlateAction) and a.mask is not None]
        self._mask_readers = {
            a.variable: program.reader(a.mask.key) for a in self._masked if a.mask
        }

    def observation_space(self, agent: str) -> gymnasium.spaces.Space:
        """Returns what an agent may see.

        Args:
          agent: its name.
        """
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> gymnasium.spaces.Space:
        """Returns what an agent may do.

        Args:
          agent: its name.
        """
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Begins an episode.

        Args:
          seed: of a new series of episodes; None: the next episode.
          options: not read.

        Returns:
          (observations, infos), by agent.
        """
        del options
        if seed is not None or self._words is None:
            self._words = noise.seed_words(noise.fresh_seed() if seed is None else seed)
            self._episode = 0
        else:
            self._episode += 1
        words = episode_words(self._words, self._episode)
        self.agents, self._count = list(self.possible_agents), 0
        self._now = self._program.first(words)
        infos = self._infos(self.agents)
        for info in infos.values():
            info["episode_seed"] = (int(words[0]), int(words[1]))
        return self._observations(), infos

    def step(self, actions: Mapping[str, Any]) -> tuple[Any, Any, Any, Any, Any]:
        """Takes the actions of all agents.

        Args:
          actions: by agent.

        Returns:
          (observations, rewards, terminations, truncations, infos), each by agent.

        Raises:
          ActionError: (also a ValueError) an agent's action is missing or not in its space.
          ResetNeeded: before the first reset, or after the end of an episode.
        """
        if not self.agents:
            raise gymnasium.error.ResetNeeded(
                "step: the environment must be reset before the first step and after the end of an "
                "episode; call reset()"
            )
        missing = sorted(set(self.agents) ^ set(actions))
        if missing:
            raise ActionError(f"step: there must be one action of each agent, got not so {missing}")
        joined = [self._joined(action, actions) for action in self._actions]
        tensors = [make(x) for make, x in zip(self._arguments, joined, strict=True)]
        self._now = now = self._program.step(self._now, *tensors)
        self._count += 1
        names = self.agents
        rewards = {name: self._program.number(now, _reward_key(name)) for name in names}
        terminated = self._program.terminated(now)
        truncated = self._count == self._num_steps
        observations = self._observations()
        if terminated or truncated:
            self.agents = []
        return (
            observations,
            rewards,
            dict.fromkeys(names, terminated),
            dict.fromkeys(names, truncated),
            self._infos(names),
        )

    def render(self) -> None:
        """Shows nothing."""

    def close(self) -> None:
        """Ends the episode."""
        self.agents = []

    def _joined(self, action: Action, actions: Mapping[str, Any]) -> np.ndarray:
        """One action on a variable out of those of its agents."""
        kind = np.int64 if action.spec.dtype.is_integer else action.spec.dtype.as_numpy_dtype
        found: Any = np.zeros(tuple(action.spec.shape), kind)
        for name, player in self._players.items():
            if player.variable != action.variable:
                continue
            x, space = array_of(actions[name]), player.action_space
            if x.shape != space.shape:
                raise ActionError(
                    f"agent '{name}': its action must be of shape {space.shape}, got {x.shape}"
                )
            if player.part is None:
                found = x
                continue
            if player.is_single:
                x = np.expand_dims(x, player.axis)
            if x.dtype.kind not in "iuf" or (x.dtype.kind == "f") > (found.dtype.kind == "f"):
                raise ActionError(
                    f"agent '{name}': its action must be in {space}, got {x.dtype} {brief(x)}"
                )
            index = [slice(None)] * found.ndim
            index[player.axis] = list(player.part)  # type: ignore[call-overload]
            found[tuple(index)] = x
        try:
            checked = action.checked(found)
            if isinstance(action, SlateAction) and action.mask is not None:
                action.require_allowed(checked, self._allowed(action))
            return checked
        except ActionError as error:
            here = [n for n, p in self._players.items() if p.variable == action.variable]
            raise ActionError(f"agents {here}: {error}") from None

    def _allowed(self, action: SlateAction) -> np.ndarray:
        return action.allowed(self._mask_readers[action.variable](self._now))

    def _infos(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        masks = {a.variable: self._allowed(a).astype(np.int8) for a in self._masked}
        found: dict[str, dict[str, Any]] = {}
        for name in names:
            found[name] = {key: read(self._now).copy() for key, read in self._informers.items()}
            if self._players[name].variable in masks:
                found[name]["action_mask"] = masks[self._players[name].variable].copy()
        return found

    def _observations(self) -> dict[str, Any]:
        now = self._now
        shown = {key: read(now) for key, read in self._readers.items()}
        return {name: _seen(p, shown) for name, p in self._players.items()}


def _is_own(player: _Player, seen: SeenField) -> bool:
    return player.own_rows is not None and seen.first_axis == player.row_axis is not None


def _seen(player: _Player, shown: Mapping[str, np.ndarray]) -> Any:
    found = {}
    for f in player.observation:
        x = shown[f.key]
        found[f.key] = x[list(player.own_rows or ())] if _is_own(player, f) else x.copy()
    return next(iter(found.values())) if player.is_plain else found


def _space(player: _Player) -> gymnasium.spaces.Space:
    found: dict[str, Any] = {}
    for f in player.observation:
        space: Any = f.space
        if _is_own(player, f):
            rows = list(player.own_rows or ())
            space = gymnasium.spaces.Box(space.low[rows], space.high[rows], dtype=space.dtype)
        found[f.key] = space
    return next(iter(found.values())) if player.is_plain else gymnasium.spaces.Dict(found)
