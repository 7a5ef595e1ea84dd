"""Many worlds of a story as one Gymnasium vector environment."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
import tensorflow as tf
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from recsim_ng.core import noise
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.network import Network
from recsim_ng.core.variable import Variable
from recsim_ng.runtime.environment import StoryEnv
from recsim_ng.runtime.environment_action import array_of
from recsim_ng.runtime.environment_design import Design, design
from recsim_ng.runtime.environment_episode import require_seed
from recsim_ng.runtime.environment_render import Timeline
from recsim_ng.runtime.environment_slate_space import SlateSpace
from recsim_ng.runtime.environment_step import PROBABILITIES
from recsim_ng.runtime.environment_worlds import Worlds, WorldsState, seeds_of


def make_vec_env(
    story: Network | Sequence[Variable],
    num_envs: int,
    agent: str = "recommender",
    *,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    render_mode: str | None = None,
    **options: Any,
) -> StoryVectorEnv:
    """Makes a vector environment: N worlds of a story, each with its own seed and clock.

    A sub-environment is a whole world, of one user or of many; they are mapped over in one compiled
    step, and share nothing. Sub-environment i is exactly what `make_env` makes, with its seed.

    Args:
      story: a network or its variables.
      num_envs: N.
      agent: as for `make_env`.
      autoreset_mode: when an episode that has ended is followed by the next: at the next step, at
        the same step, or when `reset` is told so by `options={"reset_mask": ...}`.
      render_mode: as for `make_env`.
      **options: as for `make_env`.

    Returns:
      The environment.

    Raises:
      ConfigError: (also a ValueError) an argument does not fit the story.
      NetworkError: (also a ValueError) the story has fields whose shape is not fixed.
    """
    known = set(inspect.signature(design).parameters) - {"story", "render"}
    unknown = sorted(set(options) - known)
    if unknown:
        raise ConfigError(f"make_vec_env: options must be among {sorted(known)}, got {unknown}")
    made = design(story, agent, render=render_mode is not None, **options)
    return StoryVectorEnv(Worlds(made, num_envs), autoreset_mode, render_mode=render_mode)


class StoryVectorEnv(gymnasium.vector.VectorEnv[Any, Any, np.ndarray]):
    """N worlds of a story; `make_vec_env` makes it.

    Args:
      worlds: that it steps; learners written in TensorFlow may use them without it.
      autoreset_mode: as for `make_vec_env`.
      render_mode: None, "ansi" or "rgb_array".
    """

    def __init__(
        self,
        worlds: Worlds,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        *,
        render_mode: str | None = None,
    ) -> None:
        try:
            self._mode = AutoresetMode(autoreset_mode)
        except ValueError as error:
            raise ConfigError(
                f"autoreset_mode: must be one of {[m.value for m in AutoresetMode]}, got "
                f"{autoreset_mode!r}"
            ) from error
        modes = StoryEnv.metadata["render_modes"]
        if render_mode is not None and render_mode not in modes:
            raise ConfigError(f"render_mode: must be one of {modes} or None, got {render_mode!r}")
        self.worlds, self.render_mode = worlds, render_mode
        self.metadata = {**StoryEnv.metadata, "autoreset_mode": self._mode}
        self.num_envs = worlds.num_worlds
        # Of its own, as their samples are seeded.
        self.single_observation_space = copy.deepcopy(worlds.design.observation_space)
        self.single_action_space = copy.deepcopy(worlds.design.action.space)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        single = self.single_action_space
        self.action_space = batch_space(single, self.num_envs)
        if worlds.design.action.mask is not None and isinstance(single, gymnasium.spaces.Discrete):
            self.action_space = SlateSpace(np.full(self.num_envs, single.n), repeats=True)
        self._state: WorldsState | None = None
        self._shown: dict[str, Any] = {}
        self._is_over = np.zeros(self.num_envs, bool)
        self._everywhere = np.ones(self.num_envs, bool)
        self._known = {
            key: np.broadcast_to(x, (self.num_envs, *x.shape)) for key, x in worlds.constant.items()
        }
        self._timelines = [
            Timeline(worlds.design) for _ in range(self.num_envs * bool(render_mode))
        ]

    @property
    def design(self) -> Design:
        """What each world is."""
        return self.worlds.design

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Begins an episode in all worlds, or in those of `options["reset_mask"]`.

        Args:
          seed: of world 0, world i has seed + i; or one for each world. None: the next episode.
          options: {"reset_mask": `[N]` bool}, which worlds; None: all.

        Returns:
          (observations, infos).

        Raises:
          ConfigError: (also a ValueError) there are not N seeds, or the mask is none.
        """
        mask = self._reset_mask(options)
        if seed is None and self._state is None:
            seed = noise.fresh_seed() >> 1
        if isinstance(seed, int | np.integer):
            super().reset(seed=int(seed))
        seeds = self._seeds(seed)
        is_seeded = np.array([x is not None for x in seeds])
        if self._state is not None and np.any(mask & ~is_seeded):
            found = self.worlds.renew(self._state, self._shown, tf.constant(mask & ~is_seeded))
            self._state, self._shown = found
        if np.any(mask & is_seeded):
            fresh = self.worlds.reset(seeds_of([x or 0 for x in seeds]))
            if self._state is not None and not np.all(mask & is_seeded):
                kept, begun = (self._state, self._shown), mask & is_seeded
                fresh = tf.nest.map_structure(lambda a, b: _chosen(begun, a, b), fresh, kept)
            self._state, self._shown = fresh
        assert self._state is not None
        self._is_over = self._is_over & ~mask
        for i, timeline in enumerate(self._timelines):
            if mask[i]:
                timeline.begin(self._of_world(i))
        return self._observation(self._shown), self._info(self._shown, mask, mask)

    def step(self, actions: Any) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Takes an action in each world.

        Args:
          actions: in the action space. At the next step after its end, that of a world is not read.

        Returns:
          (observations, rewards `[N]` float64, terminations and truncations `[N]` bool, infos).

        Raises:
          ActionError: (also a ValueError) the actions are not in the space.
          ResetNeeded: before the first reset, or after the end of an episode without autoreset.
        """
        if self._state is None:
            raise gymnasium.error.ResetNeeded(
                "step: the environment must be reset before the first step; call reset()"
            )
        ended = self._is_over
        if self._mode is AutoresetMode.DISABLED and ended.any():
            raise gymnasium.error.ResetNeeded(
                f"step: worlds whose episode has ended must be reset, got {np.flatnonzero(ended)}; "
                "call reset(options={'reset_mask': ...})"
            )
        action = self.design.action
        if ended.any():  # theirs are not read
            actions = array_of(actions)
            if actions.shape == (self.num_envs, *action.legal.shape):
                legal = action.legal.astype(actions.dtype)
                actions = np.where(_wide(ended, actions), legal, actions)
        checked = action.checked(actions, (self.num_envs,))
        if action.mask is not None:
            action.require_allowed(checked[~ended], self._allowed()[~ended])
        state, shown = self.worlds.step(self._state, checked)
        begins = ended if ended.any() else None
        if begins is not None:
            state, shown = self.worlds.renew(state, shown, tf.constant(ended))
        self._state, self._shown = state, shown
        # Arrays of their own: those of tensors may not be written to.
        rewards = np.asarray(shown["reward"], np.float64)
        terminated = np.array(shown["terminated"])
        truncated = np.array(shown["truncated"])
        over = terminated | truncated
        for i, timeline in enumerate(self._timelines):
            timeline.add(self._of_world(i), checked[i], ended[i])
        if self._mode is AutoresetMode.SAME_STEP and over.any():
            return self._renewed(shown, rewards, terminated, truncated, over)
        self._is_over = over
        observation = self._observation(shown)
        return observation, rewards, terminated, truncated, self._info(shown, None, begins)

    def _renewed(
        self,
        shown: dict[str, Any],
        rewards: np.ndarray,
        terminated: np.ndarray,
        truncated: np.ndarray,
        over: np.ndarray,
    ) -> Any:
        """Begins the next episode in worlds that have just come to their end."""
        last, info = self._observation(shown), self._info(shown, over)
        finals = np.full(self.num_envs, None, object)
        for i in np.flatnonzero(over).tolist():
            finals[i] = (
                {k: x[i, ...] for k, x in last.items()} if isinstance(last, dict) else last[i, ...]
            )
        assert self._state is not None
        self._state, self._shown = self.worlds.renew(self._state, shown, tf.constant(over))
        for i, timeline in enumerate(self._timelines):
            if over[i]:
                timeline.begin(self._of_world(i))
        further = self._info(self._shown, None, over)
        further.update(final_obs=finals, _final_obs=over.copy())
        further.update(final_info=info, _final_info=over.copy())
        return self._observation(self._shown), rewards, terminated, truncated, further

    def render(self) -> tuple[Any, ...] | None:
        """Returns a frame of each world, None without a render mode.

        Raises:
          ResetNeeded: before the first reset.
        """
        if self.render_mode is None:
            return None
        if self._state is None:
            raise gymnasium.error.ResetNeeded("render: the environment must be reset first")
        return tuple(timeline.frame(self.render_mode) for timeline in self._timelines)

    def _seeds(self, seed: Any) -> list[int | None]:
        """A seed for each world, None for the next episode."""
        if seed is None:
            return [None] * self.num_envs
        if not isinstance(seed, list | tuple | np.ndarray) or np.ndim(seed) == 0:
            first = require_seed(
                seed.item() if isinstance(seed, np.ndarray) else seed, self.num_envs
            )
            return [first + i for i in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ConfigError(
                f"seed: must be one for each of {self.num_envs} worlds, got {len(seed)}"
            )
        given = [None if x is None else require_seed(x) for x in seed]
        if self._state is not None or None not in given:
            return given
        fresh = noise.fresh_seed() >> 1  # there is no next episode yet
        return [fresh + i if x is None else x for i, x in enumerate(given)]

    def _reset_mask(self, options: dict[str, Any] | None) -> np.ndarray:
        if not isinstance(options, Mapping | None):
            raise ConfigError(f"options: must be a dictionary, got {options!r:.60}")
        mask = (options or {}).get("reset_mask")
        if mask is None:
            return self._everywhere
        if self._state is None:
            raise gymnasium.error.ResetNeeded("reset: the first reset must be of all worlds")
        found = array_of(mask)
        if found.shape != (self.num_envs,) or found.dtype != np.bool_ or not found.any():
            raise ConfigError(
                f"reset_mask: must be bool of shape {(self.num_envs,)} with at least one True, got "
                f"{found.dtype} {found.shape}"
            )
        return found

    def _array(self, key: str, shown: dict[str, Any]) -> np.ndarray:
        """An array of its own, which may be written to."""
        return np.array(self._known[key] if key in self._known else shown[key])

    def _observation(self, shown: dict[str, Any]) -> Any:
        observation = {f.key: self._array(f.key, shown) for f in self.design.observation}
        return next(iter(observation.values())) if self.design.is_plain else observation

    def _info(
        self, shown: dict[str, Any], which: np.ndarray | None, begins: np.ndarray | None = None
    ) -> dict[str, Any]:
        """What is known besides; "_key" says in which worlds."""
        which = self._everywhere if which is None else which
        keys = [f.key for f in self.design.info]
        keys += [key for key in shown if key.endswith(PROBABILITIES)]
        info: dict[str, Any] = {key: self._array(key, shown) for key in keys}
        if self.design.action.mask is not None:
            info["action_mask"] = self._allowed().astype(np.int8)
        info.update({f"_{key}": which.copy() for key in list(info)})
        if begins is not None:
            assert self._state is not None
            info.update(episode_seed=np.array(self._state.words), _episode_seed=begins.copy())
        return info

    def action_masks(self) -> np.ndarray:
        """Returns which documents may be shown at each place, `[N, ...]` bool.

        Raises:
          ConfigError: (also a ValueError) the story has no mask, or actions are no places.
        """
        if self.design.action.mask is None:
            raise ConfigError("action_masks: the documents must have a mask, got none")
        masks: np.ndarray = self.design.action.masks(self._allowed())
        return masks

    def _allowed(self) -> np.ndarray:
        key = self.design.action.mask.key
        mask = np.asarray(self._known[key] if key in self._known else self._shown[key])
        allowed: np.ndarray = self.design.action.allowed(mask, (self.num_envs,))
        return allowed

    def _of_world(self, i: int) -> dict[str, Any]:
        found = {key: np.asarray(x)[i] for key, x in self._shown.items()}
        return {**{key: x[i] for key, x in self._known.items()}, **found}


def _wide(which: np.ndarray, x: np.ndarray) -> np.ndarray:
    return which.reshape((-1,) + (1,) * (x.ndim - 1))


def _chosen(mask: np.ndarray, new: Any, old: Any) -> Any:
    return tf.where(np.reshape(mask, (-1,) + (1,) * (new.shape.rank - 1)), new, old)
