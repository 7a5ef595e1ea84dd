"""A catalogue of films that stays as it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import require
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.corpora.fixed import FixedCorpus


class FilmCorpus(FixedCorpus):
    """D films with their genres, quality, popularity and year; all are available at every step.

    Args:
      config: num_docs (D), num_topics (K genres).
      genres: `[D, K]` float32, 1 where a film has a genre, else 0.
      quality: `[D]` float32 by how many stars a film is liked better than the usual one.
      popularity: `[D]` number of ratings that a film had before the run, not negative.
      year: `[D]` int32 year of release, within 0..9999, 0 where it is unknown.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) an array is of another shape, or a number out of range.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        genres: Any,
        quality: Any,
        popularity: Any,
        year: Any,
        name: str = "FilmCorpus",
    ) -> None:
        super().__init__(config, name)
        docs = (self._num_docs,)
        for field, x, shape, least, most in (
            ("genres", genres, (*docs, self._num_topics), 0.0, 1.0),
            ("quality", quality, docs, -math.inf, math.inf),
            ("popularity", popularity, docs, 0.0, math.inf),
            ("year", year, docs, 0, 9999),
        ):
            require.numbers(name, field, x, least, most, shape=shape, exact=True)
        self._films = Value(
            doc_id=tf.range(self._num_docs),
            doc_genres=tf.constant(genres, tf.float32),
            doc_quality=tf.constant(quality, tf.float32),
            doc_popularity=tf.constant(popularity, tf.float32),
            doc_year=tf.constant(year, tf.int32),
        )

    def initial_state(self) -> Value:
        """Returns no fields: nothing about the catalogue changes."""
        return Value()

    def available_documents(self, corpus_state: Value) -> Value:
        """Returns the films.

        Args:
          corpus_state: not read.

        Returns:
          doc_id `[D]` int32, doc_genres `[D, K]` float32, doc_quality `[D]` float32 stars,
          doc_popularity `[D]` float32 ratings, doc_year `[D]` int32.
        """
        del corpus_state
        return self._films

    def specs(self) -> ValueSpec:
        """Returns the specs of state and available_docs."""
        docs, genres = self._num_docs, self._num_topics
        return ValueSpec(
            state=ValueSpec(),
            available_docs=ValueSpec(
                doc_id=Space.box(0, docs - 1, (docs,), np.int32, dims=("doc",)),
                doc_genres=Space.box(0, 1, (docs, genres), dims=("doc", "genre")),
                doc_quality=Space.box(-np.inf, np.inf, (docs,), dims=("doc",)),
                doc_popularity=Space.box(0, np.inf, (docs,), dims=("doc",)),
                doc_year=Space.box(0, 9999, (docs,), np.int32, dims=("doc",)),
            ),
        )
