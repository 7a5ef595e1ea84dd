"""The recommender that learns factors of users and items while it serves them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.ranking import RankingRecommender


class MatrixFactorisationRecommender(RankingRecommender):
    """Shows each user the items of highest predicted reward, by factors that are fitted online.

        r[u, i]        = usual_reward + a[u] + b[i] + p[u] . q[i]
        p_0[u], q_0[i] ~ N(0, initial_scale I),      a_0 = b_0 = 0

    What is observed at step t: where the story has a reward, that of the chosen document; else each
    document on the slate, 1 if it was chosen and 0 if not. Of each observation y of user u and item
    i, with e = y - r[u, i] and all factors those of step t, the loss is

        1/2 e^2 + regularisation / 2 (|p[u]|^2 + |q[i]|^2 + a[u]^2 + b[i]^2)

    and one step of gradient descent leads to step t + 1:

        x_{t+1} = x_t - learning_rate mean over the observations that x is in of d loss / d x

    Args:
      config: as for `RankingRecommender`, and, if there, num_factors (R, 8), learning_rate (0.2),
        regularisation (0.02), initial_scale (0.1), usual_reward (0.0).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.

    Source: Koren, Bell and Volinsky (2009), Matrix factorization techniques for recommender
      systems, IEEE Computer 42.
    """

    def __init__(
        self, config: Mapping[str, Any], name: str = "MatrixFactorisationRecommender"
    ) -> None:
        super().__init__(config, name)
        settings = Settings(name, config)
        self._num_factors = settings.whole("num_factors", 1, default=8)
        self._rate = settings.real("learning_rate", 0.0, 1.0, default=0.2)
        self._regularisation = settings.real("regularisation", 0.0, 1e3, default=0.02)
        self._scale = settings.real("initial_scale", 1e-9, 1e3, default=0.1)
        self._usual = settings.real("usual_reward", -1e9, 1e9, default=0.0)

    def initial_state(self) -> Value:
        """Returns user_factors `[U, R]`, item_factors `[I, R]`, drawn, and the biases, 0."""
        users, items = self._num_users, self._num_items
        rank, scale = self._num_factors, self._scale
        p = ed.Normal(loc=tf.zeros([users, rank]), scale=scale, name="user_factors")
        q = ed.Normal(loc=tf.zeros([items, rank]), scale=scale, name="item_factors")
        biases = Value(user_bias=tf.zeros([users]), item_bias=tf.zeros([items]))
        factors = Value(user_factors=p, item_factors=q).union(biases)
        return super().initial_state().union(factors)

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the factors after a step of gradient descent.

        Args:
          previous_state: user_factors `[U, R]`, item_factors `[I, R]`, user_bias `[U]`, item_bias
            `[I]`, and what the base has.
          user_response: choice `[U]`, and the vocabulary's reward `[U]`.
          slate_docs: doc_ranks `[U, S]`, and the vocabulary's item `[U, S]`.
        """
        p, q = previous_state.get("user_factors"), previous_state.get("item_factors")
        a, b = previous_state.get("user_bias"), previous_state.get("item_bias")
        item = self.items_shown(slate_docs)
        choice = tf.convert_to_tensor(user_response.get("choice"))
        observed = tf.cast(choice[:, None] == tf.range(self._slate_size), tf.float32)
        if self._vocabulary.reward:
            weight, y = observed, self.reward(user_response)[:, None]
        else:
            weight, y = tf.ones_like(observed), observed
        q_shown, b_shown = tf.gather(q, item), tf.gather(b, item)  # [U, S, R], [U, S]
        predicted = tf.reduce_sum(p[:, None] * q_shown, axis=-1) + a[:, None] + b_shown
        e = weight * (y - self._usual - predicted)
        seen = tf.reduce_sum(weight, axis=1)
        of_user = 1.0 / tf.maximum(seen, 1.0)
        # A user or item without an observation keeps what it has.
        decay_user = self._regularisation * tf.cast(seen > 0, tf.float32)
        p_step = of_user[:, None] * tf.reduce_sum(e[..., None] * q_shown, axis=1)
        a_step = of_user * tf.reduce_sum(e, axis=1)

        flat = tf.reshape(item, [-1])
        width = self._num_factors + 2
        columns = [e[..., None] * p[:, None], e[..., None], weight[..., None]]
        sums = tf.math.unsorted_segment_sum(
            tf.reshape(tf.concat(columns, axis=-1), [-1, width]), flat, self._num_items
        )
        count = sums[:, -1:]
        steps = sums[:, :-1] / tf.maximum(count, 1.0)
        decay_item = self._regularisation * tf.cast(count > 0, tf.float32)
        rate = self._rate
        learnt = Value(
            user_factors=p + rate * (p_step - decay_user[:, None] * p),
            user_bias=a + rate * (a_step - decay_user * a),
            item_factors=q + rate * (steps[:, :-1] - decay_item * q),
            item_bias=b + rate * (steps[:, -1] - decay_item[:, 0] * b),
        )
        return super().next_state(previous_state, user_response, slate_docs).union(learnt)

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value, draws: Value
    ) -> Any:
        """Returns `[u, D]` predicted rewards.

        Args:
          recommender_state: user_factors `[u, R]`, item_factors `[I, R]`, user_bias `[u]`,
            item_bias `[I]`.
          user_observation: not read.
          available_docs: the vocabulary's item `[D]`.
          draws: not read.
        """
        del user_observation, draws
        state = {name: tf.convert_to_tensor(x) for name, x in recommender_state.as_dict.items()}
        liking = tf.matmul(state["user_factors"], state["item_factors"], transpose_b=True)
        predicted = liking + state["user_bias"][:, None] + state["item_bias"] + self._usual
        return self.of_documents(predicted, available_docs)

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        users, items, rank = self._num_users, self._num_items, self._num_factors

        def floats(shape: tuple[int, ...], *dims: str) -> Space:
            return Space.box(-np.inf, np.inf, shape, dims=dims)

        state = ValueSpec(
            user_factors=floats((users, rank), "user", "factor"),
            item_factors=floats((items, rank), "item", "factor"),
            user_bias=floats((users,), "user"),
            item_bias=floats((items,), "item"),
        )
        return super().specs().union(ValueSpec(state=state))
