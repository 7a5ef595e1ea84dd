"""Which field of what happened a metric looks at."""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.value import Value

SOURCES = ("corpus_state", "user_state", "user_response", "slate_docs")


@dataclasses.dataclass(frozen=True)
class SourceField:
    """A field of one of the things that metrics are told of each step.

    Attributes:
      where: the metric, for messages.
      source: "corpus_state", "user_state", "user_response" or "slate_docs".
      field: its name there.

    Raises:
      ConfigError: (also a ValueError) there is no such source.
    """

    where: str
    source: str
    field: str

    def __post_init__(self) -> None:
        check.one_of(self.where, "source", self.source, SOURCES)

    def read(
        self, corpus_state: Value, user_state: Value, user_response: Value, slate_docs: Value
    ) -> Any:
        """Returns the field as a tensor.

        Args:
          corpus_state: the corpus' state.
          user_state: the users' state.
          user_response: what the users did.
          slate_docs: what they were shown.
        """
        parts = (corpus_state, user_state, user_response, slate_docs)
        happened = dict(zip(SOURCES, parts, strict=True))
        return tf.convert_to_tensor(happened[self.source].get(self.field))
