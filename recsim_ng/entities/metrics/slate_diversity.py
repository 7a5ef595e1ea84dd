"""Metrics of the variety within slates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recsim_ng.core import check
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.metrics.list_diversity import intra_list_diversity
from recsim_ng.entities.metrics.measured import MeasuredMetrics
from recsim_ng.entities.metrics.source import SourceField


class SlateDiversityMetrics(MeasuredMetrics):
    """The intra-list diversity of each user's slate.

    Args:
      config: reads num_users (U).
      field: of the slate, `[U, S, F]` float32 features.
      distance: "cosine" or "euclidean".
      keep: as for `MeasuredMetrics`.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) there is no such distance, or field is no name.

    Source: the formula is in `list_diversity.intra_list_diversity`.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        field: str = "doc_features",
        distance: str = "cosine",
        keep: Sequence[str] = ("step", "mean"),
        name: str = "SlateDiversityMetrics",
    ) -> None:
        super().__init__(config, keep, name)
        check.one_of(name, "distance", distance, ("cosine", "euclidean"))
        self._features, self._distance = SourceField(name, "slate_docs", field), distance

    def measures(
        self, corpus_state: Value, user_state: Value, user_response: Value, slate_docs: Value
    ) -> Value:
        """Returns diversity, `[U]` float32."""
        del corpus_state, user_state, user_response
        features = self._features.of(slate_docs)
        return Value(diversity=intra_list_diversity(features, self._distance))

    def measure_specs(self) -> ValueSpec:
        """Returns the spec: `[U]`."""
        return ValueSpec(diversity=self.per_user(0.0, np.inf))
