"""Metrics that count the users' utility."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.recommendation import RecsMetricsBase


class UtilityAsRewardMetrics(RecsMetricsBase):
    """The users' utility as reward, and its sum so far.

        reward_{t+1} = utilities_t,   cumulative_{t+1} = cumulative_t + utilities_t,   both 0 at 0

    Args:
      config: reads `num_users` (U).
      name: of the entity.
    """

    def initial_metrics(self) -> Value:
        """Returns zeros."""
        zeros = tf.zeros(self._num_users)
        return Value(reward=zeros, cumulative_reward=zeros)

    def next_metrics(
        self,
        previous_metrics: Value,
        corpus_state: Value,
        user_state: Value,
        user_response: Value,
        slate_docs: Value,
    ) -> Value:
        """Returns the utilities of t - 1 and their sum up to then."""
        reward = user_state.get("utilities")
        return Value(
            reward=reward, cumulative_reward=previous_metrics.get("cumulative_reward") + reward
        )

    def specs(self) -> Value:
        """Returns the specs: `reward` and `cumulative_reward`, both [U]."""
        spec = Space.box(-np.inf, np.inf, (self._num_users,), dims=("user",))
        return ValueSpec(state=ValueSpec(reward=spec, cumulative_reward=spec))
