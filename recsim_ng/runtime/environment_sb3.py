"""A vector of worlds as Stable-Baselines3 takes it."""

from __future__ import annotations

import importlib
import importlib.util
import math
from collections.abc import Iterable, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode

from recsim_ng.core import noise
from recsim_ng.core.errors import ConfigError
from recsim_ng.runtime.environment_action import array_of
from recsim_ng.runtime.environment_episode import require_seed
from recsim_ng.runtime.environment_vector import StoryVectorEnv

_NAME = "stable_baselines3"
_is_there = importlib.util.find_spec(_NAME) is not None
_VecEnv: Any = importlib.import_module(f"{_NAME}.common.vec_env").VecEnv if _is_there else object


class SB3VecEnv(_VecEnv):  # type: ignore[misc]
    """N worlds of a story as a `stable_baselines3.common.vec_env.VecEnv`.

        PPO("MultiInputPolicy", SB3VecEnv(gymnasium.make_vec(
            "recsim_ng/InterestEvolution-v0", num_envs=64, repeats=True, autoreset_mode="SameStep"
        )))

    Needs Stable-Baselines3: `pip install 'recsim_ng[rl]'`. `VecMonitor` around it records episodes.

    Args:
      env: the worlds, with autoreset at the same step.
      seed: of world 0; world i has seed + i.

    Raises:
      ConfigError: (also a ValueError) Stable-Baselines3 is not installed, or the environment resets
        otherwise.
    """

    def __init__(self, env: Any, seed: int | None = None) -> None:
        if not _is_there:
            raise ConfigError(
                "SB3VecEnv: needs Stable-Baselines3, got none; pip install 'recsim_ng[rl]'"
            )
        made = getattr(env, "unwrapped", env)
        if not isinstance(made, StoryVectorEnv) or env is not made:
            raise ConfigError(
                f"SB3VecEnv: env must be what make_vec_env or gymnasium.make_vec makes, got {env}"
            )
        if made.metadata["autoreset_mode"] is not AutoresetMode.SAME_STEP:
            raise ConfigError(
                "SB3VecEnv: the environment must be made with autoreset_mode='SameStep', got "
                f"{made.metadata['autoreset_mode'].value!r}"
            )
        self._env, self._first_seed = made, seed
        self._actions: Any = None
        actions = made.single_action_space
        if isinstance(actions, gymnasium.spaces.MultiDiscrete) and actions.nvec.ndim > 1:
            # Stable-Baselines3 has no slates of several users, but their places in a row.
            actions = gymnasium.spaces.MultiDiscrete(actions.nvec.ravel())
        super().__init__(made.num_envs, made.single_observation_space, actions)

    def reset(self) -> Any:
        """Begins the next episode of each world.

        Returns:
          The observations.
        """
        observation, found = self._env.reset(seed=self._first_seed)
        self._first_seed = None
        self.reset_infos: list[dict[str, Any]] = self._infos(found)
        self._reset_seeds()
        self._reset_options()
        return observation

    def seed(self, seed: int | None = None) -> Sequence[int]:
        """Sets the seed of world 0 for the next reset.

        Args:
          seed: world i has seed + i; None: one that is drawn.

        Returns:
          The seed of each world.
        """
        first = noise.fresh_seed() >> 32 if seed is None else seed
        require_seed(first, self.num_envs)
        self._first_seed = first
        return [first + i for i in range(self.num_envs)]

    def step_async(self, actions: np.ndarray) -> None:
        """Takes the actions of the next step.

        Args:
          actions: `[N, ...]`.
        """
        self._actions = found = array_of(actions)
        shape = self._env.single_action_space.shape or ()
        if len(shape) > 1 and found.shape == (self.num_envs, math.prod(shape)):
            self._actions = found.reshape((self.num_envs, *shape))

    def step_wait(self) -> tuple[Any, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Makes the step.

        Returns:
          (observations, rewards `[N]` float32, whether episodes ended `[N]`, infos); the info of a
          world whose episode has ended holds "terminal_observation" and "TimeLimit.truncated".
        """
        observation, rewards, terminated, truncated, found = self._env.step(self._actions)
        ended = terminated | truncated
        infos = self._infos(found)
        for i in np.flatnonzero(ended).tolist():
            self.reset_infos[i] = dict(infos[i])  # of the episode that has begun
            infos[i].update({k: x[i] for k, x in found["final_info"].items() if k[0] != "_"})
            infos[i]["terminal_observation"] = found["final_obs"][i]
            infos[i]["TimeLimit.truncated"] = bool(truncated[i] and not terminated[i])
        return observation, rewards.astype(np.float32), ended, infos

    def _infos(self, found: dict[str, Any]) -> list[dict[str, Any]]:
        """For each world; "episode_seed" where an episode begins."""
        keys = [k for k in found if k[0] != "_" and k not in ("final_obs", "final_info")]
        return [{k: found[k][i] for k in keys if found[f"_{k}"][i]} for i in range(self.num_envs)]

    def close(self) -> None:
        """Closes the worlds."""
        self._env.close()

    def get_images(self) -> Sequence[Any]:
        """Returns a frame of each world."""
        return self._env.render() or []

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Returns an attribute, the same for all worlds.

        Args:
          attr_name: its name.
          indices: of worlds; None: all.
        """
        return [getattr(self._env, attr_name) for _ in self._indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refuses, as worlds share everything but their state.

        Args:
          attr_name: its name.
          value: not set.
          indices: of worlds.

        Raises:
          ConfigError: (also a ValueError) always.
        """
        raise ConfigError(
            f"SB3VecEnv: worlds must stay alike, got {attr_name!r} to set; make another environment"
        )

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kw: Any) -> list[Any]:
        """Calls a method once, and returns its result for each world.

        Args:
          method_name: its name.
          *args: of the method.
          indices: of worlds; None: all.
          **kw: of the method.

        Returns:
          The result, once for each of the worlds asked for; of `action_masks`, each world's own.
        """
        found = getattr(self._env, method_name)(*args, **kw)
        if method_name == "action_masks":
            return [found[i] for i in self._indices(indices)]
        return [found for _ in self._indices(indices)]

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """Returns False for each world.

        Args:
          wrapper_class: of wrappers.
          indices: of worlds; None: all.
        """
        del wrapper_class
        return [False for _ in self._indices(indices)]

    def _indices(self, indices: Any) -> Iterable[int]:
        if indices is None:
            return range(self.num_envs)
        return [int(indices)] if isinstance(indices, int | np.integer) else indices
