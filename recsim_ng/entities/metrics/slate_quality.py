"""Metrics of what slates are worth: hit, reciprocal rank and nDCG of each user's slate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.metrics.measured import MeasuredMetrics
from recsim_ng.entities.metrics.ranking_quality import hit, ndcg, reciprocal_rank


class SlateQualityMetrics(MeasuredMetrics):
    """Hit, reciprocal rank and nDCG of the slates, per user.

    By default a document is relevant, with a gain of 1, if the user chose it, so that a slate
    without a choice counts 0 and all three say at which place the choice was.

    Args:
      config: reads num_users (U) and slate_size (S).
      relevance: (user_state, user_response, slate_docs) -> `[U, S]` float32 gains, not negative; a
        positive one makes a document relevant. None: 1 for what was chosen.
      ideal_relevance: (corpus_state, user_state) -> `[U, D]` float32 gains of all documents, which
        nDCG compares with; None: those of the slate, so that only their order counts.
      k: how many places count; 0: all.
      keep: as for `MeasuredMetrics`.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) k is not within 0..S, or a relevance no function.

    Source: the formulas are in `ranking_quality`.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        relevance: Callable[[Value, Value, Value], Any] | None = None,
        ideal_relevance: Callable[[Value, Value], Any] | None = None,
        *,
        k: int = 0,
        keep: Sequence[str] = ("step", "mean"),
        name: str = "SlateQualityMetrics",
    ) -> None:
        super().__init__(config, keep, name)
        self._slate_size = self._settings.whole("slate_size", 1)
        check.function(name, "relevance", relevance, optional=True)
        check.function(name, "ideal_relevance", ideal_relevance, optional=True)
        check.whole(name, "k", k, 0, self._slate_size)
        self._k = k or self._slate_size
        self._relevance, self._ideal = relevance, ideal_relevance

    def measures(
        self, corpus_state: Value, user_state: Value, user_response: Value, slate_docs: Value
    ) -> Value:
        """Returns hit, reciprocal_rank and ndcg, `[U]` float32."""
        if self._relevance is None:
            gains = self._chosen(user_response.get("choice"))
        else:
            gains = self._relevance(user_state, user_response, slate_docs)
        ideal = None if self._ideal is None else self._ideal(corpus_state, user_state)
        is_relevant = gains > 0
        return Value(
            hit=hit(is_relevant, self._k),
            reciprocal_rank=reciprocal_rank(is_relevant[:, : self._k]),
            ndcg=ndcg(gains, ideal, self._k),
        )

    def measure_specs(self) -> ValueSpec:
        """Returns the specs: all `[U]` within [0, 1]."""
        spec = self.per_user(0.0, 1.0)
        return ValueSpec(hit=spec, reciprocal_rank=spec, ndcg=spec)

    def _chosen(self, choice: Any) -> Any:
        """`[U, S]` 1 at the places chosen, one of `[U]` or several of `[U, n]`."""
        picked = tf.one_hot(tf.convert_to_tensor(choice), self._slate_size)
        return picked if picked.shape.rank == 2 else tf.reduce_max(picked, axis=1)
