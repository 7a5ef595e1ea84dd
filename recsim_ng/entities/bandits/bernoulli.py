"""Bernoulli bandits: an arm brings 1 or 0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.generator import BanditGenerator
from recsim_ng.entities.bandits.problem import MeanRewardProblem


class BernoulliGenerator(BanditGenerator):
    """Probabilities of success, given or drawn.

        arm_means[b, a] ~ Beta(prior_successes, prior_failures)

    Args:
      config: reads `num_bandits` (B), `num_arms` (A), and, if there, `arm_means` (what broadcasts
        to `[B, A]`: nothing is drawn), `prior_successes` (1) and `prior_failures` (1).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range, a probability outside
        [0, 1], or arm_means of another shape.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "BernoulliGenerator") -> None:
        super().__init__(config, name)
        self._measure()
        self._successes = self._setting("prior_successes", 1.0, 1e-2, 1e6)
        self._failures = self._setting("prior_failures", 1.0, 1e-2, 1e6)
        self._arm_means = self._given("arm_means", "bandit", "arm", low=0.0, high=1.0)

    def parameters(self) -> Value:
        """Returns arm_means `[B, A]` float32, probabilities."""
        if self._arm_means is not None:
            return Value(arm_means=tf.constant(self._arm_means))
        successes = tf.fill(self._shape("bandit", "arm"), self._successes)
        return Value(arm_means=ed.Beta(successes, self._failures, name="arm_means"))

    def specs(self) -> Value:
        """Returns the spec of arm_means."""
        return ValueSpec(arm_means=self._space(0.0, 1.0, "bandit", "arm"))


class BernoulliProblem(MeanRewardProblem):
    """An arm brings 1 with a probability of its own, else 0.

        reward_t[b] ~ Bernoulli(arm_means[b, arm_t[b]])

    Args:
      config: reads `num_bandits` (B) and `num_arms` (A).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size is too small.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "BernoulliProblem") -> None:
        super().__init__(config, name)

    def reward(self, arm: Value, state: Value) -> Value:
        """Returns reward `[B]` float32, 0 or 1.

        Args:
          arm: arm `[B]`.
          state: arm_means `[B, A]`.
        """
        mean = self.chosen_mean(arm, state)
        return Value(reward=ed.Bernoulli(probs=mean, dtype=tf.float32, name="reward"))

    def specs(self) -> Value:
        """Returns the specs of state and reward."""
        return ValueSpec(
            state=ValueSpec(arm_means=self._space(0.0, 1.0, "bandit", "arm")),
            reward=ValueSpec(reward=self._space(0.0, 1.0, "bandit")),
        )
