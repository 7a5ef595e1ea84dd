"""Epsilon-greedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.ordering import argmax
from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.arm_statistics import ArmStatisticsAlgorithm


class EpsilonGreedy(ArmStatisticsAlgorithm):
    """Pulls the best arm so far, but now and then any arm.

        epsilon_n = min(1, epsilon / n^epsilon_decay)
        P(arm = a) = (1 - epsilon_n) 1{a = best} + epsilon_n / A

    for the nth pull, n = 1, 2, ...; best is the arm of the greatest mean so far, the first of
    equals, and arms never pulled count as better than all others. The arm's log-probability is its
    exact propensity. With epsilon = c A / d^2 and epsilon_decay = 1 it is the epsilon_n-greedy of
    Auer et al.

    Args:
      config: as for `ArmStatisticsAlgorithm`, and, if there, `epsilon` (0.1; within [0, 1] where it
        does not decay) and `epsilon_decay` (0: constant).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range.

    Source: Auer, Cesa-Bianchi and Fischer (2002), Finite-time analysis of the multiarmed bandit
      problem, Machine Learning 47, figure 3.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "EpsilonGreedy") -> None:
        super().__init__(config, name)
        self._decay = self._setting("epsilon_decay", 0.0, 0.0, 10.0)
        self._epsilon = self._setting("epsilon", 0.1, 0.0, 1e6 if self._decay else 1.0)

    def arm_choice(self, statistics: Value, context: Value) -> Value:
        """Returns arm `[B]` int32, drawn.

        Args:
          statistics: pulls and reward_sum `[B, A]`.
          context: not read.
        """
        del context
        pulls = statistics.get("pulls")
        mean = tf.math.divide_no_nan(statistics.get("reward_sum"), pulls)
        best = argmax(tf.where(pulls > 0.0, mean, float("inf")))
        count = 1.0 + tf.reduce_sum(pulls, axis=-1, keepdims=True)
        epsilon = tf.minimum(1.0, self._epsilon * count**-self._decay)
        arms = self._sizes["arm"]
        probs = (1.0 - epsilon) * tf.one_hot(best, arms) + epsilon / arms
        return Value(arm=ed.Categorical(logits=tf.math.log(probs), name="arm"))
