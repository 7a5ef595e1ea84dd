"""A catalogue in which fashion changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import get_chosen
from recsim_ng.entities.corpora.wrapped import CorpusCtor, WrappedCorpus

_LIMIT = 60.0


class PopularityDriftCorpus(WrappedCorpus):
    """Another corpus, whose documents have a popularity that wanders and grows with choices.

    With c_t[d] the share of users who chose document d at step t:

        l_0[d]       ~ N(0, popularity_scale)
        l_{t+1}[d]   ~ N(popularity_memory l_t[d] + popularity_gain c_t[d], popularity_noise)
        popularity_t = exp(l_t), with l_t no further from 0 than 60

    A first-order autoregression; with a memory of 1 a random walk. A document that has just come,
    in a corpus with birth_step in its state, begins anew: l ~ N(0, popularity_scale). With the
    memory m below 1 and no gain the stationary deviation is popularity_noise / sqrt(1 - m^2); with
    a gain l reaches at most popularity_gain / (1 - m) in the mean, and with a memory of 1 it grows
    for ever. The limit keeps popularity positive and finite (1e-26 to 1e26), and sums of it too.

    Args:
      config: reads num_docs (D), num_users (U) and, if there, popularity_scale (1),
        popularity_memory (0.95), popularity_gain (0), popularity_noise (0.1).
      corpus_ctor: makes the corpus.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        corpus_ctor: CorpusCtor,
        name: str = "PopularityDriftCorpus",
    ) -> None:
        super().__init__(config, corpus_ctor, name)
        settings = self._settings
        self._num_users = settings.whole("num_users", 1)
        self._scale = settings.real("popularity_scale", 1e-6, 1e3, default=1.0)
        self._memory = settings.real("popularity_memory", 0.0, 1.0, default=0.95)
        self._gain = settings.real("popularity_gain", 0.0, 1e6, default=0.0)
        self._noise = settings.real("popularity_noise", 1e-6, 1e3, default=0.1)
        self._drawn_each_step = (*self._corpus._drawn_each_step, "log_popularity")
        self._renews = {"birth_step", "step"} <= set(self._inner_state)

    def initial_state(self) -> Value:
        """Returns the corpus' state and log_popularity `[D]` float32."""
        drawn = ed.Normal(loc=tf.zeros([self._num_docs]), scale=self._scale, name="log_popularity")
        return super().initial_state().union(Value(log_popularity=drawn))

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the corpus' next state and the popularity after it.

        Args:
          previous_state: the corpus' and log_popularity `[D]`.
          user_response: choice `[U]`, where there is a gain.
          slate_docs: doc_ranks `[U, S]`, where there is a gain.
        """
        inner = super().next_state(previous_state, user_response, slate_docs)
        loc = self._memory * tf.convert_to_tensor(previous_state.get("log_popularity"))
        scale: Any = tf.fill([self._num_docs], float(self._noise))
        if self._gain:
            chosen = get_chosen(slate_docs.at("doc_ranks"), user_response.get("choice"))
            ranks = tf.reshape(chosen.get("doc_ranks"), [-1])
            counts = tf.math.unsorted_segment_sum(
                tf.ones_like(ranks, tf.float32), ranks, self._num_docs
            )
            loc += self._gain / self._num_users * counts
        if self._renews:
            is_new = inner.get("birth_step") == inner.get("step")
            loc, scale = tf.where(is_new, 0.0, loc), tf.where(is_new, float(self._scale), scale)
        drawn = ed.Normal(loc=loc, scale=scale, name="log_popularity")
        return inner.union(Value(log_popularity=drawn))

    def available_documents(self, corpus_state: Value) -> Value:
        """Returns the corpus' documents with doc_popularity `[D]` float32, positive."""
        logs = tf.convert_to_tensor(corpus_state.get("log_popularity"))
        popularity = tf.exp(tf.clip_by_value(logs, -_LIMIT, _LIMIT))
        return super().available_documents(corpus_state).union(Value(doc_popularity=popularity))

    def specs(self) -> ValueSpec:
        """Returns the specs of the corpus with those of popularity."""
        docs = (self._num_docs,)
        added = ValueSpec(
            state=ValueSpec(log_popularity=Space.box(-np.inf, np.inf, docs, dims=("doc",))),
            available_docs=ValueSpec(doc_popularity=Space.box(0.0, np.inf, docs, dims=("doc",))),
        )
        return super().specs().union(added)
