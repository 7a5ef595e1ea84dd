"""The recommender that learns each user's taste from their rewards, and explores by optimism."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.linear import LinearRecommender


class LinUCBRecommender(LinearRecommender):
    """Shows each user the documents of highest upper confidence bound by their own regression.

    With the posterior N(mean_t, root_t root_t') of `LinearRecommender`,

        score_t[u, d] = mean_t[u] . x_t[u, d] + exploration |root_t[u]' x_t[u, d]|

    With reward_noise s and prior_sd w this is ridge regression of penalty s^2 / w^2, whose
    confidence width sqrt(x' A^-1 x) is multiplied by alpha = exploration s.

    Args:
      config: as for `LinearRecommender`.
      name: of the entity.

    Source: Li, Chu, Langford and Schapire (2010), A contextual-bandit approach to personalized news
      article recommendation, algorithm 1.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "LinUCBRecommender") -> None:
        super().__init__(config, name)

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value, draws: Value
    ) -> Any:
        """Returns `[u, D]` upper bounds.

        Args:
          recommender_state: mean `[u, F]`, root `[u, F, F]`, recent `[u, K]`.
          user_observation: not read: taste is not known here.
          available_docs: the documents' features.
          draws: not read.
        """
        del user_observation, draws
        root, static = recommender_state.get("root"), self._num_static
        covariance = tf.matmul(root, root, transpose_b=True)
        x = self.features(available_docs)
        # x' C x is linear in the products of x's elements: one matrix product for all users.
        products = tf.reshape(x[:, :, None] * x[:, None, :], [-1, static * static])
        flat = tf.reshape(covariance[:, :static, :static], [-1, static * static])
        variance = tf.matmul(flat, products, transpose_b=True)
        if self._repetition:
            repeated = self.repetition(recommender_state, available_docs)
            across = tf.matmul(covariance[:, :static, static], x, transpose_b=True)
            variance += repeated * (2.0 * across + repeated * covariance[:, static:, static])
        width = tf.sqrt(tf.maximum(variance, 0.0))
        expected = self.value_of(recommender_state.get("mean"), recommender_state, available_docs)
        return expected + self._exploration * width
