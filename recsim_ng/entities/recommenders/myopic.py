"""A myopic recommender that may boost small providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.ordering import top_k
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import TargetPointSimilarity, get_chosen
from recsim_ng.entities.recommendation import BaseRecommender

_BEST_UTILITY = 2.0
_LEAST_SPREAD = 1e-4


class MyopicRecommender(BaseRecommender):
    """Shows the documents of highest affinity, with a boost for providers that were chosen little.

        pulls_{t+1}[u, p] = pulls_t[u, p] + [u chose a document of p at t],      pulls_0 = 0
        n_p               = sum_u pulls_t[u, p]
        boost_p           = clip(mean_p n_p - n_p, -cap, cap)
        score[u, d]       ~ Uniform between a(u, d) and (a(u, d) + boost_p(d)) + 1e-4
        slate             = the S documents of highest score

    with a(u, d) = 2 - |u - d|. A cap of 0 is myopic. The score's support moves with its parents.

    Args:
      config: reads `num_users` (U), `num_docs` (D), `num_topics` (K), `slate_size` (S),
        `provider_means` (`[P, K]`) and `provider_boost_cap`.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is missing or out of range, or the slate is larger
        than the corpus.

    Source: Mladenov et al. (2021), RecSim NG, section on ecosystem modelling.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "MyopicRecommender") -> None:
        super().__init__(config, name=name)
        settings = Settings(name, config)
        settings.whole("slate_size", 1, settings.whole("num_docs", 1))
        self._num_topics = settings.whole("num_topics", 1)
        means = np.shape(settings.numbers("provider_means"))
        if len(means) != 2 or means[1] != self._num_topics:
            raise ConfigError(
                f"{name}: provider_means must be [providers, topics], {self._num_topics} topics, "
                f"got {list(means)}"
            )
        self._num_providers = means[0]
        self._boost_cap = settings.real("provider_boost_cap", 0.0)
        self._affinity = TargetPointSimilarity((self._num_users,), self._num_docs)

    def initial_state(self) -> Value:
        """Returns no pulls."""
        return Value(provider_pulls=tf.zeros((self._num_users, self._num_providers)))

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the pulls with those of t - 1."""
        chosen = get_chosen(slate_docs.at("provider_id"), user_response.get("choice"))
        pulls = tf.one_hot(chosen.get("provider_id"), self._num_providers)
        return Value(provider_pulls=previous_state.get("provider_pulls") + pulls)

    def slate_docs(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> Value:
        """Returns the slates, with the scores of all documents."""
        interests = user_observation.get("user_interests")
        features, providers = available_docs.get("doc_features"), available_docs.get("provider_id")
        pulls = tf.reduce_sum(recommender_state.get("provider_pulls"), axis=0)
        lacking = tf.reduce_mean(pulls) - pulls
        boost = tf.clip_by_value(lacking, -self._boost_cap, self._boost_cap)
        affinities = self._affinity.affinities(interests, features).get("affinities")
        affinities = affinities + _BEST_UTILITY
        other = (affinities + tf.gather(boost, providers)) + _LEAST_SPREAD
        scores = ed.Uniform(
            low=tf.minimum(affinities, other), high=tf.maximum(affinities, other), name="doc_scores"
        )
        _, shown = top_k(scores, self._slate_size)
        return Value(
            doc_scores=scores,
            provider_id=tf.gather(providers, shown),
            doc_features=tf.gather(features, shown),
        )

    def specs(self) -> Value:
        """Returns the specs: `provider_pulls` [U, P]; scores [U, D], slates [U, S], [U, S, K]."""
        slates = (self._num_users, self._slate_size)
        pulls = (self._num_users, self._num_providers)
        scores = (self._num_users, self._num_docs)
        last = self._num_providers - 1
        features = (*slates, self._num_topics)
        return ValueSpec(
            state=ValueSpec(
                provider_pulls=Space.box(0.0, np.inf, pulls, dims=("user", "provider"))
            ),
            slate=ValueSpec(
                doc_scores=Space.box(-np.inf, np.inf, scores, dims=("user", "doc")),
                provider_id=Space.box(0, last, slates, np.int32, dims=("user", "slate")),
                doc_features=Space.box(-np.inf, np.inf, features, dims=("user", "slate", "topic")),
            ),
        )
