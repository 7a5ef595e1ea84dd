"""Repetition: the same document again is worth less for a while."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check, require
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.response_models.response_model import ResponseModel

_NOTHING = -1


class RepetitionPenalty(ResponseModel):
    """A penalty on documents that were consumed lately, by how long ago that was.

        penalty_t[u, d] = weight sum_{h=1..H} decay^(h-1) [history_t[u, H-h] = d]
        history_{t+1}   = (history_t without its oldest, the document consumed at t)

    The history, not a count for each document, is the state: H ints a user, however many documents
    there are.

    Args:
      batch_shape: of the users, `[B...]`.
      history_length: H, how many steps are remembered, at least 1.
      weight: of the penalty, 0 or above, a scalar or `[B...]`; a variable can be trained.
      decay: within [0, 1], a scalar or `[B...]`.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) history_length is below 1, weight below 0 or decay outside
        [0, 1], or one does not fit the users.
    """

    def __init__(
        self,
        batch_shape: Sequence[int],
        history_length: int = 10,
        weight: Any = 1.0,
        decay: Any = 0.8,
        name: str = "RepetitionPenalty",
    ) -> None:
        super().__init__(batch_shape, name=name)
        check.whole(name, "history_length", history_length, 1)
        self._history_length = history_length
        self._weight = require.numbers(name, "weight", weight, 0.0, shape=self._batch_shape)
        self._decay = require.probabilities(name, "decay", decay, shape=self._batch_shape)

    def initial_state(self) -> Value:
        """Returns `history`, `[B..., H]` int32, -1 for nothing."""
        return Value(history=tf.fill([*self._batch_shape, self._history_length], _NOTHING))

    def penalty(self, state: Value, doc_id: Any) -> Any:
        """Returns `[B..., S]` float32 what to take from the documents' scores.

        Args:
          state: `history` at t.
          doc_id: `[B..., S]` or `[S]` ints of at least 0, which documents they are.
        """
        ages = tf.range(self._history_length - 1, -1, -1, dtype=tf.float32)
        decay = tf.cast(self._decay, tf.float32)[..., None]
        # 0^0 is 1, but its derivative is no number.
        fading = tf.where(ages > 0, decay ** tf.maximum(ages, 1.0), tf.ones_like(decay))
        again = tf.cast(doc_id, tf.int32)[..., None] == state.get("history")[..., None, :]
        met = tf.where(again, fading[..., None, :], tf.zeros_like(fading[..., None, :]))
        return tf.cast(self._weight, tf.float32)[..., None] * tf.reduce_sum(met, axis=-1)

    def next_state(self, previous_state: Value, consumed: Any) -> Value:
        """Returns `history` at t + 1.

        Args:
          previous_state: `history` at t.
          consumed: `[B...]` ints, the document consumed at t, -1 for nothing.
        """
        newest = tf.cast(consumed, tf.int32)[..., None]
        return Value(history=tf.concat([previous_state.get("history")[..., 1:], newest], axis=-1))

    def specs(self) -> Value:
        """Returns the spec of `state`: history `[B..., H]` int32."""
        most = np.iinfo(np.int32).max
        history = self._box(_NOTHING, most, (self._history_length, "history"), dtype=np.int32)
        return ValueSpec(state=ValueSpec(history=history))
