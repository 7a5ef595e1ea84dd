"""The trainable recommender that remembers what each user consumed by a recurrent network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.slate_policy import SlatePolicyRecommender


class RecurrentRecommender(SlatePolicyRecommender):
    """Draws slates by what a gated recurrent unit remembers of all that each user consumed.

        h_0[u]         = 0
        h_{t+1}[u]     = GRU(h_t[u], (embedding[c], reward_t[u]))     if u consumed item c at t
                       = h_t[u]                                       else
        logits_t[u, i] = (W h_t[u] + b) . proposal[i]
        slate_t[u]     ~ S picks of an iterated multinomial logit over all documents

    All weights are trainable: the slate's log_propensity has gradients with respect to them.

    Args:
      config: as for `SlatePolicyRecommender`, and, if there, hidden_size (H, 32) and doc_embed_dim
        (E, 32).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) as for `SlatePolicyRecommender`, or a size is below 1.

    Source: Cho et al. (2014), Learning phrase representations using RNN encoder-decoder; Hidasi et
      al. (2016), Session-based recommendations with recurrent neural networks.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "RecurrentRecommender") -> None:
        super().__init__(config, name)
        settings = Settings(name, config)
        self._hidden_size = settings.whole("hidden_size", 1, default=32)
        width = settings.whole("doc_embed_dim", 1, default=32)
        keras = tf.keras
        # Keras's own randomness is not keyed: with fixed seeds all processes start alike.
        glorot = [keras.initializers.GlorotUniform(seed=seed) for seed in range(2)]
        around = [keras.initializers.RandomNormal(stddev=width**-0.5, seed=seed) for seed in (2, 3)]
        self._embeddings = keras.layers.Embedding(
            self._num_items, width, embeddings_initializer=around[0], name="consumed"
        )
        self._cell = keras.layers.GRUCell(
            self._hidden_size,
            kernel_initializer=glorot[0],
            recurrent_initializer=keras.initializers.Orthogonal(seed=4),
        )
        self._user = keras.layers.Dense(width, kernel_initializer=glorot[1], name="user")
        self._proposals = keras.layers.Embedding(
            self._num_items, width, embeddings_initializer=around[1], name="proposals"
        )
        self._cell.build((None, width + 1))
        self._user.build((None, self._hidden_size))
        self._embeddings.build(None)
        self._proposals.build(None)

    def initial_state(self) -> Value:
        """Returns hidden `[U, H]` float32 zeros, and what the base has."""
        hidden = Value(hidden=tf.zeros([self._num_users, self._hidden_size]))
        return super().initial_state().union(hidden)

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns what is remembered with what was consumed now.

        Args:
          previous_state: hidden `[U, H]`, and what the base has.
          user_response: choice `[U]`, and the vocabulary's reward `[U]`.
          slate_docs: doc_ranks `[U, S]`, and the vocabulary's item `[U, S]`.
        """
        hidden = previous_state.get("hidden")
        item = self.chosen_item(user_response, slate_docs)
        embedded = self._embeddings(tf.maximum(item, 0))
        consumed = tf.concat([embedded, self.reward(user_response)[:, None]], axis=-1)
        moved, _ = self._cell(consumed, [hidden])
        kept = Value(hidden=tf.where(item[:, None] >= 0, moved, hidden))
        return super().next_state(previous_state, user_response, slate_docs).union(kept)

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value, draws: Value
    ) -> Any:
        """Returns `[u, D]` logits.

        Args:
          recommender_state: hidden `[u, H]`.
          user_observation: not read.
          available_docs: the vocabulary's item `[D]`.
          draws: not read.
        """
        del user_observation, draws
        proposals = self._proposals(np.arange(self._num_items, dtype=np.int32))
        user = self._user(recommender_state.get("hidden"))
        return self.of_documents(tf.matmul(user, proposals, transpose_b=True), available_docs)

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        shape = (self._num_users, self._hidden_size)
        hidden = Space.box(-np.inf, np.inf, shape, dims=("user", "hidden"))
        return super().specs().union(ValueSpec(state=ValueSpec(hidden=hidden)))
