"""Several agents in one story, for PettingZoo: recommenders, providers, users as players."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.network import Network
from recsim_ng.core.variable import Variable
from recsim_ng.runtime import runtime
from recsim_ng.runtime.environment_action import Action, ActionError, FieldAction, array_of, brief
from recsim_ng.runtime.environment_design import DOCS, MASK, require_mask, require_range, target_of
from recsim_ng.runtime.environment_episode import Series
from recsim_ng.runtime.environment_program import Program
from recsim_ng.runtime.environment_rule import Rule, rule_of
from recsim_ng.runtime.environment_seat import (
    Player,
    Seat,
    player_of,
    require_cover,
    reward_key,
    reward_of,
    seen_by,
    space_of,
)
from recsim_ng.runtime.environment_slate import SlateAction, slate_action
from recsim_ng.runtime.environment_step import Shown, StepFunctions
from recsim_ng.runtime.environment_world import World

_is_there = importlib.util.find_spec("pettingzoo") is not None
_ParallelEnv: Any = importlib.import_module("pettingzoo").ParallelEnv if _is_there else object


def make_parallel_env(
    story: Network | Sequence[Variable],
    seats: Mapping[str, Seat],
    *,
    terminated: Rule | None = None,
    num_steps: int | None = None,
    docs: str = DOCS,
    mask: str = MASK,
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
    if not isinstance(seats, Mapping) or not seats:
        raise ConfigError(
            f"make_parallel_env: seats must be agent's name -> Seat, got {seats!r:.80}"
        )
    for name, seat in seats.items():
        if not isinstance(seat, Seat):
            raise ConfigError(f"seat '{name}': must be a Seat, got {seat!r:.80}")
    if num_steps is not None:
        check.whole("make_parallel_env", "num_steps", num_steps, 1)
    require_range("make_parallel_env", action_range)
    network = runtime.as_network(story)
    names = [v.name for v in network.variables]
    if docs in names:
        require_mask(network, docs, mask)
    elif docs != DOCS:
        raise ConfigError(f"docs: must be one of the variables {names}, got {docs!r}")
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
        name: player_of(world, name, seat, targets[name][0], actions[targets[name][0]])
        for name, seat in seats.items()
    }
    for variable in actions:
        require_cover(variable, actions[variable], players)
    masks = [a.mask for a in actions.values() if a.mask is not None]
    fields = [*(f for p in players.values() for f in p.observation), *masks]
    shown = Shown(
        observation=tuple({f.place: f for f in fields}.values()),
        rewards={
            reward_key(name): reward_of(world, name, seat, players[name])
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
        players: Mapping[str, Player],
        num_steps: int | None,
    ) -> None:
        self._program, self._actions, self._players = program, list(actions), dict(players)
        self._num_steps = num_steps
        self.possible_agents = list(players)
        self.agents: list[str] = []
        # The same object on every call, as PettingZoo wants it.
        self.action_spaces = {name: p.action_space for name, p in players.items()}
        self.observation_spaces = {name: space_of(p) for name, p in players.items()}
        self._series, self._count = Series(), 0
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
        words = self._series.begin(seed)
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
        if not isinstance(actions, Mapping):
            raise ActionError(f"step: actions must be agent's name -> action, got {actions!r:.60}")
        missing = sorted(set(self.agents) - set(actions))
        odd = sorted(set(actions) - set(self.agents))
        if missing or odd:
            raise ActionError(
                "step: there must be an action of each agent and of nobody else, got none of "
                f"{missing} and some of {odd}"
            )
        joined = [self._joined(action, actions) for action in self._actions]
        tensors = [make(x) for make, x in zip(self._arguments, joined, strict=True)]
        self._now = now = self._program.step(self._now, *tensors)
        self._count += 1
        names = self.agents
        rewards = {name: self._program.number(now, reward_key(name)) for name in names}
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
        return {name: seen_by(p, shown) for name, p in self._players.items()}
