"""The recommender that knows nothing."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.ranking import RankingRecommender


class RandomRecommender(RankingRecommender):
    """Shows each person S different documents, all equally likely, in random order.

    doc_scores[u, d] ~ Uniform(0, 1), the S highest are shown. The draws are a field of the slate,
    so that a run can be scored.

    Args:
      config: as for `RankingRecommender`.
      name: of the entity.
    """

    def __init__(self, config: Any, name: str = "RandomRecommender") -> None:
        super().__init__(config, name)

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> tuple[Any, Value]:
        """Returns doc_scores `[U, D]`, and them as a field.

        Args:
          recommender_state: not read.
          user_observation: not read.
          available_docs: not read.
        """
        del recommender_state, user_observation, available_docs
        low = tf.zeros([self._num_users, self._num_docs])
        drawn = ed.Uniform(low=low, high=tf.ones_like(low), name="doc_scores")
        return tf.convert_to_tensor(drawn), Value(doc_scores=drawn)

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        scores = Space.box(0, 1, (self._num_users, self._num_docs), dims=("user", "doc"))
        return super().specs().union(ValueSpec(slate=ValueSpec(doc_scores=scores)))
