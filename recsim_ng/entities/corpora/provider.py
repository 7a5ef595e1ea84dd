"""Documents of providers who live on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.corpora.turnover import Turnover
from recsim_ng.entities.providers import ProviderPopulation
from recsim_ng.entities.recommendation import Corpus


class ProviderCorpus(Corpus):
    """A population of providers, joined with the documents that they make.

        a document goes   by `Turnover`, and at once where its provider has left or been followed
        a new document's  provider ~ Categorical by creation rate,
                          features ~ N(provider's mean_t, doc_scale I)

    The state has the fields of the providers and those of the documents. The first documents are
    by the first providers alike, in the mean. With removal_rate 1 all documents are new at every
    step.

    Args:
      config: as for `ProviderPopulation` and `Turnover`, and num_docs (D), num_topics (K); if
        there, doc_scale (1, a standard deviation).
      population_ctor: makes the providers.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.
    """

    _least_docs = 1
    _drawn_each_step = ("removal", "arriving.provider_id", "arriving.doc_features")

    def __init__(
        self,
        config: Mapping[str, Any],
        population_ctor: Callable[[Mapping[str, Any]], ProviderPopulation] = ProviderPopulation,
        name: str = "ProviderCorpus",
    ) -> None:
        super().__init__(config, name)
        check.function(name, "population_ctor", population_ctor)
        self._population, self._turnover = population_ctor(config), Turnover(config)
        check.instance(name, "what population_ctor makes", self._population, ProviderPopulation)
        self._providers = self._population.specs().get("state")
        self._scale = self._settings.real("doc_scale", 1e-6, 1e6, default=1.0)

    def initial_state(self) -> Value:
        """Returns providers and documents at step 0."""
        providers = self._population.initial_state()
        provider_id, features = self._new_documents(providers)
        drawn = Value(provider_id=tf.zeros([self._num_docs], tf.int32))
        drawn = drawn.union(Value(doc_features=tf.zeros([self._num_docs, self._num_topics])))
        documents = Value(provider_id=provider_id, doc_features=features)
        arriving = drawn.prefixed_with("arriving")
        turned = self._turnover.initial_state()
        return providers.union(documents).union(arriving).union(turned)

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns providers and documents after a step.

        Args:
          previous_state: of providers and documents.
          user_response: choice `[U]`.
          slate_docs: provider_id `[U, S]` int32 and doc_features `[U, S, K]`.
        """
        step = previous_state.get("step") + 1
        providers = self._population.next_state(
            previous_state.at(*self._providers), user_response, slate_docs, step
        )
        removal = self._turnover.removal(previous_state)
        old_provider = tf.convert_to_tensor(previous_state.get("provider_id"))
        stays = providers.get("is_active") & ~providers.get("has_entered")
        goes = (tf.convert_to_tensor(removal) == 1) | ~tf.gather(stays, old_provider)
        provider_id, features = self._new_documents(providers)
        documents = Value(
            provider_id=tf.where(goes, tf.convert_to_tensor(provider_id), old_provider),
            doc_features=tf.where(
                goes[:, None],
                tf.convert_to_tensor(features),
                tf.convert_to_tensor(previous_state.get("doc_features")),
            ),
        )
        arriving = Value(provider_id=provider_id, doc_features=features).prefixed_with("arriving")
        turned = self._turnover.next_state(previous_state, removal, goes)
        return providers.union(documents).union(arriving).union(turned)

    def available_documents(self, corpus_state: Value) -> Value:
        """Returns provider_id, doc_features, item_id, birth_step and doc_age of the D documents."""
        documents = corpus_state.at("provider_id", "doc_features").map(tf.convert_to_tensor)
        return documents.union(self._turnover.documents(corpus_state))

    def specs(self) -> ValueSpec:
        """Returns the specs of state and available_docs."""
        docs, topics = self._num_docs, self._num_topics
        last = self._population.num_providers - 1
        documents = ValueSpec(
            provider_id=Space.box(0, last, (docs,), np.int32, dims=("doc",)),
            doc_features=Space.box(-np.inf, np.inf, (docs, topics), dims=("doc", "topic")),
        )
        turnover = self._turnover.specs()
        state = self._providers.union(documents).union(documents.prefixed_with("arriving"))
        return ValueSpec(
            state=state.union(turnover.get("state")),
            available_docs=documents.union(turnover.get("documents")),
        )

    def _new_documents(self, providers: Value) -> tuple[Any, Any]:
        """Draws provider `[D]` and features `[D, K]` of a new document at every place."""
        provider_id = ed.Categorical(
            logits=self._population.creation_logits(providers),
            sample_shape=(self._num_docs,),
            name="provider_id",
        )
        means = tf.gather(tf.convert_to_tensor(providers.get("provider_mean")), provider_id)
        features = ed.Normal(loc=means, scale=self._scale, name="doc_features")
        return provider_id, features
