"""The recommender that mostly shows the best, and now and then anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.item_statistics import ItemStatisticsRecommender
from recsim_ng.entities.recommenders.picks import pick
from recsim_ng.entities.recommenders.random_slate import pick_noise, pick_noise_spec
from recsim_ng.entities.recommenders.wrapped import Constructor, WrappedRecommender


class EpsilonGreedyRecommender(WrappedRecommender):
    """Shows another recommender's slate, or with probability epsilon a random one.

        explores[u]  ~ Bernoulli(epsilon)
        slate[u]     = S documents at random, in random order    if explores[u]
                     = the S documents of highest score          else

    log_propensity is log((1 - epsilon) [slate is the best] + epsilon P(random slate)), exact given
    state, observation and the base's own draws.

    Args:
      config: as for the base, and, if there, epsilon (0.1).
      base: the constructor of a recommender that shows its highest scores; by default the items'
        mean rewards.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) as for the base, or epsilon is outside [0, 1].

    Source: Sutton and Barto (2018), Reinforcement Learning, section 2.2.
    """

    picked: ClassVar[dict[str, tf.DType]] = {"doc_ranks": tf.int32, "log_propensity": tf.float32}

    def __init__(
        self,
        config: Mapping[str, Any],
        base: Constructor = ItemStatisticsRecommender,
        name: str = "EpsilonGreedyRecommender",
    ) -> None:
        super().__init__(config, base, name)
        self._epsilon = Settings(name, config).real("epsilon", 0.0, 1.0, default=0.1)

    def draws(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> Value:
        """Returns explores `[U]` int32 and pick_noise `[U, S]`, and the base's draws.

        Args:
          recommender_state: the base's.
          user_observation: what the base reads.
          available_docs: the D documents.
        """
        explores = ed.Bernoulli(probs=tf.fill([self._num_users], self._epsilon), name="explores")
        mine = Value(explores=explores, pick_noise=pick_noise(self._num_users, self._slate_size))
        return mine.union(super().draws(recommender_state, user_observation, available_docs))

    def rank(self, scores: Any, tier: Any, draws: Value) -> Value:
        """Returns the slate and its log-probability.

        Args:
          scores: `[u, D]` or `[D]` the base's.
          tier: as for `RankingRecommender`.
          draws: explores `[u]`, pick_noise `[u, S]`.
        """
        best = super().rank(scores, tier, draws).get("doc_ranks")
        noise = tf.convert_to_tensor(draws.get("pick_noise"))
        # All slates that may be shown are equally likely to be drawn: the best one is, too.
        anything, by_chance = pick(None, tier, noise, self._num_docs)
        explores = tf.convert_to_tensor(draws.get("explores")) > 0
        ranks = tf.where(explores[:, None], anything, best)
        by_chance = by_chance + _log(self._epsilon)
        either = tfp.math.log_add_exp(by_chance, _log(1.0 - self._epsilon))
        is_best = tf.reduce_all(ranks == best, axis=-1)
        return Value(doc_ranks=ranks, log_propensity=tf.where(is_best, either, by_chance))

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        users, slate = self._num_users, self._slate_size
        added = ValueSpec(
            explores=Space.box(0, 1, (users,), np.int32, dims=("user",)),
            pick_noise=pick_noise_spec(users, slate),
            log_propensity=Space.box(-np.inf, 0, (users,), dims=("user",)),
        )
        return super().specs().union(ValueSpec(slate=added))


def _log(probability: float) -> Any:
    return tf.constant(math.log(probability) if probability > 0 else -math.inf)
