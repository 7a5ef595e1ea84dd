"""Corpora of documents that have a topic and a quality, and corpora that are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.edward2 import ed
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.corpora.fixed import FixedCorpus

_SHARE_OF_JUNK = 0.7
_QUALITY_SCALE = 0.1
_FEATURE_SCALE = 0.7
_LENGTH = 2.0


def topic_qualities(num_topics: int) -> np.ndarray:
    """The mean quality of each topic, `[K]` float32.

    The first int(0.7 K) topics, junk, are spread evenly over [-1, 0], the others over [0, 1], both
    ends included; a lone topic takes the lower end.

    Args:
      num_topics: K.
    """
    junk = int(_SHARE_OF_JUNK * num_topics)
    parts = (np.linspace(-1.0, 0.0, junk), np.linspace(0.0, 1.0, num_topics - junk))
    return np.concatenate(parts).astype(np.float32)


class CorpusWithTopicAndQuality(FixedCorpus):
    """Documents drawn at step 0, which stay; junk topics have qualities below 0.

        topic_d    ~ uniform over the K topics
        quality_d  ~ N(mean quality of topic_d, 0.1)          see `topic_qualities`
        features_d ~ N(one_hot(topic_d), 0.7 I)
        length_d   = 2

    0.1 and 0.7 are standard deviations. State and available documents have the same fields.

    Args:
      config: reads `num_docs` (D) and `num_topics` (K).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) there are no documents or no topics.

    Source: Mladenov et al. (2021), RecSim NG, section on interest evolution.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "CorpusWithTopicAndQuality") -> None:
        super().__init__(config, name)
        self._topic_qualities = topic_qualities(self._num_topics)

    def initial_state(self) -> Value:
        """Returns the documents.

        Returns:
          doc_id `[D]` int32, 1 .. D; doc_topic `[D]` int32, doc_quality `[D]`, doc_features
          `[D, K]`, doc_length `[D]`.
        """
        docs = self._num_docs
        topic = ed.Categorical(logits=tf.zeros([docs, self._num_topics]), name="doc_topic")
        index = tf.convert_to_tensor(topic)
        quality = ed.Normal(
            loc=tf.gather(self._topic_qualities, index), scale=_QUALITY_SCALE, name="doc_quality"
        )
        features = ed.MultivariateNormalDiag(
            loc=tf.one_hot(index, self._num_topics),
            scale_diag=tf.fill([self._num_topics], _FEATURE_SCALE),
            name="doc_features",
        )
        return Value(
            doc_id=tf.range(1, docs + 1),
            doc_topic=topic,
            doc_quality=quality,
            doc_features=features,
            doc_length=tf.fill([docs], _LENGTH),
        )

    def available_documents(self, corpus_state: Value) -> Value:
        """Returns all documents.

        Args:
          corpus_state: the documents.
        """
        return corpus_state.map(tf.identity)

    def specs(self) -> ValueSpec:
        """Returns the specs of state and available_docs, which are alike."""
        docs, topics = (self._num_docs,), self._num_topics
        everything = (-np.inf, np.inf)
        fields = ValueSpec(
            doc_id=Space.box(1, self._num_docs, docs, np.int32, dims=("doc",)),
            doc_topic=Space.box(0, topics - 1, docs, np.int32, dims=("doc",)),
            doc_quality=Space.box(*everything, docs, dims=("doc",)),
            doc_features=Space.box(*everything, (*docs, topics), dims=("doc", "topic")),
            doc_length=Space.box(0.0, np.inf, docs, dims=("doc",)),
        )
        return ValueSpec(state=fields, available_docs=fields)


class StaticCorpus(FixedCorpus):
    """Given documents, the same at every step and in every run.

    Args:
      config: reads `num_docs` (D) and `num_topics`.
      static_state: the documents, fields of `[D, ...]` numbers.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a field's first axis is not of length D, or static_state is
        no Value.
    """

    def __init__(
        self, config: Mapping[str, Any], static_state: Value, name: str = "StaticCorpus"
    ) -> None:
        super().__init__(config, name)
        check.instance(name, "static_state", static_state, Value)
        with tf.init_scope():
            self._docs = static_state.map(tf.convert_to_tensor)
        for field, x in self._docs.as_dict.items():
            if x.shape[:1] != [self._num_docs]:
                raise ConfigError(
                    f"{name}: the first axis of static_state's '{field}' must be of length "
                    f"{self._num_docs}, num_docs, got {list(x.shape)}"
                )

    def initial_state(self) -> Value:
        """Returns the documents."""
        return self._docs

    def available_documents(self, corpus_state: Value) -> Value:
        """Returns all documents.

        Args:
          corpus_state: the documents.
        """
        return corpus_state

    def specs(self) -> ValueSpec:
        """Returns the specs of state and available_docs, which are alike."""
        fields = ValueSpec(**{name: _spec(x) for name, x in self._docs.as_dict.items()})
        return ValueSpec(state=fields, available_docs=fields)


def _spec(x: Any) -> Space:
    low: float
    high: float
    if x.dtype == tf.bool:
        low, high = 0, 1
    elif x.dtype.is_integer:
        numbers = tf.get_static_value(x)
        known = numbers is not None and numbers.size
        low, high = (numbers.min(), numbers.max()) if known else (x.dtype.min, x.dtype.max)
    else:
        low, high = -np.inf, np.inf
    dims = ("doc", "topic")[: x.shape.rank] if x.shape.rank <= 2 else None
    return Space.box(low, high, tuple(x.shape), x.dtype.as_numpy_dtype, dims=dims)
