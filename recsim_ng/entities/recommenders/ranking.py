"""Recommenders that score every document and show the best ones not chosen before."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.ordering import top_k
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import get_chosen
from recsim_ng.entities.recommendation import BaseRecommender, vocabulary_of
from recsim_ng.entities.recommenders.item_set import ItemSet
from recsim_ng.entities.recommenders.slate import documents_at, slate_spec

FIT, SEEN, NO_CANDIDATE = 0, 1, 2


class RankingRecommender(BaseRecommender):
    """Shows each user the S documents of highest score among those that they may be shown.

    At step t, with the user's `draws` and the `scores` that a subclass makes of them:

        slate_t[u] = the S documents of highest scores_t[u], the first of equals first
        seen_{t+1}[u] = seen_t[u] and the item that u chose at t                         seen_0 = {}

    Shown first are candidates not seen; where fewer than S are left, the slate is filled up with
    candidates seen before and, where these are not enough, with other documents. What an item is,
    and who is a candidate, the story's `Vocabulary` says. Documents are scored for `chunk` users at
    a time, so that no `[U, D]` array is held.

    A subclass defines `scores`; it may add fields to the state, and define `draws`, all of whose
    fields become fields of the slate. Every field with an axis of users has it first, and its
    spec calls it "user".

    Args:
      config: num_users (U), num_docs (D), slate_size (S); and, if there, `vocabulary` (that
        `recs_story` completes), allow_repeats (True): whether a document may be shown to a user who
        has chosen its item before, and chunk (0): how many users are scored at a time; 0: all.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) the slate is larger than the corpus, a setting is outside
        its range, or the story lacks a field that the vocabulary names.
    """

    picked: ClassVar[dict[str, tf.DType]] = {"doc_ranks": tf.int32}
    """The fields, all of them per user, that `rank` returns."""

    def __init__(self, config: Mapping[str, Any], name: str = "RankingRecommender") -> None:
        super().__init__(config, name)
        settings = Settings(name, config)
        settings.whole("slate_size", 1, settings.whole("num_docs", 1))
        self._allow_repeats = settings.flag("allow_repeats", default=True)
        self._chunk = settings.whole("chunk", 0, default=0)
        self._vocabulary = vocabulary_of(config)
        response = self._vocabulary.response
        if len(response) and "choice" not in response:
            raise ConfigError(
                f"{name}: the users' response must have the field 'choice', the place "
                f"chosen on the slate, got {list(response)}; take another recommender"
            )
        if self._vocabulary.item:
            self._vocabulary.require(name, "item")
        if self._vocabulary.reward:
            self._vocabulary.require(name, "reward")
        self._num_items = self._vocabulary.num_items or self._num_docs
        self._items = ItemSet(self._num_items)

    @abc.abstractmethod
    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value, draws: Value
    ) -> Any:
        """Returns the scores of the documents for some of the users, u of them.

        Fields with an axis of users hold those u users alone. Nothing may be drawn here.

        Args:
          recommender_state: as `initial_state` and `next_state` made it.
          user_observation: what the users show of themselves.
          available_docs: the D documents.
          draws: what `draws` returned, and user_index `[u]` int32: which users these are.

        Returns:
          `[u, D]` or `[D]` finite float32 scores.
        """

    def draws(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> Value:
        """Returns the random draws of this step, which the slate holds beside the documents.

        Args:
          recommender_state: as `initial_state` and `next_state` made it.
          user_observation: what the users show of themselves.
          available_docs: the D documents.
        """
        del recommender_state, user_observation, available_docs
        return Value()

    def rank(self, scores: Any, tier: Any, draws: Value) -> Value:
        """Returns the places of the documents shown to some of the users.

        Args:
          scores: `[u, D]` or `[D]` float32.
          tier: `[u, D]` int32, 0: may be shown, 1: seen before, 2: no candidate; None: all may be.
          draws: as for `scores`.

        Returns:
          doc_ranks `[u, S]` int32, and what else a subclass lists in `picked`.
        """
        if tier is not None:
            lowest = tf.constant(np.finfo(np.float32).min)
            scores = tf.where(tier == SEEN, lowest, scores)
            scores = tf.where(tier == NO_CANDIDATE, -np.inf, scores)
            return Value(doc_ranks=top_k(scores, self._slate_size)[1])
        ranks = top_k(scores, self._slate_size)[1]
        users = draws.get("user_index").shape[0]
        return Value(doc_ranks=tf.broadcast_to(ranks, [users, self._slate_size]))

    def initial_state(self) -> Value:
        """Returns seen `[U, ceil(I / 32)]` int32: nobody has chosen anything."""
        if self._allow_repeats:
            return Value()
        return Value(seen=self._items.empty(self._num_users))

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns seen with what was chosen now.

        Args:
          previous_state: seen `[U, ceil(I / 32)]`, unless repeats are allowed.
          user_response: choice `[U]`.
          slate_docs: doc_ranks `[U, S]`, and the vocabulary's item `[U, S]`.
        """
        if self._allow_repeats:
            return Value()
        chosen = self.chosen_item(user_response, slate_docs)
        return Value(seen=self._items.add(previous_state.get("seen"), chosen))

    def items_shown(self, slate_docs: Value) -> Any:
        """Returns `[U, S]` int32 the items on the slates.

        Args:
          slate_docs: doc_ranks `[U, S]`, and the vocabulary's item `[U, S]`.
        """
        return slate_docs.get(self._vocabulary.item or "doc_ranks")

    def chosen_item(self, user_response: Value, slate_docs: Value) -> Any:
        """Returns `[U]` int32 the item that each user chose, -1 where none was.

        Args:
          user_response: choice `[U]`.
          slate_docs: doc_ranks `[U, S]`, and the vocabulary's item `[U, S]`.
        """
        shown = Value(item=self.items_shown(slate_docs))
        return get_chosen(shown, user_response.get("choice"), nochoice_value=-1).get("item")

    def is_chosen(self, user_response: Value) -> Any:
        """Returns `[U]` bool who chose something.

        Args:
          user_response: choice `[U]`.
        """
        return tf.convert_to_tensor(user_response.get("choice")) < self._slate_size

    def reward(self, user_response: Value) -> Any:
        """Returns `[U]` float32 what the choices brought, 0 where nothing was chosen.

        Args:
          user_response: choice `[U]`, and the vocabulary's reward `[U]`.
        """
        name = self._vocabulary.reward
        brought = tf.cast(user_response.get(name), tf.float32) if name else tf.ones([])
        return tf.where(self.is_chosen(user_response), brought, 0.0)

    def items_of(self, available_docs: Value) -> Any:
        """Returns `[D]` int32 which item each document is; None: each its place.

        Args:
          available_docs: the D documents.
        """
        name = self._vocabulary.item
        return tf.convert_to_tensor(available_docs.get(name)) if name else None

    def of_documents(self, of_items: Any, available_docs: Value) -> Any:
        """Returns `[..., D]` what is known of the documents' items.

        Args:
          of_items: `[..., I]` what is known of each item.
          available_docs: the D documents.
        """
        items = self.items_of(available_docs)
        return of_items if items is None else tf.gather(of_items, items, axis=-1)

    def slate_docs(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> Value:
        """Returns the slates.

        Args:
          recommender_state: as `initial_state` and `next_state` made it.
          user_observation: what the users show of themselves.
          available_docs: the D documents.

        Returns:
          doc_ranks `[U, S]` int32 indices into available_docs, each of their fields whose first
          axis is the documents, `[U, S, ...]`, the draws, and what a subclass adds.
        """
        draws = self.draws(recommender_state, user_observation, available_docs)
        parts = (recommender_state, user_observation, available_docs, draws)
        users = tf.range(self._num_users)
        if 0 < self._chunk < self._num_users:
            picked = self._by_chunks(parts, users)
        else:
            picked = self._ranked(*parts[:3], draws.union(Value(user_index=users)))
        shown = documents_at(self._vocabulary, available_docs, picked.get("doc_ranks"))
        return shown.union(picked).union(draws)

    def _ranked(self, state: Value, observation: Value, docs: Value, draws: Value) -> Value:
        scores = self.scores(state, observation, docs, draws)
        return self.rank(scores, self._tier(state, docs), draws)

    def _tier(self, state: Value, docs: Value) -> Any:
        tier = None
        if not self._allow_repeats:
            tier = tf.cast(self._items.contains(state.get("seen"), self.items_of(docs)), tf.int32)
        if self._vocabulary.has("candidates"):
            candidates = tf.convert_to_tensor(docs.get(self._vocabulary.candidates))
            tier = tf.where(candidates, FIT if tier is None else tier, NO_CANDIDATE)
        return tier

    def _by_chunks(self, parts: tuple[Value, ...], users: Any) -> Value:
        """Ranks `chunk` users after the other; the last users once more where a chunk is short."""
        specs = self.specs()
        vocabulary = self._vocabulary
        of = (specs.get("state"), vocabulary.observation, vocabulary.docs, specs.get("slate"))
        cut = [
            {name for name in part.as_dict if self._is_per_user(spec, name, part.get(name))}
            for part, spec in zip(parts, of, strict=True)
        ]

        def ranked(index: Any) -> dict[str, Any]:
            blocks = [
                Value(
                    **{
                        name: tf.gather(x, index) if name in names else x
                        for name, x in part.as_dict.items()
                    }
                )
                for part, names in zip(parts, cut, strict=True)
            ]
            blocks[3] = blocks[3].union(Value(user_index=index))
            return self._ranked(*blocks).as_dict

        count = -(-self._num_users // self._chunk)
        index = tf.minimum(tf.range(count * self._chunk), self._num_users - 1)
        index = tf.reshape(index, [count, self._chunk])
        found = tf.map_fn(ranked, index, fn_output_signature=dict(self.picked))

        def whole(x: Any) -> Any:
            shape = [count * self._chunk, *([self._slate_size] if x.shape.rank == 3 else [])]
            return tf.reshape(x, shape)[: self._num_users]

        return Value(**found).map(whole)

    def _is_per_user(self, spec: Value, name: str, x: Any) -> bool:
        dims = getattr(spec.get(name), "dims", None) if name in spec else None
        if dims is not None:
            return bool(dims) and dims[0] == "user"
        shape = tf.convert_to_tensor(x).shape
        return bool(shape.rank) and shape[0] == self._num_users

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate; a subclass adds its own fields."""
        seen = {} if self._allow_repeats else {"seen": self._items.spec(self._num_users)}
        slates = slate_spec(self._vocabulary, self._num_users, self._slate_size, self._num_docs)
        return ValueSpec(state=ValueSpec(**seen), slate=slates)
