"""Recommenders that learn how rewarding each item is, for all users alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.ranking import RankingRecommender

UNTRIED = 1e6  # above any index


class ItemStatisticsRecommender(RankingRecommender):
    """Counts how often each item was shown, and what that brought.

    A bandit whose arms are the items. To be on a slate is a pull; its reward is that of the chosen
    document, brought to [0, 1], and 0 for the others:

        y_t[u, j] = clip((reward_t[u] - low) / (high - low), 0, 1) [u chose place j of the slate]
        pulls_{t+1}[i]      = pulls_t[i] + number of places at t with item i          pulls_0 = 0
        reward_sum_{t+1}[i] = reward_sum_t[i] + sum of y_t over those places     reward_sum_0 = 0

    A subclass says how documents are scored; here it is by the mean, reward_sum / pulls. Items
    never shown come first, each user beginning elsewhere in the order of the documents, so that a
    population tries them all at once: user u with place u S mod D.

    Args:
      config: as for `RankingRecommender`, and, if there, reward_range ((0, 1)): low and high.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) as for `RankingRecommender`, or the range is empty.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "ItemStatisticsRecommender") -> None:
        super().__init__(config, name)
        given = Settings(name, config).numbers("reward_range", default=(0.0, 1.0))
        if np.shape(given) != (2,) or not given[0] < given[1]:
            raise ConfigError(
                f"{name}: reward_range must be two numbers, the lower first, got {given!r}"
            )
        self._low, self._width = float(given[0]), float(given[1] - given[0])

    def initial_state(self) -> Value:
        """Returns pulls `[I]` and reward_sum `[I]` float32, zeros, and what the base has."""
        none = tf.zeros([self._num_items])
        return super().initial_state().union(Value(pulls=none, reward_sum=tf.identity(none)))

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the statistics with this step's slates.

        Args:
          previous_state: pulls `[I]`, reward_sum `[I]`, and what the base has.
          user_response: choice `[U]`, and the vocabulary's reward `[U]`.
          slate_docs: doc_ranks `[U, S]`, and the vocabulary's item `[U, S]`.
        """
        shown = tf.reshape(self.items_shown(slate_docs), [-1])
        pulls = tf.math.unsorted_segment_sum(
            tf.ones_like(shown, tf.float32), shown, self._num_items
        )
        brought = tf.clip_by_value((self.reward(user_response) - self._low) / self._width, 0.0, 1.0)
        item = self.chosen_item(user_response, slate_docs)  # where it is -1 nothing is added
        gain = tf.math.unsorted_segment_sum(brought, item, self._num_items)
        statistics = Value(
            pulls=previous_state.get("pulls") + pulls,
            reward_sum=previous_state.get("reward_sum") + gain,
        )
        return super().next_state(previous_state, user_response, slate_docs).union(statistics)

    def index(self, pulls: Any, reward_sum: Any, draws: Value) -> Any:
        """Returns `[u, I]` or `[I]` how promising each item is, of those shown before.

        Args:
          pulls: `[I]` float32, at least 1.
          reward_sum: `[I]` float32.
          draws: as for `scores`.
        """
        del draws
        return reward_sum / pulls

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value, draws: Value
    ) -> Any:
        """Returns `[u, D]` the items' index, those never shown first.

        Args:
          recommender_state: pulls `[I]`, reward_sum `[I]`.
          user_observation: not read.
          available_docs: the vocabulary's item `[D]`.
          draws: what the index reads, and user_index `[u]`.
        """
        del user_observation
        pulls, docs = recommender_state.get("pulls"), self._num_docs
        index = self.index(tf.maximum(pulls, 1.0), recommender_state.get("reward_sum"), draws)
        first = draws.get("user_index")[:, None] * self._slate_size
        turn = tf.cast((tf.range(docs) - first) % docs, tf.float32)
        untried = self.of_documents(pulls, available_docs) == 0
        return tf.where(untried, UNTRIED - turn / docs, self.of_documents(index, available_docs))

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        counts = Space.box(0, np.inf, (self._num_items,), dims=("item",))
        return super().specs().union(ValueSpec(state=ValueSpec(pulls=counts, reward_sum=counts)))
