"""What people got out of it, and how their consumption spreads over the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import get_chosen
from recsim_ng.entities.metrics.concentration import gini
from recsim_ng.entities.metrics.list_diversity import coverage
from recsim_ng.entities.metrics.source import spoilt
from recsim_ng.entities.recommendation import RecsMetricsBase


class ConsumptionMetrics(RecsMetricsBase):
    """Enjoyment, ratings and choices of people, and the concentration of what they consume.

    All at step t count what happened at steps 0 ... t-1, so all are 0 at step 0; enjoyment_t is
    that of the film chosen at step t-1.

        cumulative_enjoyment_t[u] = sum over steps of the enjoyment of the film chosen
        num_chosen_t[u]           = number of films chosen
        rating_sum_t[u]           = sum of their ratings
        consumption_t[d]          = number of times that anybody chose film d

        coverage_t         = share of films with consumption_t > 0
        consumption_gini_t = Gini coefficient of consumption_t: 0 if all films are consumed alike,
                             nearly 1 if one film is all that is consumed

    A place beyond D-1 makes coverage and consumption_gini NaN from then on.

    Args:
      config: num_users (U), num_docs (D).
      name: of the entity.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "ConsumptionMetrics") -> None:
        super().__init__(config, name)
        self._num_docs = self._settings.whole("num_docs", 1)

    def initial_metrics(self) -> Value:
        """Returns the metrics before anything happened: zeros."""
        users = tf.zeros([self._num_users])
        return Value(
            enjoyment=users,
            cumulative_enjoyment=users,
            num_chosen=tf.zeros([self._num_users], tf.int32),
            rating_sum=users,
            consumption=tf.zeros([self._num_docs], tf.int32),
            coverage=tf.zeros([]),
            consumption_gini=tf.zeros([]),
        )

    def next_metrics(
        self,
        previous_metrics: Value,
        corpus_state: Value,
        user_state: Value,
        user_response: Value,
        slate_docs: Value,
    ) -> Value:
        """Returns the metrics with one more step.

        Args:
          previous_metrics: as of the step before.
          corpus_state: not read.
          user_state: not read.
          user_response: choice `[U]`, is_chosen `[U]`, enjoyment `[U]`, rating `[U]`.
          slate_docs: doc_ranks `[U, S]`.
        """
        del corpus_state, user_state
        is_chosen, enjoyment = user_response.get("is_chosen"), user_response.get("enjoyment")
        rating = tf.where(is_chosen, user_response.get("rating"), 0.0)
        num_chosen = previous_metrics.get("num_chosen") + tf.cast(is_chosen, tf.int32)
        rating_sum = previous_metrics.get("rating_sum") + rating
        film = get_chosen(
            slate_docs.at("doc_ranks"), user_response.get("choice"), nochoice_value=-1
        ).get("doc_ranks")
        consumption = previous_metrics.get("consumption") + tf.reduce_sum(
            tf.cast(film[:, None] == tf.range(self._num_docs, dtype=film.dtype), tf.int32), axis=0
        )
        wrong = spoilt(film, -1, self._num_docs, previous_metrics.get("coverage"))
        return Value(
            enjoyment=enjoyment,
            cumulative_enjoyment=previous_metrics.get("cumulative_enjoyment") + enjoyment,
            num_chosen=num_chosen,
            rating_sum=rating_sum,
            consumption=consumption,
            coverage=coverage(consumption) + wrong,
            consumption_gini=gini(consumption) + wrong,
        )

    def specs(self) -> ValueSpec:
        """Returns the specs of state."""
        floats = Space.box(-np.inf, np.inf, (self._num_users,), dims=("user",))
        share = Space.box(0, 1, (), dims=())
        most = np.iinfo(np.int32).max
        return ValueSpec(
            state=ValueSpec(
                enjoyment=floats,
                cumulative_enjoyment=floats,
                num_chosen=Space.box(0, most, (self._num_users,), np.int32, dims=("user",)),
                rating_sum=floats,
                consumption=Space.box(0, most, (self._num_docs,), np.int32, dims=("doc",)),
                coverage=share,
                consumption_gini=share,
            )
        )
