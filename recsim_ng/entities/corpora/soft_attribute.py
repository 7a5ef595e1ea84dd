"""Items with soft attributes: how violent, how funny, each to a degree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value
from recsim_ng.entities.corpora.fixed import FixedCorpus


class SoftAttributeCorpus(FixedCorpus):
    """D items around K topics, each with A attributes in [0, 1].

        topic_d        ~ uniform Categorical,   draw_d ~ N(topic_means[topic_d], item_spread)
        attributes_d   = clip(draw_d, 0, 1)
        popularity_d   ~ Uniform(0, 1)

    Args:
      config: num_docs (D), num_topics (K), topic_means (`[K, A]` float32) and item_spread, a
        standard deviation.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) topic_means is not `[K, A]`, or item_spread is negative.

    Source: Göpfert et al. (2022), Discovering personalized semantics for soft attributes in
      recommender systems using concept activation vectors, arXiv 2202.02830, appendix on synthetic
      data.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "SoftAttributeCorpus") -> None:
        super().__init__(config, name)
        self._topic_means = checked_topic_means(name, config)
        self._spread = self._settings.numbers(
            "item_spread", 0.0, shape=(self._num_docs, self._topic_means.shape[1])
        )

    def initial_state(self) -> Value:
        """Returns the items, which stay: doc_topic, doc_draw, doc_features, doc_popularity."""
        topic = ed.Categorical(
            logits=tf.zeros([self._num_docs, self._num_topics]), name="doc_topic"
        )
        draw = ed.Normal(
            loc=tf.gather(self._topic_means, topic), scale=self._spread, name="doc_draw"
        )
        zeros = tf.zeros([self._num_docs])
        return Value(
            doc_topic=topic,
            doc_draw=draw,
            doc_popularity=ed.Uniform(low=zeros, high=zeros + 1.0, name="doc_popularity"),
        )

    def available_documents(self, corpus_state: Value) -> Value:
        """Returns doc_id `[D]`, doc_topic `[D]`, doc_features `[D, A]`, doc_popularity `[D]`.

        Args:
          corpus_state: doc_topic `[D]`, doc_draw `[D, A]`, doc_popularity `[D]`.
        """
        return Value(
            doc_id=tf.range(self._num_docs),
            doc_topic=corpus_state.get("doc_topic"),
            doc_features=tf.clip_by_value(corpus_state.get("doc_draw"), 0.0, 1.0),
            doc_popularity=corpus_state.get("doc_popularity"),
        )

    def specs(self) -> ValueSpec:
        """Returns the specs of state and available_docs."""
        docs, num_attributes = self._num_docs, self._topic_means.shape[1]
        shape, dims = (docs, num_attributes), ("doc", "attribute")
        topic = Space.box(0, self._num_topics - 1, (docs,), np.int32, dims=("doc",))
        popularity = Space.box(0.0, 1.0, (docs,), dims=("doc",))
        return ValueSpec(
            state=ValueSpec(
                doc_topic=topic,
                doc_draw=Space.box(-np.inf, np.inf, shape, dims=dims),
                doc_popularity=popularity,
            ),
            available_docs=ValueSpec(
                doc_id=Space.box(0, docs - 1, (docs,), np.int32, dims=("doc",)),
                doc_topic=topic,
                doc_features=Space.box(0.0, 1.0, shape, dims=dims),
                doc_popularity=popularity,
            ),
        )


def checked_topic_means(where: str, config: Mapping[str, Any]) -> Any:
    """Returns the topics' means, `[K, A]` float32.

    Args:
      where: who reads them.
      config: topic_means and num_topics.

    Raises:
      ConfigError: (also a ValueError) they are not `[K, A]` finite numbers.
    """
    settings = Settings(where, config)
    shape = (settings.whole("num_topics", 1), None)
    return tf.cast(settings.numbers("topic_means", shape=shape, exact=True), tf.float32)
