"""Corpora in which nothing changes."""

from __future__ import annotations

from recsim_ng.core.value import Value
from recsim_ng.entities.recommendation import Corpus


class FixedCorpus(Corpus):
    """A corpus whose state stays what it was at step 0; a subclass says what that is.

    Args:
      config: as for `Corpus`.
      name: of the entity.
    """

    _least_docs = 1

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the state as it was.

        Args:
          previous_state: the state.
          user_response: not read.
          slate_docs: not read.
        """
        del user_response, slate_docs
        return previous_state
