"""Every story is an environment: `make_env` opens it at its agent, for Gymnasium."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.network import Network
from recsim_ng.core.variable import Variable
from recsim_ng.runtime.environment_design import Design, Names, design
from recsim_ng.runtime.environment_episode import Series
from recsim_ng.runtime.environment_render import Timeline
from recsim_ng.runtime.environment_rule import Rule
from recsim_ng.runtime.environment_slate import ActionKind


def make_env(
    story: Network | Sequence[Variable],
    agent: str = "recommender",
    *,
    observation: Names | None = None,
    reward: Rule | None = None,
    terminated: Rule | None = None,
    num_steps: int | None = None,
    action: ActionKind = "slate",
    docs: str | None = "available docs",
    repeats: bool = False,
    features: str = "doc_features",
    mask: str = "is_candidate",
    action_range: tuple[float, float] = (-1.0, 1.0),
    info: Names | None = None,
    render_mode: str | None = None,
) -> StoryEnv:
    """Makes a Gymnasium environment of a story, in which the agent's behaviour is the learner's.

    At each step the action pins the agent's variable, as by `Do`; whatever is not downstream of it
    keeps its draws. So an episode is the run of the story, with the episode's seed, in which these
    actions are forced. With one user alone, spaces have no axis for users.

    Args:
      story: a network or its variables.
      agent: "recommender" (the variable "slate docs"), "algorithm" ("algorithm choice.arm"), or
        any variable or field, "user response.choice".
      observation: names of variables and fields; a single field's name gives a plain box. None:
        what the agent's own behaviour in the story would read, which holds nothing latent. A latent
        field is shown only if it is named itself, "user state.interest". "environment.step" is the
        number of actions taken. What follows from an action is that of the step before, and zeros
        at first.
      reward: a field, whose mean over users it is, or a function (moment: variable name -> Value)
        -> scalar tensor, in TensorFlow. What follows from the action is of this step, all else of
        the next one. None: "metrics state.reward" or "bandit rewards.reward".
      terminated: alike, true when the episode has ended; None: never.
      num_steps: T, steps after which an episode is truncated; None: never.
      action: "slate": places of documents in `docs`, `[U, S]`; "document": `[U]`, for slates of
        one; "scores": `[U, D]` float32, the S highest are shown; "proto": `[U, F]` float32, the S
        nearest documents are.
      docs: the variable that slates are made of; None to act on the field itself.
      repeats: whether a slate may show a document twice.
      features: the documents' field that a proto-item is compared with, `[D, F]`.
      mask: the documents' field that says who may be shown what, if they have it.
      action_range: the least and the greatest number of scores and proto-items, and of a field's
        numbers where its spec sets no bounds.
      info: further fields; None: those of "metrics state".
      render_mode: None, "ansi" or "rgb_array".

    Returns:
      The environment.

    Raises:
      ConfigError: (also a ValueError) an argument does not fit the story.
      NetworkError: (also a ValueError) the story has fields whose shape is not fixed.
    """
    made = design(
        story,
        agent,
        observation=observation,
        reward=reward,
        terminated=terminated,
        num_steps=num_steps,
        action=action,
        docs=docs,
        repeats=repeats,
        features=features,
        mask=mask,
        action_range=action_range,
        info=info,
        render=render_mode is not None,
    )
    return StoryEnv(made, render_mode=render_mode)


class StoryEnv(gymnasium.Env[Any, Any]):
    """One world of a story as an environment; `make_env` makes it.

    `reset(seed=...)` begins the run of that seed. Each later `reset()` begins the next episode,
    whose seed follows from it: `info["episode_seed"]`, a pair that the runtimes take.

    Args:
      design: what it is.
      render_mode: None, "ansi" or "rgb_array".

    Raises:
      ConfigError: (also a ValueError) there is no such render mode.
    """

    metadata = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}  # noqa: RUF012

    def __init__(self, design: Design, *, render_mode: str | None = None) -> None:
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise ConfigError(
                f"render_mode: must be one of {self.metadata['render_modes']} or None, got "
                f"{render_mode!r}"
            )
        self.render_mode, self.design = render_mode, design
        # Of its own, as their samples are seeded.
        self.observation_space = copy.deepcopy(design.observation_space)
        self.action_space = copy.deepcopy(design.action.space)
        self._series, self._count, self._is_over = Series(), 0, True
        self._timeline = None if render_mode is None else Timeline(design)
        self._program = program = design.program
        self._observe = [(f.key, program.reader(f.key)) for f in design.observation]
        keys = [*(f.key for f in design.info), *program.probabilities]
        self._inform = [(key, program.reader(key)) for key in keys]
        self._draw = [(f.key, program.reader(f.key)) for f in design.drawn]
        (self._argument,) = program.arguments()
        seen = design.action.mask
        self._read_mask = None if seen is None else program.reader(seen.key)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begins an episode.

        Args:
          seed: of a new series of episodes, the first of which is the run with this seed; None: the
            next episode.
          options: not read.

        Returns:
          (observation, info).
        """
        super().reset(seed=seed)
        words = self._series.begin(seed)
        self._now = self._program.first(words)
        self._count, self._is_over = 0, False
        observation, info, _, _ = self._read()
        info["episode_seed"] = (int(words[0]), int(words[1]))
        if self._timeline is not None:
            self._timeline.begin(self._drawn(0.0))
        return observation, info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Takes an action.

        Args:
          action: in the action space.

        Returns:
          (observation, reward, terminated, truncated, info).

        Raises:
          ActionError: (also a ValueError) the action is not in the space.
          ResetNeeded: before the first reset, or after the end of an episode.
        """
        if self._is_over:
            raise gymnasium.error.ResetNeeded(
                "step: the environment must be reset before the first step and after the end of an "
                "episode; call reset()"
            )
        checked = self.design.action.checked(action)
        if self._read_mask is not None:
            self.design.action.require_allowed(checked, self._allowed())
        self._now = self._program.step(self._now, self._argument(checked))
        self._count += 1
        observation, info, reward, terminated = self._read()
        truncated = self._count == self.design.num_steps
        self._is_over = terminated or truncated
        if self._timeline is not None:
            self._timeline.add(self._drawn(reward), checked)
        return observation, reward, terminated, truncated, info

    def __deepcopy__(self, memo: dict[int, Any]) -> StoryEnv:
        """Returns an environment that goes on from here by itself, as planners need it."""
        other = StoryEnv(self.design, render_mode=self.render_mode)
        design = {id(self.design): self.design, id(self._program): self._program}
        for name in ("observation_space", "action_space", "_series", "_timeline", "_np_random"):
            setattr(other, name, copy.deepcopy(getattr(self, name), {**memo, **design}))
        other._count, other._is_over = self._count, self._is_over
        if self._series.has_begun:
            other._now = self._now
        return other

    def __reduce__(self) -> Any:
        raise TypeError(
            "StoryEnv: holds compiled code, which cannot be pickled; make it where it is used"
        )

    def render(self) -> Any:
        """Returns the episode so far: a table ("ansi"), or `[H, W, 3]` uint8 ("rgb_array").

        Raises:
          ResetNeeded: before the first reset.
        """
        if self._timeline is None:
            gymnasium.logger.warn(
                "render: no render_mode was given; make the environment with render_mode='ansi' or "
                "'rgb_array'"
            )
            return None
        if not self._series.has_begun:
            raise gymnasium.error.ResetNeeded("render: the environment must be reset first")
        return self._timeline.frame(self.render_mode or "ansi")

    def action_masks(self) -> np.ndarray:
        """Returns which documents may be shown at each place, as sb3-contrib's learners ask for it.

        Raises:
          ConfigError: (also a ValueError) the story has no mask, or actions are no places.
        """
        if self._read_mask is None:
            raise ConfigError("action_masks: the documents must have a mask, got none")
        return self.design.action.masks(self._allowed())

    def _allowed(self) -> np.ndarray:
        assert self._read_mask is not None
        allowed: np.ndarray = self.design.action.allowed(self._read_mask(self._now))
        return allowed

    def _drawn(self, reward: float) -> dict[str, Any]:
        """What is drawn, by keys."""
        return {**{key: read(self._now).copy() for key, read in self._draw}, "reward": reward}

    def _read(self) -> tuple[Any, dict[str, Any], float, bool]:
        now = self._now
        observation: Any = {key: read(now) for key, read in self._observe}
        if self.design.is_plain:
            (observation,) = observation.values()
        info: dict[str, Any] = {key: read(now) for key, read in self._inform}
        if self._read_mask is not None:
            info["action_mask"] = self._allowed().astype(np.int8)
        reward, terminated = self._program.number(now, "reward"), self._program.terminated(now)
        return observation, info, reward, terminated
