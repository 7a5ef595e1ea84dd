"""Satiation: what one has much of is worth less, until one has done without it for a while."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check, require
from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.response_models.response_model import ResponseModel


class Satiation(ResponseModel):
    """Satiation with each topic, a linear dynamical system driven by exposure.

        s_{t+1}[k] = retention_k (s_t[k] + u_t[k]) + z_t[k],   z_t ~ N(0, noise_scale)
        effect_t[k] = - influence_k s_t[k]
        s_0[k]      = 0

    with exposure u_t: 1 for the topic consumed at step t, or its topics' shares. Under steady
    exposure satiation tends to retention / (1 - retention); without it, it falls by that factor a
    step, and with it the reward rebounds.

    Args:
      batch_shape: of the users, `[B...]`.
      num_topics: K.
      retention: within [0, 1), a scalar, `[K]` or `[B..., K]`; a variable can be trained.
      influence: how much a unit of satiation takes from the reward, 0 or above, alike.
      noise_scale: standard deviation of z, 0 or above, alike; the number 0: none.
      name: of the entity; its site is called after it.

    Raises:
      ConfigError: (also a ValueError) num_topics is below 1, retention outside [0, 1), influence or
        noise_scale below 0, or one does not fit users and topics.

    Source: Leqi, Kilinc-Karzan, Lipton and Montgomery (2021), Rebounding bandits for modeling
      satiation effects.
    """

    def __init__(
        self,
        batch_shape: Sequence[int],
        num_topics: int,
        retention: Any = 0.8,
        influence: Any = 1.0,
        noise_scale: Any = 0.0,
        name: str = "Satiation",
    ) -> None:
        super().__init__(batch_shape, name=name)
        check.whole(name, "num_topics", num_topics, 1)
        self._num_topics = num_topics
        shape = (*self._batch_shape, num_topics)
        self._retention = require.numbers(
            name, "retention", retention, 0.0, 1.0, shape=shape, ends="[)"
        )
        self._influence = require.numbers(name, "influence", influence, 0.0, shape=shape)
        self._noise_scale = require.numbers(name, "noise_scale", noise_scale, 0.0, shape=shape)

    def initial_state(self) -> Value:
        """Returns `satiation`, `[B..., K]` float32, none."""
        return Value(satiation=tf.zeros([*self._batch_shape, self._num_topics]))

    def effect(self, state: Value) -> Any:
        """Returns `[B..., K]` float32 what satiation adds to the reward of each topic.

        Args:
          state: `satiation` at t.
        """
        return -tf.cast(self._influence, tf.float32) * state.get("satiation")

    def next_state(self, previous_state: Value, exposure: Any) -> Value:
        """Returns `satiation` at t + 1, a random variable where there is noise.

        Args:
          previous_state: `satiation` at t.
          exposure: `[B..., K]` float32 u_t.
        """
        retention = tf.cast(self._retention, tf.float32)
        mean = retention * (previous_state.get("satiation") + exposure)
        known = require.static_value(self._noise_scale)
        if known is not None and known.ndim == 0 and not known:
            return Value(satiation=mean)
        scale = tf.cast(self._noise_scale, tf.float32)
        return Value(satiation=ed.Normal(loc=mean, scale=scale, name=self._site("satiation")))

    def specs(self) -> Value:
        """Returns the spec of `state`: satiation `[B..., K]`."""
        return ValueSpec(
            state=ValueSpec(satiation=self._box(-np.inf, np.inf, (self._num_topics, "topic")))
        )
