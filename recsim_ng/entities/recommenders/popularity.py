"""The recommender that shows everybody what most people chose."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.ranking import RankingRecommender


class PopularityRecommender(RankingRecommender):
    """Shows each person the documents that most people chose, before the run and in it.

        consumption_0[d]     = 0
        consumption_{t+1}[d] = consumption_t[d] + number of people who chose d at step t
        score_t[d]           = doc_popularity[d] + consumption_t[d]

    Args:
      config: as for `RankingRecommender`.
      name: of the entity.
    """

    def __init__(self, config: Any, name: str = "PopularityRecommender") -> None:
        super().__init__(config, name)

    def initial_state(self) -> Value:
        """Returns is_seen `[U, D]` bool and consumption `[D]` float32, both empty."""
        return super().initial_state().union(Value(consumption=tf.zeros([self._num_docs])))

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns is_seen and consumption with what was chosen now.

        Args:
          previous_state: is_seen `[U, D]`, consumption `[D]`.
          user_response: choice `[U]`.
          slate_docs: doc_ranks `[U, S]`.
        """
        chosen = self.is_chosen(user_response, slate_docs)
        count = tf.reduce_sum(tf.cast(chosen, tf.float32), axis=0)
        return Value(
            is_seen=previous_state.get("is_seen") | chosen,
            consumption=previous_state.get("consumption") + count,
        )

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> tuple[Any, Value]:
        """Returns `[D]` scores.

        Args:
          recommender_state: consumption `[D]`.
          user_observation: not read.
          available_docs: doc_popularity `[D]`.
        """
        del user_observation
        score = available_docs.get("doc_popularity") + recommender_state.get("consumption")
        return score, Value()

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        counts = Space.box(0, np.inf, (self._num_docs,), dims=("doc",))
        return super().specs().union(ValueSpec(state=ValueSpec(consumption=counts)))
