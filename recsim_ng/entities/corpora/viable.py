"""A corpus whose providers live on clicks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import get_chosen
from recsim_ng.entities.recommendation import Corpus


class ViableCorpus(Corpus):
    """New documents every step, by providers in proportion to their squared discounted clicks.

        clicks_{t+1} = 0.96 clicks_t + documents chosen of each provider,   clicks_0 = 0
        provider of a document ~ Categorical(logits = 2 log(1 + clicks_t))
        features of a document ~ N(mu_provider, I)

    Args:
      config: reads `num_docs` (D), `num_topics` (K), `num_users` (U), `slate_size` (S),
        `provider_means` (`[P, K]`), and, if there, `discount` (0.96).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) provider_means is not `[P, K]` finite numbers, or the
        discount is not within [0, 1].

    Source: Mladenov et al. (2021), RecSim NG, section on ecosystem modelling.
    """

    _least_docs = 1

    def __init__(self, config: Mapping[str, Any], name: str = "ViableCorpus") -> None:
        super().__init__(config, name=name)
        shape = (None, self._num_topics)
        means = self._settings.numbers("provider_means", shape=shape, exact=True)
        self._provider_means = tf.cast(means, tf.float32)
        self._num_providers = self._provider_means.shape[0]
        self._discount = self._settings.numbers("discount", 0.0, 1.0, shape=(), default=0.96)

    def initial_state(self) -> Value:
        """Returns no clicks."""
        return Value(provider_click_count=tf.zeros(self._num_providers))

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the discounted clicks with those of t - 1."""
        chosen = get_chosen(slate_docs.at("provider_id"), user_response.get("choice"))
        clicks = tf.one_hot(chosen.get("provider_id"), self._num_providers)
        previous = previous_state.get("provider_click_count")
        return Value(provider_click_count=self._discount * previous + tf.reduce_sum(clicks, axis=0))

    def available_documents(self, corpus_state: Value) -> Value:
        """Returns this step's documents."""
        clicks = corpus_state.get("provider_click_count")
        provider_id = ed.Categorical(
            logits=2.0 * tf.math.log1p(clicks), sample_shape=(self._num_docs,), name="provider_id"
        )
        means = tf.gather(self._provider_means, provider_id)
        features = ed.MultivariateNormalDiag(
            loc=means, scale_diag=tf.ones(self._num_topics), name="doc_features"
        )
        return Value(provider_id=provider_id, doc_features=features)

    def specs(self) -> Value:
        """Returns the specs: `provider_click_count` [P]; `provider_id` [D], features [D, K]."""
        providers, docs = (self._num_providers,), (self._num_docs,)
        clicks = Space.box(0.0, np.inf, providers, dims=("provider",))
        last, topics = self._num_providers - 1, self._num_topics
        return ValueSpec(
            state=ValueSpec(provider_click_count=clicks),
            available_docs=ValueSpec(
                provider_id=Space.box(0, last, docs, np.int32, dims=("doc",)),
                doc_features=Space.box(-np.inf, np.inf, (*docs, topics), dims=("doc", "topic")),
            ),
        )
