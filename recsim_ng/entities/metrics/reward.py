"""Metrics that take a field of what happened as the users' reward."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.metrics.source import SourceField
from recsim_ng.entities.recommendation import RecsMetricsBase


class RewardMetrics(RecsMetricsBase):
    """A field as reward: at each step, cumulated and, if asked for, discounted.

    With f_t the field at step t, all 0 at step 0:

        reward_{t+1}            = max(f_t, least)
        cumulative_reward_{t+1} = cumulative_reward_t + reward_{t+1}
        discounted_reward_{t+1} = discounted_reward_t + discount^t reward_{t+1}

    so that step T counts what happened at steps 0 ... T-1, and the first reward counts in full.

    Args:
      config: reads `num_users` (U).
      field: name of a `[U]` float32 field.
      source: where the field is: "corpus_state", "user_state", "user_response" or "slate_docs".
      least: what a reward is at least; None: any.
      discount: within [0, 1]; None: no discounted reward is kept.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) there is no such source, or a number is out of range.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        field: str,
        *,
        source: str = "user_response",
        least: float | None = None,
        discount: float | None = None,
        name: str = "RewardMetrics",
    ) -> None:
        super().__init__(config, name)
        if least is not None:
            check.real(type(self).__name__, "least", least, -math.inf, math.inf)
        if discount is not None:
            check.real(type(self).__name__, "discount", discount, 0.0, 1.0)
        self._gained = SourceField(type(self).__name__, source, field)
        self._least, self._discount = least, discount

    def initial_metrics(self) -> Value:
        """Returns zeros, and a first weight of 1."""
        zeros = tf.zeros(self._num_users)
        kept = Value(reward=zeros, cumulative_reward=zeros)
        if self._discount is None:
            return kept
        return kept.union(Value(discounted_reward=zeros, discount_weight=tf.ones([])))

    def next_metrics(
        self,
        previous_metrics: Value,
        corpus_state: Value,
        user_state: Value,
        user_response: Value,
        slate_docs: Value,
    ) -> Value:
        """Returns the reward of t - 1, and the sums up to then."""
        reward = self._gained.read(corpus_state, user_state, user_response, slate_docs)
        if self._least is not None:
            reward = tf.maximum(reward, self._least)
        cumulative = previous_metrics.get("cumulative_reward") + reward
        kept = Value(reward=reward, cumulative_reward=cumulative)
        if self._discount is None:
            return kept
        weight = previous_metrics.get("discount_weight")
        discounted = previous_metrics.get("discounted_reward") + weight * reward
        return kept.union(
            Value(discounted_reward=discounted, discount_weight=self._discount * weight)
        )

    def specs(self) -> ValueSpec:
        """Returns the specs: rewards `[U]`, and `discount_weight`, a scalar, where discounted."""
        spec = Space.box(-np.inf, np.inf, (self._num_users,), dims=("user",))
        kept = {"reward": spec, "cumulative_reward": spec}
        if self._discount is not None:
            kept["discounted_reward"] = spec
            kept["discount_weight"] = Space.box(0.0, 1.0, (), dims=())
        return ValueSpec(state=ValueSpec(**kept))
