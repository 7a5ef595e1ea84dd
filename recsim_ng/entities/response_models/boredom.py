"""Boredom: topics lose their charm while they were had lately, and win it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check, require
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.response_models.response_model import ResponseModel


class Boredom(ResponseModel):
    """A penalty on topics that were consumed lately.

        penalty_t[u, d] = weight sum_k recent_t[u, k] w[d, k]
        recent_{t+1}[u] = decay recent_t[u] + g_t[u]
        recent_0        = 0

    with w the topics of a document and g_t those of what was consumed at step t, 0 for nothing. Of
    n documents of a lone topic in a row, recent is (1 - decay^n) / (1 - decay).

    Args:
      batch_shape: of the users, `[B...]`.
      num_topics: K.
      weight: of the penalty, 0 or above, a scalar or `[B...]`; a variable can be trained.
      decay: within [0, 1], a scalar, `[K]` or `[B..., K]`; 1 never forgets.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) num_topics is below 1, weight below 0 or decay outside
        [0, 1], or one does not fit users and topics.
    """

    def __init__(
        self,
        batch_shape: Sequence[int],
        num_topics: int,
        weight: Any = 0.5,
        decay: Any = 0.8,
        name: str = "Boredom",
    ) -> None:
        super().__init__(batch_shape, name=name)
        check.whole(name, "num_topics", num_topics, 1)
        self._num_topics = num_topics
        self._weight = require.numbers(name, "weight", weight, 0.0, shape=self._batch_shape)
        shape = (*self._batch_shape, num_topics)
        self._decay = require.probabilities(name, "decay", decay, shape=shape)

    def initial_state(self) -> Value:
        """Returns `recent`, `[B..., K]` float32, nothing."""
        return Value(recent=tf.zeros([*self._batch_shape, self._num_topics]))

    def penalty(self, state: Value, topics: Any) -> Any:
        """Returns `[B..., S]` float32 what to take from the documents' scores.

        Args:
          state: `recent` at t.
          topics: `[B..., S, K]` or `[S, K]` float32 topics of the documents.
        """
        met = tf.reduce_sum(state.get("recent")[..., None, :] * topics, axis=-1)
        return tf.cast(self._weight, tf.float32)[..., None] * met

    def next_state(self, previous_state: Value, consumed: Any) -> Value:
        """Returns `recent` at t + 1.

        Args:
          previous_state: `recent` at t.
          consumed: `[B..., K]` float32 topics of what was consumed at t, 0 for nothing.
        """
        return Value(
            recent=tf.cast(self._decay, tf.float32) * previous_state.get("recent") + consumed
        )

    def specs(self) -> Value:
        """Returns the spec of `state`: recent `[B..., K]`."""
        return ValueSpec(
            state=ValueSpec(recent=self._box(-np.inf, np.inf, (self._num_topics, "topic")))
        )
