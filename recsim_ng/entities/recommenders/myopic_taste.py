"""The recommender that reads minds, and thinks no further than this step."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.ranking import RankingRecommender
from recsim_ng.entities.users.genre_taste import genre_shares


class MyopicTasteRecommender(RankingRecommender):
    """Shows each person what they would enjoy most now, knowing their true taste and boredom.

    The score is the expected enjoyment of a `GenreTasteUser`, whose observation must show it
    (observe_taste). No other slate is enjoyed more at this step; later ones may be, since what is
    shown moves taste and bores.

    Args:
      config: as for `RankingRecommender`, and boredom_penalty (stars).
      name: of the entity.
    """

    def __init__(self, config: Any, name: str = "MyopicTasteRecommender") -> None:
        super().__init__(config, name)
        self._boredom_penalty = config["boredom_penalty"]

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> tuple[Any, Value]:
        """Returns `[U, D]` expected enjoyment, stars.

        Args:
          recommender_state: not read.
          user_observation: affinity and recent_genres, both `[U, K]`.
          available_docs: doc_genres `[D, K]`, doc_quality `[D]`.
        """
        del recommender_state
        genres = available_docs.get("doc_genres")
        liking = tf.matmul(user_observation.get("affinity"), genres, transpose_b=True)
        boredom = tf.matmul(
            user_observation.get("recent_genres"), genre_shares(genres), transpose_b=True
        )
        enjoyment = available_docs.get("doc_quality") + liking - self._boredom_penalty * boredom
        return enjoyment, Value()
