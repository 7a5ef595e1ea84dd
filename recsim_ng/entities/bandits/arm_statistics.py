"""Algorithms that keep, of every arm, how often it was pulled and what it brought."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.ordering import argmax
from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.algorithm import BanditAlgorithm


class ArmStatisticsAlgorithm(BanditAlgorithm):
    """Base of algorithms that learn from counts and sums, and look at no context.

    With a_t the arm pulled at step t and r_t its reward, for every bandit and arm, 0 at step 0:

        pulls_{t+1}[a]      = discount pulls_t[a]      + 1{a = a_t}
        reward_sum_{t+1}[a] = discount reward_sum_t[a] + 1{a = a_t} r_t

    A discount below 1 forgets, for arms that change.

    Args:
      config: reads `num_bandits` (B), `num_arms` (A), and, if there, `discount` (1).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range.

    Source: Garivier and Moulines (2011), On upper-confidence bound policies for switching bandit
      problems, for the discount.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "ArmStatisticsAlgorithm") -> None:
        super().__init__(config, name)
        self._measure()
        self._discount = self._setting("discount", 1.0, 0.0, 1.0)

    def initial_statistics(self, context: Value) -> Value:
        """Returns pulls and reward_sum `[B, A]` float32, zeros.

        Args:
          context: not read.
        """
        del context
        zeros = tf.zeros(self._shape("bandit", "arm"))
        return Value(pulls=zeros, reward_sum=zeros)

    def next_statistics(
        self, previous_statistics: Value, arm: Value, reward: Value, context: Value
    ) -> Value:
        """Returns counts and sums with the pulls of t - 1.

        Args:
          previous_statistics: pulls and reward_sum `[B, A]`.
          arm: arm `[B]`.
          reward: reward `[B]`.
          context: not read.
        """
        del context
        pulled = tf.one_hot(tf.convert_to_tensor(arm.get("arm")), self._sizes["arm"])
        brought = pulled * tf.convert_to_tensor(reward.get("reward"))[:, None]
        kept = previous_statistics.map(lambda x: self._discount * x)
        return Value(pulls=kept.get("pulls") + pulled, reward_sum=kept.get("reward_sum") + brought)

    def specs(self) -> Value:
        """Returns the specs of choice, arm `[B]` int32, and statistics."""
        last = self._sizes["arm"] - 1
        return ValueSpec(
            choice=ValueSpec(arm=self._space(0, last, "bandit", dtype=np.int32)),
            statistics=ValueSpec(
                pulls=self._space(0.0, np.inf, "bandit", "arm"),
                reward_sum=self._space(-np.inf, np.inf, "bandit", "arm"),
            ),
        )


class IndexAlgorithm(ArmStatisticsAlgorithm):
    """Base of algorithms that pull the arm of the greatest index, the first of equals.

    An arm never pulled comes before all others.

    Args:
      config: as for `ArmStatisticsAlgorithm`.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "IndexAlgorithm") -> None:
        super().__init__(config, name)

    @abc.abstractmethod
    def index(self, mean: Any, pulls: Any, total: Any) -> Any:
        """Returns `[B, A]` float32 the index of arms pulled before.

        Args:
          mean: `[B, A]` the mean of their rewards.
          pulls: `[B, A]` how often they were pulled, positive.
          total: `[B, 1]` how often arms were pulled, at least 1.
        """

    def arm_choice(self, statistics: Value, context: Value) -> Value:
        """Returns arm `[B]` int32.

        Args:
          statistics: pulls and reward_sum `[B, A]`.
          context: not read.
        """
        del context
        pulls = statistics.get("pulls")
        mean = tf.math.divide_no_nan(statistics.get("reward_sum"), pulls)
        total = tf.maximum(tf.reduce_sum(pulls, axis=-1, keepdims=True), 1.0)
        # Where there is no pull, one stands in, so that no index has to care.
        index = self.index(mean, tf.where(pulls > 0.0, pulls, 1.0), total)
        return Value(arm=argmax(tf.where(pulls > 0.0, index, np.inf)))
