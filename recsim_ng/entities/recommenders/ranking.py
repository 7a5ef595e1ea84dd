"""Recommenders that score every document and show the best ones not chosen before."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.ordering import top_k
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import get_chosen
from recsim_ng.entities.recommendation import BaseRecommender


class RankingRecommender(BaseRecommender):
    """Shows each person the S documents of highest score that they have not chosen before.

    A subclass says what the scores are; it may add fields to the state and to the slate. Where
    fewer than S documents are left, the slate is filled up with documents chosen before.

    Args:
      config: num_users (U), num_docs (D), num_topics (K genres), slate_size (S), and allow_repeats:
        whether a document may be shown to a person who has chosen it before.
      name: of the entity.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "RankingRecommender") -> None:
        super().__init__(config, name)
        self._num_topics = config["num_topics"]
        self._allow_repeats = config["allow_repeats"]

    @abc.abstractmethod
    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> tuple[Any, Value]:
        """Returns the scores, and what else belongs to the slate.

        Args:
          recommender_state: as `initial_state` and `next_state` made it.
          user_observation: what the users show of themselves.
          available_docs: the D documents.

        Returns:
          `[U, D]` or `[D]` float32 scores, and the fields (the random draws, above all) that the
          slate holds beside the documents.
        """

    def initial_state(self) -> Value:
        """Returns is_seen `[U, D]` bool: nobody has chosen anything."""
        return Value(is_seen=tf.zeros([self._num_users, self._num_docs], tf.bool))

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns is_seen with what was chosen now.

        Args:
          previous_state: is_seen `[U, D]`.
          user_response: choice `[U]`.
          slate_docs: doc_ranks `[U, S]`.
        """
        return Value(
            is_seen=previous_state.get("is_seen") | self.is_chosen(user_response, slate_docs)
        )

    def is_chosen(self, user_response: Value, slate_docs: Value) -> Any:
        """Returns `[U, D]` bool which document each person chose; none where none was.

        Args:
          user_response: choice `[U]`.
          slate_docs: doc_ranks `[U, S]`.
        """
        chosen = get_chosen(
            slate_docs.at("doc_ranks"), user_response.get("choice"), nochoice_value=-1
        ).get("doc_ranks")
        return chosen[:, None] == tf.range(self._num_docs)

    def slate_docs(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> Value:
        """Returns the slate.

        Args:
          recommender_state: is_seen `[U, D]`, and what the subclass adds.
          user_observation: what the users show of themselves.
          available_docs: doc_id `[D]`, doc_genres `[D, K]`, doc_quality `[D]`.

        Returns:
          doc_ranks `[U, S]` int32 indices into available_docs, doc_id `[U, S]`, doc_genres
          `[U, S, K]`, doc_quality `[U, S]`, and what the subclass adds.
        """
        scores, draws = self.scores(recommender_state, user_observation, available_docs)
        scores = tf.broadcast_to(scores, [self._num_users, self._num_docs])
        if not self._allow_repeats:
            scores = tf.where(recommender_state.get("is_seen"), -np.inf, scores)
        _, ranks = top_k(scores, self._slate_size)
        shown = available_docs.at("doc_id", "doc_genres", "doc_quality")
        return shown.map(lambda x: tf.gather(x, ranks)).union(Value(doc_ranks=ranks)).union(draws)

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate; a subclass adds its own fields."""
        users, docs, slate = self._num_users, self._num_docs, self._slate_size
        index = Space.box(0, docs - 1, (users, slate), np.int32, dims=("user", "slate"))
        return ValueSpec(
            state=ValueSpec(is_seen=Space.box(0, 1, (users, docs), np.bool_, dims=("user", "doc"))),
            slate=ValueSpec(
                doc_ranks=index,
                doc_id=index,
                doc_genres=Space.box(
                    0, 1, (users, slate, self._num_topics), dims=("user", "slate", "genre")
                ),
                doc_quality=Space.box(-np.inf, np.inf, (users, slate), dims=("user", "slate")),
            ),
        )
