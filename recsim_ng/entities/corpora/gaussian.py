"""A fixed catalogue around the origin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.corpora.fixed import FixedCorpus


class GaussianCorpus(FixedCorpus):
    """D documents of features ~ N(0, doc_scale I), drawn at step 0 and kept.

    Args:
      config: reads num_docs (D), num_topics (K) and, if there, doc_scale (1, a standard
        deviation).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) doc_scale is not positive.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "GaussianCorpus") -> None:
        super().__init__(config, name)
        self._scale = self._settings.real("doc_scale", 1e-6, 1e6, default=1.0)

    def initial_state(self) -> Value:
        """Returns doc_features `[D, K]` float32."""
        zeros = tf.zeros([self._num_docs, self._num_topics])
        return Value(doc_features=ed.Normal(loc=zeros, scale=self._scale, name="doc_features"))

    def available_documents(self, corpus_state: Value) -> Value:
        """Returns doc_id `[D]` int32 and doc_features `[D, K]` float32."""
        features = tf.convert_to_tensor(corpus_state.get("doc_features"))
        return Value(doc_id=tf.range(self._num_docs), doc_features=features)

    def specs(self) -> ValueSpec:
        """Returns the specs of state and available_docs."""
        docs = self._num_docs
        features = Space.box(-np.inf, np.inf, (docs, self._num_topics), dims=("doc", "topic"))
        which = Space.box(0, docs - 1, (docs,), np.int32, dims=("doc",))
        return ValueSpec(
            state=ValueSpec(doc_features=features),
            available_docs=ValueSpec(doc_id=which, doc_features=features),
        )
