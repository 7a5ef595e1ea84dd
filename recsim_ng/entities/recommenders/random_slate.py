"""The recommender that knows nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.picks import pick
from recsim_ng.entities.recommenders.ranking import RankingRecommender


class RandomRecommender(RankingRecommender):
    """Shows each user S different documents, all equally likely, in random order.

        pick_noise[u, j] ~ Uniform(0, 1)
        slate[u, j]      = the document at share pick_noise[u, j] of those that are left

    With n documents that may be shown, log_propensity is -log(n (n-1) ... (n-S+1)).

    Args:
      config: as for `RankingRecommender`.
      name: of the entity.
    """

    picked: ClassVar[dict[str, tf.DType]] = {"doc_ranks": tf.int32, "log_propensity": tf.float32}

    def __init__(self, config: Mapping[str, Any], name: str = "RandomRecommender") -> None:
        super().__init__(config, name)

    def draws(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> Value:
        """Returns pick_noise `[U, S]`.

        Args:
          recommender_state: not read.
          user_observation: not read.
          available_docs: not read.
        """
        del recommender_state, user_observation, available_docs
        return Value(pick_noise=pick_noise(self._num_users, self._slate_size))

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value, draws: Value
    ) -> Any:
        """Returns `[D]` zeros: all are alike.

        Args:
          recommender_state: not read.
          user_observation: not read.
          available_docs: not read.
          draws: not read.
        """
        del recommender_state, user_observation, available_docs, draws
        return tf.zeros([self._num_docs])

    def rank(self, scores: Any, tier: Any, draws: Value) -> Value:
        """Returns the picks, and the log-probability of the ordered slate.

        Args:
          scores: not read.
          tier: as for `RankingRecommender`.
          draws: pick_noise `[u, S]`.
        """
        del scores
        noise = tf.convert_to_tensor(draws.get("pick_noise"))
        ranks, log_propensity = pick(None, tier, noise, self._num_docs)
        return Value(doc_ranks=ranks, log_propensity=log_propensity)

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        users, slate = self._num_users, self._slate_size
        added = ValueSpec(
            pick_noise=pick_noise_spec(users, slate),
            log_propensity=Space.box(-np.inf, 0, (users,), dims=("user",)),
        )
        return super().specs().union(ValueSpec(slate=added))


def pick_noise(num_users: int, slate_size: int) -> Any:
    """Returns a site: `[U, S]` uniform draws, from which the places of slates are picked.

    Args:
      num_users: U.
      slate_size: S.
    """
    low = tf.zeros([num_users, slate_size])
    return ed.Uniform(low=low, high=tf.ones_like(low), name="pick_noise")


def pick_noise_spec(num_users: int, slate_size: int) -> Space:
    """Returns the spec of `pick_noise`.

    Args:
      num_users: U.
      slate_size: S.
    """
    return Space.box(0, 1, (num_users, slate_size), dims=("user", "slate"))
