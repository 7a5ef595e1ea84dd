"""The recommender that follows a policy which knows more than anybody can."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.ordering import top_k
from recsim_ng.core.value import Value
from recsim_ng.entities.recommendation import BaseRecommender, Vocabulary, vocabulary_of

Policy = Callable[[Any, Value, Value], Any]


class OracleRecommender(BaseRecommender):
    """Shows each user the S documents that a given policy ranks highest.

        step_0 = 0,   step_{t+1} = step_t + 1
        slate_t = the S documents of highest policy(step_t, observation_t, docs_t)

    A story gives the policy, and an observation that shows what it reads: latent state, above all.
    Documents of equal score come in their order.

    Args:
      config: num_users (U), num_docs (D), slate_size (S); what `recs_story` adds, the vocabulary.
      policy: (step, an int32 scalar; user observation; available docs) -> `[U, D]` or `[D]` float32
        scores.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) the slate is larger than the corpus.
    """

    def __init__(
        self, config: Mapping[str, Any], policy: Policy, name: str = "OracleRecommender"
    ) -> None:
        super().__init__(config, name)
        check.whole(name, "slate_size", self._slate_size, 1, self._num_docs)
        self._policy, self._vocabulary = policy, vocabulary_of(config)

    def initial_state(self) -> Value:
        """Returns step 0."""
        return Value(step=tf.zeros([], tf.int32))

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the next step's number.

        Args:
          previous_state: step.
          user_response: not read.
          slate_docs: not read.
        """
        del user_response, slate_docs
        return Value(step=previous_state.get("step") + 1)

    def slate_docs(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> Value:
        """Returns doc_ranks `[U, S]` and the documents' fields, `[U, S, ...]`.

        Args:
          recommender_state: step.
          user_observation: what the policy reads.
          available_docs: the D documents.
        """
        scores = self._policy(recommender_state.get("step"), user_observation, available_docs)
        scores = tf.broadcast_to(scores, [self._num_users, self._num_docs])
        _, ranks = top_k(scores, self._slate_size)
        fields = per_document(self._vocabulary)
        shown = {f: tf.gather(available_docs.get(f), ranks) for f in fields}
        return Value(doc_ranks=ranks, **shown)

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        clock = Space.box(0, np.iinfo(np.int32).max, (), np.int32, dims=())
        return ValueSpec(
            state=ValueSpec(step=clock),
            slate=slate_spec(self._vocabulary, self._num_users, self._slate_size, self._num_docs),
        )


def per_document(vocabulary: Vocabulary) -> list[str]:
    """Returns the names of the fields of available docs whose first axis is the documents.

    Args:
      vocabulary: of the story.
    """
    docs = vocabulary.docs.as_dict
    return [name for name, spec in docs.items() if (spec.dims or ("doc",))[0] == "doc"]


def slate_spec(vocabulary: Vocabulary, num_users: int, slate_size: int, num_docs: int) -> ValueSpec:
    """Returns the spec of slates: doc_ranks, and the documents' fields by their own specs.

    Args:
      vocabulary: of the story.
      num_users: U.
      slate_size: S.
      num_docs: D.
    """
    slates = (num_users, slate_size)
    found = {"doc_ranks": Space.box(0, num_docs - 1, slates, np.int32, dims=("user", "slate"))}
    for name in per_document(vocabulary):
        spec = vocabulary.docs.get(name)
        box = spec.space
        dims = None if spec.dims is None else ("user", "slate", *spec.dims[1:])
        shape = (*slates, *box.shape[1:])
        low, high = np.min(box.low), np.max(box.high)
        found[name] = Space.box(low, high, shape, box.dtype, dims=dims)
    return ValueSpec(**found)
