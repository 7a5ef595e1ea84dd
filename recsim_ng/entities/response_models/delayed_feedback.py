"""Delayed feedback: conversions that arrive some steps after they began."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.response_models.response_model import ResponseModel
from recsim_ng.entities.response_models.waiting_time import WaitingTime


class DelayedFeedback(ResponseModel):
    """Conversions that are under way for a while, of which only the arrival is seen.

    Each conversion that begins at step t arrives at step t + d, with d of the delay's law, each on
    its own. Pending are counts by age; the last age stands for all beyond, whose hazard h is the
    same, so that the state is exact however long the delay. At step t, with n_t newly begun,

        at_risk_t[a]    = pending_t[a] + (n_t if a = 0)
        arrived_t[a]    ~ Binomial(at_risk_t[a], h_a)               a = 0 .. H-1
        conversions_t   = sum_a arrived_t[a]
        pending_{t+1}[a + 1] = at_risk_t[a] - arrived_t[a],         the last age keeps its own
        pending_0       = 0

    Args:
      batch_shape: of the users, `[B...]`.
      delay: law of d.
      name: of the entity; its site is called after it.

    Raises:
      ConfigError: (also a ValueError) delay is no WaitingTime.

    Source: Chapelle (2014), Modeling delayed feedback in display advertising.
    """

    def __init__(
        self, batch_shape: Sequence[int], delay: WaitingTime, name: str = "DelayedFeedback"
    ) -> None:
        super().__init__(batch_shape, name=name)
        if not isinstance(delay, WaitingTime):
            raise ConfigError(
                f"{name}: delay must be a WaitingTime, got {type(delay).__name__}; "
                "WaitingTime.geometric(0.2), say"
            )
        self._hazards = np.asarray(delay.hazards, np.float32)

    def initial_state(self) -> Value:
        """Returns `pending`, `[B..., H]` float32 counts by age, none."""
        return Value(pending=tf.zeros([*self._batch_shape, len(self._hazards)]))

    def arrivals(self, state: Value, begun: Any) -> Value:
        """Returns what arrives at step t.

        Args:
          state: `pending` at t.
          begun: `[B...]` numbers, counts or bools: conversions that begin at t.

        Returns:
          A Value with `arrived`, `[B..., H]` float32 counts by age, and `conversions`, `[B...]`
          float32, the sum of them.
        """
        arrived = ed.Binomial(
            total_count=self._at_risk(state, begun),
            probs=self._hazards,
            name=self._site("arrived"),
        )
        return Value(arrived=arrived, conversions=tf.reduce_sum(arrived, axis=-1))

    def next_state(self, previous_state: Value, begun: Any, arrived: Any) -> Value:
        """Returns `pending` at t + 1.

        Args:
          previous_state: `pending` at t.
          begun: `[B...]` conversions that began at t.
          arrived: `[B..., H]` what arrived at t, of `arrivals`.
        """
        left = self._at_risk(previous_state, begun) - tf.convert_to_tensor(arrived)
        if len(self._hazards) == 1:
            return Value(pending=left)
        older = tf.concat([left[..., :-2], left[..., -2:-1] + left[..., -1:]], axis=-1)
        return Value(pending=tf.concat([tf.zeros_like(left[..., :1]), older], axis=-1))

    def _at_risk(self, state: Value, begun: Any) -> Any:
        first = np.eye(1, len(self._hazards), dtype=np.float32)[0]
        return state.get("pending") + tf.cast(begun, tf.float32)[..., None] * first

    def specs(self) -> Value:
        """Returns the specs of `state` (pending) and `response` (arrived, conversions)."""
        by_age = self._box(0.0, np.inf, (len(self._hazards), "age"))
        return ValueSpec(
            state=ValueSpec(pending=by_age),
            response=ValueSpec(arrived=by_age, conversions=self._box(0.0, np.inf)),
        )
