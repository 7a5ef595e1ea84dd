"""Regret: what a bandit algorithm loses against who knows the best arm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.ordering import argmax
from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.metrics import BanditMetrics


class RegretMetrics(BanditMetrics):
    """Expected reward and regret of the arms pulled, cumulative and simple.

    With mu_t[a] the mean reward of arm a at step t, mu*_t the greatest of them and a_t the arm
    pulled, for every bandit, all 0 at step 0:

        reward_{t+1}            = mu_t[a_t]
        cumulative_reward_{t+1} = cumulative_reward_t + reward_{t+1}
        regret_{t+1}            = mu*_t - mu_t[a_t]
        cumulative_regret_{t+1} = cumulative_regret_t + regret_{t+1}
        pulls_{t+1}[a]          = pulls_t[a] + 1{a = a_t}
        best_arm_rate_{t+1}     = share of steps 0 ... t at which regret was 0
        simple_regret_{t+1}     = mu*_t - mu_t[argmax_a pulls_{t+1}[a]]

    so that step T counts what happened at steps 0 ... T-1. Rewards and regrets are expectations
    given the arms (pseudo-regret), free of the noise of what the arms brought. The simple regret
    is that of who recommends the arm pulled most so far, the first of equals.

    Args:
      config: reads `num_bandits` (B) and `num_arms` (A).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size is too small.

    Source: Bubeck and Cesa-Bianchi (2012), Regret analysis of stochastic and nonstochastic
      multi-armed bandit problems, section 1; Bubeck, Munos and Stoltz (2009), Pure exploration in
      multi-armed bandits problems, for the simple regret and the most played arm.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "RegretMetrics") -> None:
        super().__init__(config, name)
        self._measure()

    def initial_state(self) -> Value:
        """Returns zeros."""
        return self.specs().map(lambda spec: tf.zeros(spec.space.shape, spec.space.dtype))

    def next_state(
        self, previous_metrics: Value, arm: Value, bandit_state: Value, context: Value
    ) -> Value:
        """Returns the metrics after the arms of t - 1.

        Args:
          previous_metrics: as `initial_state` has them.
          arm: arm `[B]`.
          bandit_state: arm_means `[B, A]`.
          context: not read.
        """
        del context
        means = tf.convert_to_tensor(bandit_state.get("arm_means"))
        is_pulled = tf.one_hot(tf.convert_to_tensor(arm.get("arm")), self._sizes["arm"])
        best = tf.reduce_max(means, axis=-1)
        reward = tf.reduce_sum(is_pulled * means, axis=-1)
        regret = best - reward
        pulls = previous_metrics.get("pulls") + tf.cast(is_pulled, tf.int32)
        played = tf.cast(tf.reduce_sum(pulls, axis=-1), tf.float32)
        rate = previous_metrics.get("best_arm_rate")
        is_most_pulled = tf.one_hot(argmax(pulls), self._sizes["arm"])
        return Value(
            reward=reward,
            cumulative_reward=previous_metrics.get("cumulative_reward") + reward,
            regret=regret,
            cumulative_regret=previous_metrics.get("cumulative_regret") + regret,
            simple_regret=best - tf.reduce_sum(is_most_pulled * means, axis=-1),
            best_arm_rate=rate + (tf.cast(regret == 0.0, tf.float32) - rate) / played,
            pulls=pulls,
        )

    def specs(self) -> Value:
        """Returns the specs: pulls `[B, A]` int32, all others `[B]` float32."""
        any_number = self._space(-np.inf, np.inf, "bandit")
        loss = self._space(0.0, np.inf, "bandit")
        most = int(np.iinfo(np.int32).max)
        return ValueSpec(
            reward=any_number,
            cumulative_reward=any_number,
            regret=loss,
            cumulative_regret=loss,
            simple_regret=loss,
            best_arm_rate=self._space(0.0, 1.0, "bandit"),
            pulls=self._space(0, most, "bandit", "arm", dtype=np.int32),
        )
