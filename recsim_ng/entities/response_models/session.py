"""Sessions: users leave, come back after a while, or never."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check, operand, require
from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.occurrence import Occurrence
from recsim_ng.core.value import Value
from recsim_ng.entities.response_models.response_model import ResponseModel
from recsim_ng.entities.response_models.waiting_time import WaitingTime


class SessionModel(ResponseModel):
    """Whether each user is here: sessions end, some users churn then, the others return later.

    A user who is active at step t leaves, and of those who leave some never return:

        ends_{t+1}    ~ Bernoulli(end_probability)     if active at t, else 0
        churns_{t+1}  ~ Bernoulli(churn_probability)   if it ends, else 0
        returns_{t+1} ~ Bernoulli(h_a)                 if away at t and not churned, else 0

    with a = steps_away_t, the whole steps away before t, and h the hazards of the return time: the
    user who leaves is away for 1 + wait steps, wait of the law `return_time`. At step 0 all are
    active, and nothing has happened.

        is_active_{t+1}   = (is_active_t and not ends_{t+1}) or returns_{t+1}
        has_churned_{t+1} = has_churned_t or churns_{t+1}
        steps_away_{t+1}  = steps_away_t + 1   if away at t and at t + 1, else 0

    Args:
      batch_shape: of the users, `[B...]`.
      end_probability: of a session, after each step, within [0, 1]; a scalar or `[B...]`; a
        variable can be trained. `next_state` may be given log-odds instead.
      churn_probability: that who leaves never returns, alike.
      return_time: law of the wait.
      name: of the entity; its sites are called after it.

    Raises:
      ConfigError: (also a ValueError) a probability is outside [0, 1] or does not broadcast to the
        batch shape, or return_time is no WaitingTime.

    Source: Kapoor, Subbian, Srivastava and Schrater (2014), A hazard based approach to user return
      time prediction.
    """

    def __init__(
        self,
        batch_shape: Sequence[int],
        end_probability: Any = 0.1,
        churn_probability: Any = 0.0,
        return_time: WaitingTime | None = None,
        name: str = "SessionModel",
    ) -> None:
        super().__init__(batch_shape, name=name)
        given = {"end_probability": end_probability, "churn_probability": churn_probability}
        for argument, x in given.items():
            given[argument] = require.probabilities(name, argument, x, shape=self._batch_shape)
        self._end, self._churn = given["end_probability"], given["churn_probability"]
        return_time = WaitingTime.geometric(0.5) if return_time is None else return_time
        remedy = "WaitingTime.geometric(0.5), say"
        check.instance(name, "return_time", return_time, WaitingTime, remedy)
        self._hazards = np.asarray(return_time.hazards, np.float32)

    def initial_state(self) -> Value:
        """Returns the state at step 0: all are active, with all the fields of `next_state`."""
        no, none = tf.zeros(self._batch_shape, tf.bool), tf.zeros(self._batch_shape, tf.int32)
        draws = {name: none for name in ("ends", "churns", "returns")}
        return Value(is_active=~no, has_churned=no, steps_away=none, **draws)

    def next_state(self, previous_state: Value, end_logits: Any = None) -> Value:
        """Returns who is here at t + 1.

        Args:
          previous_state: is_active, has_churned and steps_away at t.
          end_logits: `[B...]` log-odds that the session ends, where they depend on what happened
            at t; those of the end probability if None.

        Returns:
          A Value with is_active and has_churned `[B...]` bool, steps_away `[B...]` int32, and the
          draws ends, churns and returns `[B...]` int32.
        """
        active, churned, away = (
            previous_state.get(name) for name in ("is_active", "has_churned", "steps_away")
        )
        if end_logits is None:
            end = tf.cast(self._end, tf.float32)
        else:
            end = tf.sigmoid(operand.floats(self.name, "end_logits", end_logits))
        hazard = tf.gather(self._hazards, tf.minimum(away, len(self._hazards) - 1))
        ends = self._draw("ends", active, end)
        ended = tf.convert_to_tensor(ends) > 0
        churns = self._draw("churns", ended, tf.cast(self._churn, tf.float32))
        waits = ~active & ~churned
        returns = self._draw("returns", waits, hazard)
        back = tf.convert_to_tensor(returns) > 0
        is_active = (active & ~ended) | back
        return Value(
            is_active=is_active,
            has_churned=churned | (tf.convert_to_tensor(churns) > 0),
            steps_away=tf.where(~active & ~is_active, away + 1, 0),
            ends=ends,
            churns=churns,
            returns=returns,
        )

    def _draw(self, field: str, can: Any, probability: Any) -> Any:
        law = tf.where(can, probability, tf.zeros_like(probability))
        return ed.RandomVariable(Occurrence(probs=law), name=self._site(field))

    def specs(self) -> Value:
        """Returns the spec of `state`: the fields of `next_state`, all `[B...]`."""
        draws = {name: self._occurrence() for name in ("ends", "churns", "returns")}
        return ValueSpec(
            state=ValueSpec(
                is_active=self._flag(),
                has_churned=self._flag(),
                steps_away=self._box(0, np.iinfo(np.int32).max, dtype=np.int32),
                **draws,
            )
        )
