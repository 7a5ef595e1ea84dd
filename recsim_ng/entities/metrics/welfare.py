"""Metrics of how well off users are, the worst off among them above all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import require
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.metrics.concentration import quantiles
from recsim_ng.entities.metrics.source import SourceField
from recsim_ng.entities.recommendation import RecsMetricsBase


class WelfareMetrics(RecsMetricsBase):
    """Quantiles over users of the welfare that each has cumulated.

        welfare_{t+1}[u] = welfare_t[u] + field_t[u],   0 at 0
        mean_welfare     = mean over users,   welfare_quantiles[q] = its quantile over users

    Args:
      config: reads num_users (U).
      field: name of a `[U]` float32 field.
      source: where it is: "user_response" or "user_state", say.
      probabilities: `[Q]` of the quantiles, ascending.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) there is no such source, or the probabilities are not
        ascending within [0, 1].

    Source: the quantile is in `concentration`; looking at the worst off: Rawls (1971).
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        field: str = "utility",
        source: str = "user_response",
        probabilities: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
        name: str = "WelfareMetrics",
    ) -> None:
        super().__init__(config, name)
        require.numbers(name, "probabilities", probabilities, 0.0, 1.0, shape=(None,), exact=True)
        given = np.asarray(probabilities, np.float64)
        if np.any(np.diff(given) <= 0):
            raise ConfigError(f"{name}: probabilities must ascend, got {probabilities!r}")
        self._gained = SourceField(name, source, field)
        self._probabilities = given.astype(np.float32)

    def initial_metrics(self) -> Value:
        """Returns zeros."""
        return self._of(tf.zeros([self._num_users]))

    def next_metrics(
        self,
        previous_metrics: Value,
        corpus_state: Value,
        user_state: Value,
        user_response: Value,
        slate_docs: Value,
    ) -> Value:
        """Returns the metrics with one more step."""
        gained = self._gained.read(corpus_state, user_state, user_response, slate_docs)
        return self._of(previous_metrics.get("welfare") + gained)

    def specs(self) -> ValueSpec:
        """Returns the specs of state."""
        at = (self._probabilities.size,)
        return ValueSpec(
            state=ValueSpec(
                welfare=Space.box(-np.inf, np.inf, (self._num_users,), dims=("user",)),
                mean_welfare=Space.box(-np.inf, np.inf, (), dims=()),
                welfare_quantiles=Space.box(-np.inf, np.inf, at, dims=("quantile",)),
            )
        )

    def _of(self, welfare: Any) -> Value:
        return Value(
            welfare=welfare,
            mean_welfare=tf.reduce_mean(welfare),
            welfare_quantiles=quantiles(welfare, self._probabilities),
        )
