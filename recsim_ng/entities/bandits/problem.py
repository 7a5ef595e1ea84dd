"""BanditProblem: the role of what arms are worth, and of what they bring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.role import BanditRole


class BanditProblem(BanditRole):
    """What the arms of bandits are worth now, and what the chosen one brings.

    A subclass defines the methods that its story calls.

    Args:
      config: settings by name.
      name: of the entity.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "BanditProblem") -> None:
        super().__init__(config, name)

    def initial_state(self, parameters: Value, context: Value) -> Value:
        """Returns the bandits' state at step 0.

        Args:
          parameters: of the bandits.
          context: at step 0.
        """
        raise NotImplementedError(self._undefined("initial_state"))

    def next_state(self, parameters: Value, context: Value) -> Value:
        """Returns the bandits' state at t.

        Args:
          parameters: of the bandits.
          context: at t.
        """
        raise NotImplementedError(self._undefined("next_state"))

    def reward(self, arm: Value, state: Value) -> Value:
        """Returns what the chosen arms bring.

        Args:
          arm: what was chosen.
          state: the bandits' state.
        """
        raise NotImplementedError(self._undefined("reward"))

    def specs(self) -> Value:
        """Returns the specs of `state` and `reward`."""
        raise NotImplementedError(self._undefined("specs"))


class MeanRewardProblem(BanditProblem):
    """Base of problems whose state is the mean reward of every arm, `[B, A]`.

    Args:
      config: reads `num_bandits` (B) and `num_arms` (A).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size is too small.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "MeanRewardProblem") -> None:
        super().__init__(config, name)
        self._measure()

    def initial_state(self, parameters: Value, context: Value) -> Value:
        """Returns the state: at step 0 as at every other."""
        return self.next_state(parameters, context)

    def next_state(self, parameters: Value, context: Value) -> Value:
        """Returns arm_means `[B, A]` float32, those of the parameters.

        Args:
          parameters: arm_means `[B, A]`.
          context: not read.
        """
        del context
        return Value(arm_means=tf.convert_to_tensor(parameters.get("arm_means")))

    def chosen_mean(self, arm: Value, state: Value) -> Any:
        """Returns `[B]` the mean reward of the chosen arms.

        Args:
          arm: arm `[B]` int32.
          state: arm_means `[B, A]`.
        """
        is_chosen = tf.one_hot(tf.convert_to_tensor(arm.get("arm")), self._sizes["arm"])
        return tf.reduce_sum(is_chosen * tf.convert_to_tensor(state.get("arm_means")), axis=-1)

    def specs(self) -> Value:
        """Returns the specs: state arm_means `[B, A]`, reward `[B]`, both float32."""
        return ValueSpec(
            state=ValueSpec(arm_means=self._space(-np.inf, np.inf, "bandit", "arm")),
            reward=ValueSpec(reward=self._space(-np.inf, np.inf, "bandit")),
        )
