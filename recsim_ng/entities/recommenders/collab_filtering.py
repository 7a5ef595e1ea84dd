"""The trainable recommender of the interest evolution story: collaborative filtering."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.history import History
from recsim_ng.entities.recommenders.slate_policy import SlatePolicyRecommender

_HIDDEN = 32


class CollabFilteringModel(tf.keras.Model):  # type: ignore[misc]
    """Scores every item for every user by what they consumed last, and how long.

        h[u]    = the H last consumed items' embeddings and consumed times, side by side
        e[u]    = W_2 leaky_relu(W_1 h[u] + b_1) + b_2           W_1 to 32 units, W_2 to E
        logits  = e[u] . proposal[i]

    Args:
      num_users: U; not read: one model serves them all.
      num_docs: I, number of items.
      doc_embed_dim: E, dimension of the embeddings (32 as published).
      history_length: H.

    Raises:
      ConfigError: (also a ValueError) a size is below 1.

    Source: Mladenov et al. (2021), RecSim NG, section on interest evolution.
    """

    def __init__(
        self, num_users: int, num_docs: int, doc_embed_dim: int, history_length: int
    ) -> None:
        super().__init__(name="CollabFilteringModel")
        sizes = {
            "num_users": num_users,
            "num_docs": num_docs,
            "doc_embed_dim": doc_embed_dim,
            "history_length": history_length,
        }
        for key, size in sizes.items():
            check.whole("CollabFilteringModel", key, size, 1)
        keras = tf.keras
        # Keras's own randomness is not keyed: with fixed seeds all processes start alike.
        glorot = [keras.initializers.GlorotUniform(seed=seed) for seed in range(4)]
        scale = doc_embed_dim**-0.5
        around = [keras.initializers.RandomNormal(stddev=scale, seed=seed) for seed in range(4, 6)]
        # Row 0 stands for nothing consumed yet.
        self._doc_embeddings = keras.layers.Embedding(
            num_docs + 1, doc_embed_dim, embeddings_initializer=around[0], name="history"
        )
        self._hidden = keras.layers.Dense(_HIDDEN, kernel_initializer=glorot[0], name="hidden")
        self._activation = keras.layers.LeakyReLU()
        self._user = keras.layers.Dense(doc_embed_dim, kernel_initializer=glorot[1], name="user")
        self._proposals = keras.layers.Embedding(
            num_docs, doc_embed_dim, embeddings_initializer=around[1], name="proposals"
        )
        self._all_items = np.arange(num_docs, dtype=np.int32)
        self((np.zeros([1, history_length], np.int32), np.zeros([1, history_length], np.float32)))

    def call(self, inputs: tuple[Any, Any]) -> Any:
        """Returns `[u, I]` float32 logits.

        Args:
          inputs: `[u, H]` int32 one more than the items consumed, 0 for none, the newest last; and
            `[u, H]` float32 consumed times.
        """
        doc_history, time_history = inputs
        embedded = self._doc_embeddings(doc_history)
        both = tf.concat([embedded, tf.cast(time_history, tf.float32)[..., None]], axis=-1)
        flat = tf.reshape(both, [-1, both.shape[1] * both.shape[2]])
        user = self._user(self._activation(self._hidden(flat)))
        return tf.matmul(user, self._proposals(self._all_items), transpose_b=True)


class CollabFilteringRecommender(SlatePolicyRecommender):
    """Draws slates by an iterated multinomial logit on what a trainable model makes of histories.

        doc_history_{t+1}[u], ctime_history_{t+1}[u]: those at t, moved on by the item that u
            consumed at t and by what it brought; unmoved where nothing was consumed
        logits_t[u] = model(doc_history_t[u], ctime_history_t[u])
        slate_t[u]  ~ S picks of an iterated multinomial logit over all documents

    Args:
      config: as for `SlatePolicyRecommender`, and, if there, history_length (15) and doc_embed_dim
        (32). What a document brought is the vocabulary's reward: the consumed time.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) as for `SlatePolicyRecommender`, or a size is below 1.

    Source: Mladenov et al. (2021), RecSim NG, section on interest evolution.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "CollabFilteringRecommender") -> None:
        super().__init__(config, name)
        settings = Settings(name, config)
        length = settings.whole("history_length", 1, default=15)
        width = settings.whole("doc_embed_dim", 1, default=_HIDDEN)
        self._history = History(length)
        self._model = CollabFilteringModel(
            self._num_users,
            self._num_items,
            width,
            length,
        )

    def initial_state(self) -> Value:
        """Returns empty histories: doc_history `[U, H]` int32 and ctime_history `[U, H]` float32.

        An entry of doc_history is one more than the item, 0 for none.
        """
        empty = Value(
            doc_history=self._history.empty(self._num_users, 0),
            ctime_history=self._history.empty(self._num_users, 0.0),
        )
        return super().initial_state().union(empty)

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the histories with what was consumed now.

        Args:
          previous_state: doc_history `[U, H]`, ctime_history `[U, H]`.
          user_response: choice `[U]`, and the vocabulary's reward `[U]`.
          slate_docs: doc_ranks `[U, S]`, and the vocabulary's item `[U, S]`.
        """
        item = self.chosen_item(user_response, slate_docs)
        consumed = {"doc_history": item + 1, "ctime_history": self.reward(user_response)}
        moved = {
            key: self._history.push(previous_state.get(key), x, item >= 0)
            for key, x in consumed.items()
        }
        before = super().next_state(previous_state, user_response, slate_docs)
        return before.union(Value(**moved))

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value, draws: Value
    ) -> Any:
        """Returns `[u, D]` logits.

        Args:
          recommender_state: doc_history `[u, H]`, ctime_history `[u, H]`.
          user_observation: not read.
          available_docs: the vocabulary's item `[D]`.
          draws: not read.
        """
        del user_observation, draws
        histories = [recommender_state.get(key) for key in ("doc_history", "ctime_history")]
        return self.of_documents(self._model(tuple(histories)), available_docs)

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        shape, dims = (self._num_users, self._history.length), ("user", "history")
        state = ValueSpec(
            doc_history=Space.box(0, self._num_items, shape, np.int32, dims=dims),
            ctime_history=Space.box(-np.inf, np.inf, shape, dims=dims),
        )
        return super().specs().union(ValueSpec(state=state))
