"""The recommender that shows everybody what most people chose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.ranking import RankingRecommender


class PopularityRecommender(RankingRecommender):
    """Shows each user the documents that most people chose, before the run and in it.

        consumption_0[i]     = 0
        consumption_{t+1}[i] = consumption_t[i] + number of users who chose item i at step t
        score_t[d]           = popularity[d] + consumption_t[item of d]

    popularity is the vocabulary's, 0 where the story has none.

    Args:
      config: as for `RankingRecommender`.
      name: of the entity.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "PopularityRecommender") -> None:
        super().__init__(config, name)

    def initial_state(self) -> Value:
        """Returns consumption `[I]` float32, empty, and what the base has."""
        return super().initial_state().union(Value(consumption=tf.zeros([self._num_items])))

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the state with what was chosen now.

        Args:
          previous_state: consumption `[I]`, and what the base has.
          user_response: choice `[U]`.
          slate_docs: doc_ranks `[U, S]`, and the vocabulary's item `[U, S]`.
        """
        item = self.chosen_item(user_response, slate_docs)
        count = tf.math.unsorted_segment_sum(tf.ones_like(item, tf.float32), item, self._num_items)
        consumption = Value(consumption=previous_state.get("consumption") + count)
        return super().next_state(previous_state, user_response, slate_docs).union(consumption)

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value, draws: Value
    ) -> Any:
        """Returns `[D]` scores.

        Args:
          recommender_state: consumption `[I]`.
          user_observation: not read.
          available_docs: the vocabulary's popularity `[D]`, if the story has one.
          draws: not read.
        """
        del user_observation, draws
        score = self.of_documents(recommender_state.get("consumption"), available_docs)
        if self._vocabulary.has("popularity"):
            score = score + tf.cast(available_docs.get(self._vocabulary.popularity), tf.float32)
        return score

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        counts = Space.box(0, np.inf, (self._num_items,), dims=("item",))
        return super().specs().union(ValueSpec(state=ValueSpec(consumption=counts)))
