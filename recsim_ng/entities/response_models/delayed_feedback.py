"""Delayed feedback: conversions that arrive some steps after they began."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.occurrence import Occurrence
from recsim_ng.core.value import Value
from recsim_ng.entities.response_models.response_model import ResponseModel
from recsim_ng.entities.response_models.waiting_time import WaitingTime


class DelayedFeedback(ResponseModel):
    """Conversions that are under way for a while, of which only the arrival is seen.

    A conversion that begins at step t arrives at step t + d, with d of the delay's law, whose
    hazards are h. One may begin at every step, so that all those of a user differ in age:

        at_risk_t[a]         = pending_t[a],   at_risk_t[0] = one begins at t
        arrived_t[a]         ~ Bernoulli(h_a)  if at_risk_t[a], else 0,      a = 0 .. window
        conversions_t        = sum_a arrived_t[a]
        pending_{t+1}[a + 1] = at_risk_t[a] and not arrived_t[a]
        pending_0            = none

    What has not arrived within the window is never counted. Those still pending score what is
    known of them: that they have not arrived yet.

    Args:
      batch_shape: of the users, `[B...]`, or of what they clicked, `[U, S]`.
      delay: law of d.
      window: greatest delay that is counted, at least 0; a delay of bounded law needs no more than
        its bound.
      name: of the entity; its site is called after it.

    Raises:
      ConfigError: (also a ValueError) delay is no WaitingTime, or window is below 0.

    Source: Chapelle (2014), Modeling delayed feedback in display advertising.
    """

    def __init__(
        self,
        batch_shape: Sequence[int],
        delay: WaitingTime,
        window: int = 30,
        name: str = "DelayedFeedback",
    ) -> None:
        super().__init__(batch_shape, name=name)
        check.instance(name, "delay", delay, WaitingTime, "WaitingTime.geometric(0.2), say")
        check.whole(name, "window", window, 0)
        ages = min(window + 1, len(delay.hazards)) if delay.hazards[-1] == 1.0 else window + 1
        self._hazards = delay.hazard(ages).astype(np.float32)

    def initial_state(self) -> Value:
        """Returns `pending`, `[B..., window + 1]` bool by age, none."""
        return Value(pending=tf.zeros([*self._batch_shape, len(self._hazards)], tf.bool))

    def arrivals(self, state: Value, begins: Any) -> Value:
        """Returns what arrives at step t.

        Args:
          state: `pending` at t.
          begins: `[B...]` bools, or ints, 1 where a conversion begins at t.

        Returns:
          A Value with `arrived`, `[B..., window + 1]` int32, 1 for each age that arrives, and
          `conversions`, `[B...]` int32, how many do.
        """
        at_risk = _at_risk(state, begins)
        hazards = tf.where(at_risk, self._hazards, tf.zeros_like(self._hazards))
        arrived = ed.RandomVariable(Occurrence(probs=hazards), name=self._site("arrived"))
        return Value(arrived=arrived, conversions=tf.reduce_sum(arrived, axis=-1))

    def next_state(self, previous_state: Value, begins: Any, arrived: Any) -> Value:
        """Returns `pending` at t + 1.

        Args:
          previous_state: `pending` at t.
          begins: `[B...]` whether a conversion began at t.
          arrived: `[B..., window + 1]` what arrived at t, of `arrivals`.
        """
        left = _at_risk(previous_state, begins) & (tf.convert_to_tensor(arrived) == 0)
        return Value(pending=tf.concat([tf.zeros_like(left[..., :1]), left[..., :-1]], axis=-1))

    def specs(self) -> Value:
        """Returns the specs of `state` (pending) and `response` (arrived, conversions)."""
        ages = (len(self._hazards), "age")
        conversions = self._box(0, len(self._hazards), dtype=np.int32)
        return ValueSpec(
            state=ValueSpec(pending=self._flag(ages)),
            response=ValueSpec(arrived=self._occurrence(ages), conversions=conversions),
        )


def _at_risk(state: Value, begins: Any) -> Any:
    """The conversions under way by age; at the start of a step none has age 0 but the new one."""
    new = tf.cast(begins, tf.bool)[..., None]
    return tf.concat([new, state.get("pending")[..., 1:]], axis=-1)
