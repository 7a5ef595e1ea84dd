"""A fixed assortment between chocolate and kale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.corpora.fixed import FixedCorpus


class KaleCorpus(FixedCorpus):
    """D documents whose kaleness is spread evenly: k_d = d / (D - 1), 0 chocolate, 1 kale.

    A lone document is chocolate.

    Args:
      config: num_docs (D), num_topics.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) there are no documents.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "KaleCorpus") -> None:
        super().__init__(config, name)
        kaleness = tf.constant(np.linspace(0.0, 1.0, self._num_docs), tf.float32)
        self._docs = Value(
            doc_id=tf.range(self._num_docs),
            doc_kaleness=kaleness,
            doc_features=tf.stack([tf.ones_like(kaleness), kaleness], axis=-1),
        )

    def initial_state(self) -> Value:
        """Returns no fields: nothing about the assortment changes."""
        return Value()

    def available_documents(self, corpus_state: Value) -> Value:
        """Returns doc_id `[D]`, doc_kaleness `[D]`, doc_features `[D, 2]`: a constant, kaleness.

        Args:
          corpus_state: not read.
        """
        del corpus_state
        return self._docs

    def specs(self) -> ValueSpec:
        """Returns the specs of state and available_docs."""
        docs = self._num_docs
        return ValueSpec(
            state=ValueSpec(),
            available_docs=ValueSpec(
                doc_id=Space.box(0, docs - 1, (docs,), np.int32, dims=("doc",)),
                doc_kaleness=Space.box(0.0, 1.0, (docs,), dims=("doc",)),
                doc_features=Space.box(0.0, 1.0, (docs, 2), dims=("doc", "feature")),
            ),
        )
