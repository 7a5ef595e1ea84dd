"""Metrics of how providers fare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import get_chosen
from recsim_ng.entities.metrics.concentration import effective_number, gini, shares
from recsim_ng.entities.metrics.source import SourceField, spoilt
from recsim_ng.entities.recommendation import RecsMetricsBase


class ProviderMetrics(RecsMetricsBase):
    """How exposure and clicks are shared among providers.

        exposures_{t+1}[p] = memory exposures_t[p] + documents of p shown at step t,   0 at 0
        clicks_{t+1}[p]    = memory clicks_t[p] + documents of p chosen at step t,     0 at 0

    and of these the share of each provider in all exposure, and the Gini coefficient and the
    effective number of providers of both. Where there is nothing yet, shares are equal, the Gini
    coefficient is 0 and the effective number P. A provider beyond P-1 cannot be counted: from then
    on all of them are NaN, as in `ExposureMetrics`; -1 is nobody.

    Args:
      config: reads num_users (U).
      num_providers: P; config's where it is 0.
      field: of the slate, `[U, S]` integers: whose each document is.
      memory: share of the past that counts at the next step, within [0, 1]; 1: all time.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a number is out of range.

    Source: the formulas are in `concentration`; exposure as what is to be shared out: Singh and
      Joachims (2018), Fairness of exposure in rankings.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        num_providers: int = 0,
        field: str = "provider_id",
        memory: float = 1.0,
        name: str = "ProviderMetrics",
    ) -> None:
        super().__init__(config, name)
        check.whole(name, "num_providers", num_providers, 0)
        self._num_providers = num_providers or self._settings.whole("num_providers", 1)
        check.real(name, "memory", memory, 0.0, 1.0)
        self._provider, self._memory = SourceField(name, "slate_docs", field), memory

    def initial_metrics(self) -> Value:
        """Returns nothing shown and nothing chosen."""
        zeros = tf.zeros([self._num_providers])
        return self._of(zeros, zeros)

    def next_metrics(
        self,
        previous_metrics: Value,
        corpus_state: Value,
        user_state: Value,
        user_response: Value,
        slate_docs: Value,
    ) -> Value:
        """Returns the metrics with one more step."""
        del corpus_state, user_state
        shown = self._provider.numbers_of(slate_docs)
        chosen = get_chosen(Value(provider=shown), user_response.get("choice")).get("provider")
        memory = self._memory
        return self._of(
            memory * previous_metrics.get("exposures") + self._count(shown),
            memory * previous_metrics.get("clicks") + self._count(chosen),
        )

    def specs(self) -> ValueSpec:
        """Returns the specs of state."""
        providers, dims = (self._num_providers,), ("provider",)
        count = Space.box(0.0, np.inf, providers, dims=dims)
        share, number = Space.box(0.0, 1.0, (), dims=()), Space.box(0.0, np.inf, (), dims=())
        return ValueSpec(
            state=ValueSpec(
                exposures=count,
                clicks=count,
                exposure_share=Space.box(0.0, 1.0, providers, dims=dims),
                exposure_gini=share,
                click_gini=share,
                effective_exposed=number,
                effective_clicked=number,
            )
        )

    def _of(self, exposures: Any, clicks: Any) -> Value:
        return Value(
            exposures=exposures,
            clicks=clicks,
            exposure_share=shares(exposures),
            exposure_gini=gini(exposures),
            click_gini=gini(clicks),
            effective_exposed=effective_number(exposures),
            effective_clicked=effective_number(clicks),
        )

    def _count(self, provider: Any) -> Any:
        """`[P]` float32 how often each provider occurs; -1 is nobody's."""
        flat, providers = tf.reshape(provider, [-1]), self._num_providers
        counted = tf.where(flat < providers, flat, -1)
        ones = tf.ones_like(flat, tf.float32)
        counts = tf.math.unsorted_segment_sum(ones, counted, providers)
        return counts + spoilt(flat, -1, providers)
