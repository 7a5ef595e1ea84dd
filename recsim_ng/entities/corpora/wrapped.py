"""Corpora that add something to another corpus."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.recommendation import Corpus

CorpusCtor = Callable[[Mapping[str, Any]], Corpus]


class WrappedCorpus(Corpus):
    """Another corpus, as it is; a subclass adds fields to its state and to its documents.

    Wrappers wrap each other, so that a catalogue can renew itself, drift in popularity and be
    licensed to some users only, each said once.

    Args:
      config: handed on to the corpus.
      corpus_ctor: makes the corpus.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) corpus_ctor makes no `Corpus`, or a size is out of range.
    """

    _least_docs = 1

    def __init__(
        self, config: Mapping[str, Any], corpus_ctor: CorpusCtor, name: str = "WrappedCorpus"
    ) -> None:
        super().__init__(config, name)
        check.function(name, "corpus_ctor", corpus_ctor)
        self._corpus = corpus_ctor(config)
        check.instance(name, "what corpus_ctor makes", self._corpus, Corpus)
        self._drawn_each_step = self._corpus._drawn_each_step
        self._inner_state = self._corpus.specs().get("state")

    def initial_state(self) -> Value:
        """Returns the corpus' state."""
        return self._corpus.initial_state()

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the corpus' next state."""
        return self._corpus.next_state(self._inner(previous_state), user_response, slate_docs)

    def available_documents(self, corpus_state: Value) -> Value:
        """Returns the corpus' documents."""
        return self._corpus.available_documents(self._inner(corpus_state))

    def specs(self) -> ValueSpec:
        """Returns the specs of the corpus."""
        return self._corpus.specs()

    def _inner(self, state: Value) -> Value:
        """The fields of the state that are the corpus' own."""
        return state.at(*self._inner_state) if len(self._inner_state) else Value()

    def _require_documents(self, *field_names: str) -> None:
        """Requires fields of the corpus' documents."""
        docs = self._corpus.specs().get("available_docs")
        missing = [name for name in field_names if name not in docs]
        if missing:
            raise ConfigError(
                f"{type(self).__name__}: the corpus must have the documents' fields {missing}, "
                f"got {list(docs)} of {type(self._corpus).__name__}"
            )
