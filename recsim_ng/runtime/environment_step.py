"""The compiled step of an environment: pure functions of seeds, state and actions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.network import NetworkValue
from recsim_ng.core.value import Value
from recsim_ng.runtime.environment_action import Action
from recsim_ng.runtime.environment_field import CLOCK, SeenField, lone, seen_field
from recsim_ng.runtime.environment_flow import Place, flow_of, unflat
from recsim_ng.runtime.environment_world import World

PROBABILITIES = "probabilities"


@dataclasses.dataclass(frozen=True)
class Shown:
    """What an environment shows of a moment.

    Attributes:
      observation: the fields that the agents see.
      rewards: by key, "reward" where there is one agent: moment -> float scalar.
      terminated: moment -> bool scalar, or None: never.
      info: further fields.
    """

    observation: tuple[SeenField, ...]
    rewards: Mapping[str, Callable[[NetworkValue], Any]]
    terminated: Callable[[NetworkValue], Any] | None = None
    info: tuple[SeenField, ...] = ()


class StepFunctions:
    """What a world does at reset and at a step, as pure functions of tensors, ready to be compiled.

    The state is as little as what is shown needs, now or later. Fields that never change are no
    part of it: they are in `constant`, under the keys under which they are shown. Of every choice
    that follows from the actions the probabilities are shown, "user response/choice probabilities".

    Args:
      world: the story.
      actions: of its agents.
      shown: what is shown.
    """

    def __init__(self, world: World, actions: Sequence[Action], shown: Shown) -> None:
        self._world, self._actions, self._shown = world, tuple(actions), shown
        specs = {a.variable: a.spec for a in actions}
        flow = flow_of(
            world, specs, lambda m, laws, step: self._of_step(m, laws, step, frozenset())
        )
        self._carried = flow.carried
        self._constant = dict(flow.constant)
        fields = {f.key: f for f in (*shown.observation, *shown.info) if f.place in flow.constant}
        self.constant: dict[str, np.ndarray] = {
            key: np.asarray(lone(tf.constant(flow.constant[f.place]), f))
            for key, f in fields.items()
        }
        self._hidden = frozenset(fields)
        self.shown_specs = {k: x for k, x in flow.shown.items() if k not in self._hidden}
        self.state_specs = tuple(world.shapes[v].get(f) for v, f in flow.carried)

    @property
    def fields(self) -> tuple[SeenField, ...]:
        """The fields that are shown."""
        return (*self._shown.observation, *self._shown.info)

    @property
    def carried(self) -> tuple[Place, ...]:
        """The fields of the state."""
        return self._carried

    def first(self, words: Any) -> tuple[list[Any], dict[str, Any]]:
        """Returns (state, what is shown) at the beginning; zeros for what only a step has.

        Args:
          words: `[2]` uint32, the seed.
        """
        moment = self._world.first(words)
        state = self._state(moment)
        nothing = {k: tf.zeros(x.shape, x.dtype) for k, x in self.shown_specs.items()}
        return state, {**nothing, **self._fields(moment, tf.constant(0), self._hidden)}

    def following(
        self, words: Any, step: Any, state: Sequence[Any], actions: Mapping[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Returns (state, what is shown) after the actions of a step.

        Args:
          words: `[2]` uint32, the seed.
          step: t, int32 scalar.
          state: before.
          actions: variable name -> action.
        """
        moment, laws = self._world.following(words, step, self._moment(state), actions)
        return self._state(moment), self._of_step(moment, laws, step + 1, self._hidden)

    def _state(self, moment: NetworkValue) -> list[Any]:
        # What an entity keeps for itself is no tensor of the graph that is being made.
        return [tf.identity(moment[v].get(f)) for v, f in self._carried]

    def _moment(self, state: Sequence[Any]) -> NetworkValue:
        known: dict[Place, Any] = {p: tf.constant(x) for p, x in self._constant.items()}
        known.update(zip(self._carried, state, strict=True))
        for variable, value in self._world.shapes.items():
            for field, spec in value.as_dict.items():
                if (variable, field) not in known:  # what nothing that is shown depends on
                    known[variable, field] = tf.zeros(spec.shape, spec.dtype)
        places = list(known)
        return unflat(self._world, [known[p] for p in places], places)

    def _fields(self, moment: NetworkValue, step: Any, hidden: frozenset[str]) -> dict[str, Any]:
        fields = (*self._shown.observation, *self._shown.info)
        clock = Value(**{CLOCK[1]: tf.cast(step, tf.float32)})
        moment = {**moment, CLOCK[0]: clock} if any(f.place == CLOCK for f in fields) else moment
        return {
            f.key: tf.identity(lone(moment[f.variable].get(f.field), f))
            for f in fields
            if f.key not in hidden
        }

    def _of_step(
        self, moment: NetworkValue, laws: Mapping[Place, Any], step: Any, hidden: frozenset[str]
    ) -> dict[str, Any]:
        found = self._fields(moment, step, hidden)
        found.update({key: reward(moment) for key, reward in self._shown.rewards.items()})
        if self._shown.terminated is not None:
            found["terminated"] = self._shown.terminated(moment)
        for (variable, field), law in laws.items():
            if isinstance(law, tfp.distributions.Categorical):
                seen = seen_field(self._world, variable, field)
                probabilities = law.probs_parameter()
                if seen.has_lone_user:
                    probabilities = tf.squeeze(probabilities, 0)
                found[f"{seen.key} {PROBABILITIES}"] = probabilities
        return found
