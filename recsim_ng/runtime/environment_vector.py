"""Many worlds of a story as one Gymnasium vector environment."""

from __future__ import annotations

from collections.abc import Sequence
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
from recsim_ng.runtime.environment_design import Design, design
from recsim_ng.runtime.environment_render import Timeline
from recsim_ng.runtime.environment_slate import SlateSpace
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
        self.single_observation_space = worlds.design.observation_space
        self.single_action_space = worlds.design.action.space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = _batched(self.single_action_space, self.num_envs)
        self._state: WorldsState | None = None
        self._shown: dict[str, Any] = {}
        self._is_over = np.zeros(self.num_envs, bool)
        self._everywhere = np.ones(self.num_envs, bool)
        self._known = {
            key: np.broadcast_to(x, (self.num_envs, *x.shape)) for key, x in worlds.constant.items()
        }
        self._keys = {f.key for f in worlds.design.observation}
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
        seed: int | Sequence[int] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Begins an episode in all worlds, or in those of `options["reset_mask"]`.

        Args:
          seed: of world 0, world i has seed + i; or one for each world. None: the next episodes.
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
        if seed is None:
            assert self._state is not None
            found = self.worlds.renew(self._state, self._shown, tf.constant(mask))
        else:
            fresh = self.worlds.reset(self._seeds(seed))
            found = fresh
            if self._state is not None and not mask.all():
                kept = (self._state, self._shown)
                found = tf.nest.map_structure(lambda a, b: _chosen(mask, a, b), fresh, kept)
        self._state, self._shown = found
        self._is_over = self._is_over & ~mask
        for i, timeline in enumerate(self._timelines):
            if mask[i]:
                timeline.begin(self._of_world(i))
        return self._observation(self._shown), self._info(self._shown, mask, begins=True)

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
        checked = action.checked(actions, (self.num_envs,))
        if action.mask is not None:
            action.require_allowed(checked[~ended], self._mask()[~ended])
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
            finals[i] = {k: x[i] for k, x in last.items()} if isinstance(last, dict) else last[i]
        assert self._state is not None
        self._state, self._shown = self.worlds.renew(self._state, shown, tf.constant(over))
        for i, timeline in enumerate(self._timelines):
            if over[i]:
                timeline.begin(self._of_world(i))
        further = self._info(self._shown, None, over)
        further.update(final_obs=finals, _final_obs=over, final_info=info, _final_info=over)
        return self._observation(self._shown), rewards, terminated, truncated, further

    def render(self) -> tuple[Any, ...] | None:
        """Returns a frame of each world, None without a render mode."""
        if self.render_mode is None:
            return None
        return tuple(timeline.frame(self.render_mode) for timeline in self._timelines)

    def _seeds(self, seed: int | Sequence[int]) -> Any:
        if isinstance(seed, int | np.integer):
            return self.worlds.seeds(int(seed))
        seeds = list(seed)
        if len(seeds) != self.num_envs:
            raise ConfigError(
                f"seed: must be one for each of {self.num_envs} worlds, got {len(seeds)}"
            )
        return seeds_of(seeds)

    def _reset_mask(self, options: dict[str, Any] | None) -> np.ndarray:
        mask = (options or {}).get("reset_mask")
        if mask is None:
            return self._everywhere
        if self._state is None:
            raise gymnasium.error.ResetNeeded("reset: the first reset must be of all worlds")
        found = np.asarray(mask)
        if found.shape != (self.num_envs,) or found.dtype != np.bool_ or not found.any():
            raise ConfigError(
                f"reset_mask: must be bool of shape {(self.num_envs,)} with at least one True, got "
                f"{found.dtype} {found.shape}"
            )
        return found

    def _observation(self, shown: dict[str, Any]) -> Any:
        observation = {
            key: self._known[key] if key in self._known else np.asarray(shown[key])
            for key in self._ordered()
        }
        return next(iter(observation.values())) if self.design.is_plain else observation

    def _ordered(self) -> list[str]:
        return [f.key for f in self.design.observation]

    def _info(
        self, shown: dict[str, Any], which: np.ndarray | None, begins: Any = None
    ) -> dict[str, Any]:
        which = self._everywhere if which is None else which
        info: dict[str, Any] = {}
        for f in self.design.info:
            info[f.key] = self._known[f.key] if f.key in self._known else np.asarray(shown[f.key])
        for key, x in shown.items():
            if key.endswith(PROBABILITIES):
                info[key] = np.asarray(x)
        if self.design.action.mask is not None:
            info["action_mask"] = self._mask()
        info.update({f"_{key}": which for key in info})
        if begins is not None:
            assert self._state is not None
            begun = self._everywhere & which if begins is True else begins
            info.update(episode_seed=np.asarray(self._state.words), _episode_seed=begun)
        return info

    def _mask(self) -> np.ndarray:
        key = self.design.action.mask.key
        return np.asarray(self._known.get(key, self._shown.get(key)), bool)

    def _of_world(self, i: int) -> dict[str, Any]:
        found = {key: np.asarray(x)[i] for key, x in self._shown.items()}
        return {**{key: x[i] for key, x in self._known.items()}, **found}


def _chosen(mask: np.ndarray, new: Any, old: Any) -> Any:
    return tf.where(np.reshape(mask, (-1,) + (1,) * (new.shape.rank - 1)), new, old)


def _batched(space: gymnasium.spaces.Space, count: int) -> gymnasium.spaces.Space:
    if isinstance(space, SlateSpace):
        return SlateSpace(np.broadcast_to(space.nvec, (count, *space.nvec.shape)).copy())
    return batch_space(space, count)
