"""The recommender that shows what goes with what one has consumed."""

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
from recsim_ng.entities.recommenders.ranking import RankingRecommender

_MOST_ITEMS = 46_340  # pairs of items are numbered in int32
_POPULARITY, _TURN = 1e-3, 1e-6


class ItemItemRecommender(RankingRecommender):
    """Shows each user the items that are consumed by those who consumed the user's items.

    Of each user the window keeps the H items consumed last. Let user u consume item i at step t,
    i not in the window; that is counted, and so is every pair of i with an item j of the window:

        count_{t+1}[i]       = count_t[i] + 1
        together_{t+1}[i, j] = together_{t+1}[j, i] = together_t[i, j] + 1
        similarity_t[i, j]   = together_t[i, j] / sqrt(count_t[i] count_t[j])   0 where either is 0
        score_t[u, d]        = sum over items j in window_t[u] of similarity_t[item of d, j]

    While windows hold all that was consumed, similarity is the cosine of the items' columns in the
    matrix of who consumed what. Among equals come those consumed most; among these each user begins
    elsewhere, so that a population tries different ones: user u with place u S mod D.

    Args:
      config: as for `RankingRecommender`, and, if there, history_length (H, 15).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range, or there are more than 46,340
        items, of which I x I numbers are held.

    Source: Sarwar, Karypis, Konstan and Riedl (2001), Item-based collaborative filtering
      recommendation algorithms, WWW; Linden, Smith and York (2003), Amazon.com recommendations.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "ItemItemRecommender") -> None:
        super().__init__(config, name)
        check.whole(name, "num_items", self._num_items, 1, _MOST_ITEMS)
        length = Settings(name, config).whole("history_length", 1, default=15)
        self._history = History(length)

    def initial_state(self) -> Value:
        """Returns history `[U, H]` int32 (-1: none), together `[I, I]` and count `[I]` float32."""
        items = self._num_items
        empty = Value(
            history=self._history.empty(self._num_users, -1),
            together=tf.zeros([items, items]),
            count=tf.zeros([items]),
        )
        return super().initial_state().union(empty)

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns histories and counts with what was consumed now.

        Args:
          previous_state: history `[U, H]`, together `[I, I]`, count `[I]`.
          user_response: choice `[U]`.
          slate_docs: doc_ranks `[U, S]`, and the vocabulary's item `[U, S]`.
        """
        items, history = self._num_items, previous_state.get("history")
        item = self.chosen_item(user_response, slate_docs)
        repeated = tf.reduce_any(history == item[:, None], axis=1)
        new = tf.where(repeated, -1, item)  # what is below 0 is not counted
        count = tf.math.unsorted_segment_sum(tf.ones_like(new, tf.float32), new, items)
        both = (new[:, None] >= 0) & (history >= 0)
        pair = tf.reshape(tf.where(both, new[:, None] * items + history, -1), [-1])
        pairs = tf.math.unsorted_segment_sum(tf.ones_like(pair, tf.float32), pair, items * items)
        pairs = tf.reshape(pairs, [items, items])
        moved = Value(
            history=self._history.push(history, item, (item >= 0) & ~repeated),
            together=previous_state.get("together") + pairs + tf.transpose(pairs),
            count=previous_state.get("count") + count,
        )
        return super().next_state(previous_state, user_response, slate_docs).union(moved)

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value, draws: Value
    ) -> Any:
        """Returns `[u, D]` how well each document goes with what was consumed.

        Args:
          recommender_state: history `[u, H]`, together `[I, I]`, count `[I]`.
          user_observation: not read.
          available_docs: the vocabulary's item `[D]`.
          draws: user_index `[u]`.
        """
        del user_observation
        count, docs = recommender_state.get("count"), self._num_docs
        norm = tf.math.rsqrt(tf.maximum(count, 1.0))
        window = recommender_state.get("history")[:, :, None] == tf.range(self._num_items)
        consumed = tf.cast(tf.reduce_any(window, axis=1), tf.float32)
        # similarity = diag(norm) together diag(norm), which is never held.
        together = tf.matmul(consumed * norm, recommender_state.get("together")) * norm
        popularity = count / tf.maximum(tf.reduce_max(count), 1.0)
        first = draws.get("user_index")[:, None] * self._slate_size
        turn = tf.cast((tf.range(docs) - first) % docs, tf.float32) / docs
        liked = self.of_documents(together + _POPULARITY * popularity, available_docs)
        return liked - _TURN * turn

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        users, items = self._num_users, self._num_items
        window = (users, self._history.length)
        state = ValueSpec(
            history=Space.box(-1, items - 1, window, np.int32, dims=("user", "history")),
            together=Space.box(0, np.inf, (items, items), dims=("item", "other_item")),
            count=Space.box(0, np.inf, (items,), dims=("item",)),
        )
        return super().specs().union(ValueSpec(state=state))
