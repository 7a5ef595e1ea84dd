"""Many worlds of an environment in one compiled step, as pure functions of tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from recsim_ng.core import check, noise
from recsim_ng.core.errors import ConfigError
from recsim_ng.runtime.environment_action import ActionError
from recsim_ng.runtime.environment_call import require_own_process
from recsim_ng.runtime.environment_design import Design
from recsim_ng.runtime.environment_episode import episode_words


class WorldsState(NamedTuple):
    """Where N worlds are; a `tf.nest` structure.

    Attributes:
      series: `[N, 2]` uint32 the seed of each world's series of episodes.
      episode: `[N]` int32 the number of its episode.
      words: `[N, 2]` uint32 the seed of the episode.
      step: `[N]` int32 how many actions have been taken in it.
      fields: of the story, `[N, ...]` each: what the next step depends on.
    """

    series: Any
    episode: Any
    words: Any
    step: Any
    fields: tuple[Any, ...]


class Worlds:
    """N worlds of one environment, each with its own seed and clock.

    For learners written in TensorFlow: all methods take and return tensors, may be called within a
    `tf.function`, and are differentiable as far as the story is. What never changes is left out of
    what they show; it is in `constant`, without the axis of worlds.

        state, shown = worlds.reset(worlds.seeds(0))
        state, shown = worlds.step(state, actions)
        state, shown = worlds.renew(state, shown, shown["terminated"] | shown["truncated"])

    World i is exactly the environment of one world with the same seed.

    Args:
      design: of the environment: `make_env(...).design`, `gymnasium.make(...).unwrapped.design`.
      num_worlds: N.

    Raises:
      ConfigError: (also a ValueError) the design is none, or there is no world.
    """

    def __init__(self, design: Design, num_worlds: int) -> None:
        if not isinstance(design, Design):
            raise ConfigError(
                f"Worlds: design must be that of an environment, as make_env(...).design, got "
                f"{type(design).__name__}"
            )
        check.whole("Worlds", "num_worlds", num_worlds, 1)
        self._design, self.num_worlds = design, num_worlds
        self.constant = design.functions.constant
        self._variable = design.action.variable
        self._compiled = design.compiled.setdefault(num_worlds, {})

    @property
    def design(self) -> Design:
        """What each world is."""
        return self._design

    def seeds(self, first: int) -> Any:
        """Returns `[N, 2]` uint32: the seeds first, first + 1, ...

        Args:
          first: the seed of the first world.
        """
        return seeds_of(range(first, first + self.num_worlds))

    def reset(self, series: Any) -> tuple[WorldsState, dict[str, Any]]:
        """Begins the first episode of each world.

        Args:
          series: `[N, 2]` uint32 seeds; or an int, the seed of world 0: world i has seed + i.

        Returns:
          (state, what is shown, as `step` shows it, and zeros for what only a step has).
        """
        series = self.seeds(int(series)) if isinstance(series, int | np.integer) else series
        episode = tf.zeros([self.num_worlds], tf.int32)
        return self._run("first", self._first, series, episode)

    def step(self, state: WorldsState, actions: Any) -> tuple[WorldsState, dict[str, Any]]:
        """Takes an action in each world.

        Args:
          state: before.
          actions: `[N, ...]` of the action's type; whether they are in the space is not looked at.

        Returns:
          (state, what is shown: the fields by their keys; reward `[N]` float32, terminated and
          truncated `[N]` bool).

        Raises:
          ActionError: (also a ValueError) the actions are of another shape or type.
        """
        spec = self._design.action.spec
        actions = tf.convert_to_tensor(actions, getattr(actions, "dtype", spec.dtype))
        expected = tf.TensorShape([self.num_worlds, *spec.shape])
        if actions.dtype != spec.dtype or not actions.shape.is_compatible_with(expected):
            raise ActionError(
                f"Worlds.step: actions must be {spec.dtype.name} of shape {expected}, got "
                f"{actions.dtype.name} of shape {actions.shape}"
            )
        return self._run("step", self._step, state, actions)

    def renew(
        self, state: WorldsState, shown: dict[str, Any], which: Any
    ) -> tuple[WorldsState, dict[str, Any]]:
        """Begins the next episode in some worlds.

        Args:
          state: of all.
          shown: of all.
          which: `[N]` bool.

        Returns:
          (state, what is shown); reward 0, and neither terminated nor truncated, in these worlds.
        """
        return self._run("renew", self._renew, state, shown, which)

    def _run(self, name: str, function: Callable[..., Any], *args: Any) -> Any:
        if name not in self._compiled:
            require_own_process()
            self._compiled[name] = tf.function(function, jit_compile=True, autograph=False)
        return self._compiled[name](*args)

    def _first(self, series: Any, episode: Any) -> tuple[WorldsState, dict[str, Any]]:
        def of_one(args: Any) -> Any:
            series, episode = args
            words = tf.stack(episode_words((series[0], series[1]), episode))
            return words, self._design.functions.first(words)

        words, (fields, shown) = _mapped(of_one, (series, episode))
        nothing, step = tf.zeros([self.num_worlds], tf.bool), tf.zeros([self.num_worlds], tf.int32)
        shown = {"terminated": nothing, **shown, "truncated": nothing}
        return WorldsState(series, episode, words, step, tuple(fields)), shown

    def _step(self, state: WorldsState, actions: Any) -> tuple[WorldsState, dict[str, Any]]:
        def of_one(args: Any) -> Any:
            words, step, fields, action = args
            return self._design.functions.following(words, step, fields, {self._variable: action})

        fields, shown = _mapped(of_one, (state.words, state.step, list(state.fields), actions))
        step = state.step + 1
        nothing, limit = tf.zeros([self.num_worlds], tf.bool), self._design.num_steps
        truncated = nothing if limit is None else step >= limit
        shown = {"terminated": nothing, **shown, "truncated": truncated}
        return state._replace(step=step, fields=tuple(fields)), shown

    def _renew(
        self, state: WorldsState, shown: dict[str, Any], which: Any
    ) -> tuple[WorldsState, dict[str, Any]]:
        begun, begun_shown = self._first(state.series, state.episode + 1)

        def chosen(new: Any, old: Any) -> Any:
            shape = [self.num_worlds] + [1] * (old.shape.rank - 1)
            return tf.where(tf.reshape(which, shape), new, old)

        state = tf.nest.map_structure(chosen, begun, state)
        return state, {key: chosen(begun_shown[key], x) for key, x in shown.items()}


def seeds_of(seeds: Any) -> Any:
    """Returns `[N, 2]` uint32, the words of seeds.

    Args:
      seeds: ints.
    """
    return tf.constant(np.stack([noise.seed_words(seed) for seed in seeds]), tf.uint32)


def _mapped(function: Callable[..., Any], args: Any) -> Any:
    return tf.vectorized_map(function, args, fallback_to_while_loop=False)
