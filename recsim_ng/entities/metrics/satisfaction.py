"""Metrics of how content users are, and of who is still there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.metrics.measured import MeasuredMetrics
from recsim_ng.entities.metrics.source import SourceField
from recsim_ng.entities.recommendation import RecsMetricsBase


class SatisfactionMetrics(MeasuredMetrics):
    """The users' satisfaction, at each step and on average so far.

    Args:
      config: reads num_users (U).
      field: of the user state, `[U]` float32.
      keep: as for `MeasuredMetrics`.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) nothing is to be kept, or field is no name.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        field: str = "satisfaction",
        keep: Sequence[str] = ("step", "mean"),
        name: str = "SatisfactionMetrics",
    ) -> None:
        super().__init__(config, keep, name)
        self._satisfaction = SourceField(name, "user_state", field)

    def measures(
        self, corpus_state: Value, user_state: Value, user_response: Value, slate_docs: Value
    ) -> Value:
        """Returns satisfaction, `[U]` float32."""
        del corpus_state, user_response, slate_docs
        return Value(satisfaction=self._satisfaction.of(user_state))

    def measure_specs(self) -> ValueSpec:
        """Returns the spec: `[U]`."""
        return ValueSpec(satisfaction=self.per_user())


class RetentionMetrics(RecsMetricsBase):
    """Who is still there.

    With a_t[u] whether user u is active at step t:

        num_active_steps_{t+1} = num_active_steps_t + a_t,                             0 at 0
        steps_away_{t+1}       = 0 if a_t, else steps_away_t + 1,                      0 at 0
        retention_{t+1}        = share of users active at step t,                      1 at 0
        window_retention_{t+1} = share of users active at one of the last `window` steps, 1 at 0

    Retention at a day after the first is the classic one; that of a window forgives a pause.

    Args:
      config: reads num_users (U).
      field: `[U]` bool, or numbers of which those above 0 say active.
      source: where the field is: "user_state" or "user_response", say.
      window: number of steps.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) there is no such source, or window is below 1.

    Source: Fader and Hardie (2007), How to project customer retention, for the curve of survivors.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        field: str = "is_active",
        source: str = "user_state",
        window: int = 7,
        name: str = "RetentionMetrics",
    ) -> None:
        super().__init__(config, name)
        self._active = SourceField(name, source, field)
        check.whole(name, "window", window, 1)
        self._window = window

    def initial_metrics(self) -> Value:
        """Returns the metrics before anything happened: nobody has left."""
        zeros = tf.zeros([self._num_users], tf.int32)
        return Value(
            num_active_steps=zeros,
            steps_away=zeros,
            retention=tf.ones([]),
            window_retention=tf.ones([]),
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
        field = self._active.read(corpus_state, user_state, user_response, slate_docs)
        is_active = field if field.dtype == tf.bool else field > 0
        away = tf.where(is_active, 0, previous_metrics.get("steps_away") + 1)
        count = previous_metrics.get("num_active_steps") + tf.cast(is_active, tf.int32)
        return Value(
            num_active_steps=count,
            steps_away=away,
            retention=tf.reduce_mean(tf.cast(is_active, tf.float32)),
            window_retention=tf.reduce_mean(tf.cast(away < self._window, tf.float32)),
        )

    def specs(self) -> ValueSpec:
        """Returns the specs of state."""
        most = np.iinfo(np.int32).max
        steps = Space.box(0, most, (self._num_users,), np.int32, dims=("user",))
        share = Space.box(0.0, 1.0, (), dims=())
        return ValueSpec(
            state=ValueSpec(
                num_active_steps=steps, steps_away=steps, retention=share, window_retention=share
            )
        )
