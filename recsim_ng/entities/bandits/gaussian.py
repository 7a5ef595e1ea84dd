"""Gaussian bandits: an arm brings its mean and noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.generator import BanditGenerator
from recsim_ng.entities.bandits.problem import MeanRewardProblem


class GaussianGenerator(BanditGenerator):
    """Mean rewards, given or drawn.

        arm_means[b, a] ~ N(prior_mean, prior_scale)

    Args:
      config: reads `num_bandits` (B), `num_arms` (A), and, if there, `arm_means` (what broadcasts
        to `[B, A]`: nothing is drawn), `prior_mean` (0) and `prior_scale` (1).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range, or arm_means of another
        shape.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "GaussianGenerator") -> None:
        super().__init__(config, name)
        self._measure()
        self._mean = self._setting("prior_mean", 0.0, -1e6, 1e6)
        self._scale = self._setting("prior_scale", 1.0, 1e-6, 1e6)
        self._arm_means = self._given("arm_means", "bandit", "arm")

    def parameters(self) -> Value:
        """Returns arm_means `[B, A]` float32."""
        if self._arm_means is not None:
            return Value(arm_means=tf.constant(self._arm_means))
        mean = tf.fill(self._shape("bandit", "arm"), self._mean)
        return Value(arm_means=ed.Normal(mean, self._scale, name="arm_means"))

    def specs(self) -> Value:
        """Returns the spec of arm_means."""
        return ValueSpec(arm_means=self._space(-np.inf, np.inf, "bandit", "arm"))


class GaussianProblem(MeanRewardProblem):
    """An arm brings its mean and Gaussian noise.

        reward_t[b] ~ N(arm_means_t[b, arm_t[b]], noise_scale)

    Args:
      config: reads `num_bandits` (B), `num_arms` (A), and, if there, `noise_scale` (1).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "GaussianProblem") -> None:
        super().__init__(config, name)
        self._noise_scale = self._setting("noise_scale", 1.0, 1e-6, 1e6)

    def reward(self, arm: Value, state: Value) -> Value:
        """Returns reward `[B]` float32.

        Args:
          arm: arm `[B]`.
          state: arm_means `[B, A]`.
        """
        mean = self.chosen_mean(arm, state)
        return Value(reward=ed.Normal(mean, self._noise_scale, name="reward"))
