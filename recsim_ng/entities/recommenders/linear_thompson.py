"""The recommender that learns each user's taste from their rewards, and explores by chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.linear import LinearRecommender


class LinearThompsonRecommender(LinearRecommender):
    """Shows each user the best documents by weights drawn from the posterior of their regression.

    The posterior N(mean_t, root_t root_t') is that of `LinearRecommender`.

        z_t[u]      ~ N(0, I)
        score_t[u, d] = (mean_t[u] + exploration root_t[u] z_t[u]) . x_t[u, d]

    Args:
      config: as for `LinearRecommender`.
      name: of the entity.

    Source: Thompson, Biometrika 25, 1933; Agrawal and Goyal, Thompson sampling for contextual
      bandits with linear payoffs, ICML 2013.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "LinearThompsonRecommender") -> None:
        super().__init__(config, name)

    def draws(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> Value:
        """Returns z `[U, F]` as the field exploration.

        Args:
          recommender_state: mean `[U, F]`.
          user_observation: not read.
          available_docs: not read.
        """
        del user_observation, available_docs
        loc = tf.zeros_like(recommender_state.get("mean"))
        return Value(exploration=ed.Normal(loc=loc, scale=1.0, name="exploration"))

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value, draws: Value
    ) -> Any:
        """Returns `[u, D]` rewards by the weights drawn.

        Args:
          recommender_state: mean `[u, F]`, root `[u, F, F]`, recent `[u, K]`.
          user_observation: not read: taste is not known here.
          available_docs: the documents' features.
          draws: exploration `[u, F]`.
        """
        del user_observation
        noise = tf.convert_to_tensor(draws.get("exploration"))
        spread = tf.reduce_sum(recommender_state.get("root") * noise[:, None, :], axis=-1)
        weights = recommender_state.get("mean") + self._exploration * spread
        return self.value_of(weights, recommender_state, available_docs)

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        shape = (self._num_users, self._num_features)
        drawn = Space.box(-np.inf, np.inf, shape, dims=("user", "feature"))
        return super().specs().union(ValueSpec(slate=ValueSpec(exploration=drawn)))
