"""Metrics of whether users are shown their tastes in proportion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import get_chosen
from recsim_ng.entities.metrics.list_diversity import miscalibration
from recsim_ng.entities.metrics.source import SourceField, spoilt
from recsim_ng.entities.recommendation import RecsMetricsBase


class CalibrationMetrics(RecsMetricsBase):
    """How far what each user was shown so far is from the user's taste in topics.

        shown_topics_{t+1}  = shown_topics_t + mean of the topics of the slate at step t
        chosen_topics_{t+1} = chosen_topics_t + topics of the document chosen at step t
        miscalibration      = KL divergence of taste from shown_topics, both normalised

    The taste is what the user chose so far, or a field of the user's state. All 0 at step 0. A
    topic beyond K-1 makes all of them NaN from then on; -1 is none.

    Args:
      config: reads num_users (U) and num_topics (K).
      topics: field of the slate: `[U, S, K]` float32 weights of topics, not negative, or `[U, S]`
        int32 topics.
      taste: field of the user state, `[U, K]` float32 weights, not negative; "": the topics of
        what was chosen.
      mix: how much of the taste is mixed into what was shown.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) mix is not within [0, 1], or a field has no name.

    Source: Steck (2018), Calibrated recommendations.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        topics: str = "doc_topic",
        taste: str = "",
        mix: float = 0.01,
        name: str = "CalibrationMetrics",
    ) -> None:
        super().__init__(config, name)
        check.real(name, "mix", mix, 0.0, 1.0)
        self._num_topics, self._mix = self._settings.whole("num_topics", 1), mix
        self._topics = SourceField(name, "slate_docs", topics, "topics")
        self._taste = None if taste == "" else SourceField(name, "user_state", taste, "taste")

    def initial_metrics(self) -> Value:
        """Returns zeros."""
        zeros = tf.zeros([self._num_users, self._num_topics])
        return Value(
            shown_topics=zeros, chosen_topics=zeros, miscalibration=tf.zeros([self._num_users])
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
        del corpus_state
        topics = self._topics.of(slate_docs)
        if topics.dtype.is_integer:
            wrong = spoilt(topics, -1, self._num_topics)
            topics = tf.one_hot(topics, self._num_topics) + wrong
        chosen = get_chosen(Value(x=topics), user_response.get("choice"), nochoice_value=0)
        shown = previous_metrics.get("shown_topics") + tf.reduce_mean(topics, axis=1)
        liked = previous_metrics.get("chosen_topics") + chosen.get("x")
        taste = liked if self._taste is None else self._taste.of(user_state)
        return Value(
            shown_topics=shown,
            chosen_topics=liked,
            miscalibration=miscalibration(taste, shown, self._mix),
        )

    def specs(self) -> ValueSpec:
        """Returns the specs of state."""
        shape = (self._num_users, self._num_topics)
        topics = Space.box(0.0, np.inf, shape, dims=("user", "topic"))
        far = Space.box(0.0, np.inf, shape[:1], dims=("user",))
        return ValueSpec(
            state=ValueSpec(shown_topics=topics, chosen_topics=topics, miscalibration=far)
        )
