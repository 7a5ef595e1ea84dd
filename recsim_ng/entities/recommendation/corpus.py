"""Corpus: the role of the documents that can be recommended, and of who provides them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsim_ng.core.entity import Entity
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value


class Corpus(Entity):
    """A corpus of documents.

    A subclass defines the methods that its story calls.

    Args:
      config: settings by name; reads `num_docs` (D) and `num_topics` (K).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is missing or out of range.
    """

    _least_docs = 0  # a corpus whose number of documents changes may begin with none
    _drawn_each_step: tuple[str, ...] = ()  # fields of documents that next_state draws

    def __init__(self, config: Mapping[str, Any], name: str = "Corpus") -> None:
        super().__init__(name=name)
        self._settings = Settings(name, config)
        self._num_docs = self._settings.whole("num_docs", self._least_docs)
        self._num_topics = self._settings.whole("num_topics", 1)
        self._config = config  # last: tf.Module puts its own lists into it

    def initial_state(self) -> Value:
        """Returns the corpus' state at step 0."""
        raise NotImplementedError(self._undefined("initial_state"))

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the corpus' state at t, out of state, response and slate at t - 1.

        Args:
          previous_state: the corpus' state.
          user_response: what the users did.
          slate_docs: what they were shown.
        """
        raise NotImplementedError(self._undefined("next_state"))

    def available_documents(self, corpus_state: Value) -> Value:
        """Returns the documents that can be recommended now.

        Args:
          corpus_state: the current state.
        """
        raise NotImplementedError(self._undefined("available_documents"))

    def specs(self) -> Value:
        """Returns the specs of `state` and `available_docs`."""
        raise NotImplementedError(self._undefined("specs"))
