"""Metrics of how attention spreads over the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.metrics.concentration import gini
from recsim_ng.entities.metrics.list_diversity import coverage, self_information
from recsim_ng.entities.metrics.source import SourceField, spoilt
from recsim_ng.entities.recommendation import RecsMetricsBase


class ExposureMetrics(RecsMetricsBase):
    """How often each item was shown, how many were at all, and how novel slates are.

        exposure_{t+1}[i] = exposure_t[i] + number of times that item i was shown at step t
        coverage          = share of items with a positive exposure
        exposure_gini     = Gini coefficient of exposure
        novelty_{t+1}[u]  = mean over u's slate at step t of the items' self-information, by
                            exposure_t: how surprising it was to be shown them, bits

    All 0 at step 0. An item out of range cannot be counted: from then on coverage, exposure_gini
    and novelty are NaN, in every runtime alike, and `check_finite` names them. So the item_id of a
    corpus that renews itself, which grows with the run, is no `item`: leave "doc_ranks", the place
    in available docs, where the items that stand there one after another count as one.

    Args:
      config: reads num_users (U) and num_docs (D).
      item: field of the slate, `[U, S]` integers: which item each document is, within 0..I-1.
      num_items: I; 0: D.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) num_items is negative, or item no name of a field.

    Source: the formulas are in `list_diversity` and `concentration`.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        item: str = "doc_ranks",
        num_items: int = 0,
        name: str = "ExposureMetrics",
    ) -> None:
        super().__init__(config, name)
        check.whole(name, "num_items", num_items, 0)
        self._item = SourceField(name, "slate_docs", item, "item")
        self._num_items = num_items or self._settings.whole("num_docs", 1)

    def initial_metrics(self) -> Value:
        """Returns zeros."""
        return Value(
            exposure=tf.zeros([self._num_items], tf.int32),
            coverage=tf.zeros([]),
            exposure_gini=tf.zeros([]),
            novelty=tf.zeros([self._num_users]),
        )

    def next_metrics(
        self,
        previous_metrics: Value,
        corpus_state: Value,
        user_state: Value,
        user_response: Value,
        slate_docs: Value,
    ) -> Value:
        """Returns the metrics with one more step."""
        del corpus_state, user_state, user_response
        shown = self._item.numbers_of(slate_docs)
        wrong = spoilt(shown, 0, self._num_items, previous_metrics.get("coverage"))
        is_item = (shown >= 0) & (shown < self._num_items)
        shown = tf.where(is_item, shown, 0)
        before = previous_metrics.get("exposure")
        exposure = before + tf.math.unsorted_segment_sum(
            tf.reshape(tf.cast(is_item, tf.int32), [-1]), tf.reshape(shown, [-1]), self._num_items
        )
        novelty = tf.reduce_mean(tf.gather(self_information(before), shown), axis=1)
        return Value(
            exposure=exposure,
            coverage=coverage(exposure) + wrong,
            exposure_gini=gini(exposure) + wrong,
            novelty=novelty + wrong,
        )

    def specs(self) -> ValueSpec:
        """Returns the specs of state."""
        share = Space.box(0.0, 1.0, (), dims=())
        most = np.iinfo(np.int32).max
        return ValueSpec(
            state=ValueSpec(
                exposure=Space.box(0, most, (self._num_items,), np.int32, dims=("doc",)),
                coverage=share,
                exposure_gini=share,
                novelty=Space.box(0.0, np.inf, (self._num_users,), dims=("user",)),
            )
        )
