"""A catalogue of which not everybody may be shown everything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.ordering import top_k
from recsim_ng.core.value import Value
from recsim_ng.entities.corpora.wrapped import CorpusCtor, WrappedCorpus


class CandidateCorpus(WrappedCorpus):
    """Another corpus with candidates of each user's own: `is_candidate`, `[U, D]` bool.

    Either fixed by `allowed`: what a licence, an age limit or a region leaves; or, with
    num_candidates n, the outcome of a retrieval stage that takes n documents of those by chance,
    at every step anew and for each user:

        candidate_scores_t[u, d] ~ Uniform(0, 1);  the n greatest of the allowed are candidates

    Args:
      config: reads num_users (U), num_docs (D), and, if there, num_candidates (0: all that are
        allowed) and slate_size (S): so many are needed.
      corpus_ctor: makes the corpus.
      allowed: `[U, D]` bool who may ever be shown what; None: everybody everything.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) somebody is left with fewer candidates than a slate holds,
        or `allowed` is not `[U, D]`.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        corpus_ctor: CorpusCtor,
        allowed: Any = None,
        name: str = "CandidateCorpus",
    ) -> None:
        super().__init__(config, corpus_ctor, name)
        settings = self._settings
        self._shape = (settings.whole("num_users", 1), self._num_docs)
        self._num_candidates = settings.whole("num_candidates", 0, self._num_docs, default=0)
        least = max(settings.whole("slate_size", 1, default=1), self._num_candidates)
        if 0 < self._num_candidates < least:
            raise ConfigError(
                f"{name}: num_candidates must be 0 or at least the slate_size, {least}, got "
                f"{self._num_candidates}"
            )
        try:
            allowed = np.ones(self._shape, bool) if allowed is None else np.asarray(allowed)
        except ValueError:  # rows of different lengths
            allowed = np.asarray(allowed, object)
        if allowed.shape != self._shape or allowed.dtype != np.bool_:
            raise ConfigError(
                f"{name}: allowed must be a bool array of users by documents, "
                f"{list(self._shape)}, got {allowed.dtype} {list(allowed.shape)}"
            )
        fewest = int(allowed.sum(axis=1).min(initial=self._num_docs))
        if fewest < least:
            raise ConfigError(
                f"{name}: allowed must leave everybody at least {least} documents, got {fewest} "
                f"for user {int(allowed.sum(axis=1).argmin())}; allow more, or show or retrieve "
                "fewer"
            )
        self._allowed = tf.constant(allowed)

    def available_documents(self, corpus_state: Value) -> Value:
        """Returns the corpus' documents with is_candidate `[U, D]` bool, and its draws if any."""
        documents = super().available_documents(corpus_state)
        if not self._num_candidates:
            return documents.union(Value(is_candidate=self._allowed))
        low = tf.zeros(self._shape)
        drawn = ed.Uniform(low=low, high=tf.ones_like(low), name="candidate_scores")
        scores = tf.where(self._allowed, tf.convert_to_tensor(drawn), -1.0)
        best, _ = top_k(scores, self._num_candidates)
        is_candidate = scores >= best[:, -1:]
        return documents.union(Value(is_candidate=is_candidate, candidate_scores=drawn))

    def specs(self) -> ValueSpec:
        """Returns the specs of the corpus with those of the candidates."""
        dims = ("user", "doc")
        added = ValueSpec(is_candidate=Space.box(0, 1, self._shape, np.bool_, dims=dims))
        if self._num_candidates:
            scores = Space.box(0.0, 1.0, self._shape, dims=dims)
            added = added.union(ValueSpec(candidate_scores=scores))
        return super().specs().union(ValueSpec(available_docs=added))
