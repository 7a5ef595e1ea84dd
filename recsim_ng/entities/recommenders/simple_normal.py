"""The recommender that shows documents made at random, whoever looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value
from recsim_ng.entities.recommendation import BaseRecommender

_SCALE = 0.5


class SimpleNormalRecommender(BaseRecommender):
    """Makes each user's slate anew at each step, of documents around given means.

        features_t[u, j] ~ N(slate_doc_means[u, j], 0.5 I)

    0.5 is a standard deviation. There is no corpus: the documents are the recommender's own.

    Args:
      config: reads `num_users` (U), `num_docs`, `num_topics` (K), `slate_size` (S) and, if there,
        `slate_doc_means` (0): a number, an array, a tensor or a variable that broadcasts to
        `[U, S, K]`; a variable can be trained.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) the slate is empty, or the means do not broadcast.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "SimpleNormalRecommender") -> None:
        super().__init__(config, name)
        settings = Settings(name, config)
        self._shape = (self._num_users, self._slate_size, settings.whole("num_topics", 1))
        self._slate_doc_means = settings.numbers("slate_doc_means", shape=self._shape, default=0.0)

    def initial_state(self) -> Value:
        """Returns no fields: nothing is remembered."""
        return Value()

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns no fields.

        Args:
          previous_state: not read.
          user_response: not read.
          slate_docs: not read.
        """
        del user_response, slate_docs
        return previous_state

    def slate_docs(
        self,
        recommender_state: Value | None = None,
        user_observation: Value | None = None,
        available_docs: Value | None = None,
    ) -> Value:
        """Returns features `[U, S, K]`.

        Args:
          recommender_state: not read.
          user_observation: not read.
          available_docs: not read.
        """
        del recommender_state, user_observation, available_docs
        means = tf.broadcast_to(tf.cast(self._slate_doc_means, tf.float32), self._shape)
        return Value(features=ed.Normal(loc=means, scale=_SCALE, name="features"))

    def specs(self) -> ValueSpec:
        """Returns the specs: no state; slate `features` `[U, S, K]`."""
        dims = ("user", "slate", "topic")
        return ValueSpec(
            state=ValueSpec(),
            slate=ValueSpec(features=Space.box(-np.inf, np.inf, self._shape, dims=dims)),
        )
