"""The recommender that follows a policy which knows more than anybody can."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.ranking import RankingRecommender

Policy = Callable[[Any, Value, Value], Any]


class OracleRecommender(RankingRecommender):
    """Shows each user the S documents that a given policy ranks highest.

        step_0 = 0,   step_{t+1} = step_t + 1
        slate_t = the S documents of highest policy(step_t, observation_t, docs_t)

    A story gives the policy, and an observation that shows what it reads: latent state, above all.
    Documents of equal score come in their order.

    Args:
      config: as for `RankingRecommender`, and policy, where it is not given beside the config.
      policy: (step, an int32 scalar; user observation; available docs) -> `[u, D]` or `[D]` float32
        scores.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) as for `RankingRecommender`, or there is no policy.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        policy: Policy | None = None,
        name: str = "OracleRecommender",
    ) -> None:
        super().__init__(config, name)
        self._policy: Any = config.get("policy") if policy is None else policy
        if not callable(self._policy):
            raise ConfigError(
                f"{name}: policy must be a function (step, observation, docs) -> scores, got "
                f"{self._policy!r}; put one into config['policy'], or take another recommender"
            )

    def initial_state(self) -> Value:
        """Returns step 0, and what the base has."""
        return super().initial_state().union(Value(step=tf.zeros([], tf.int32)))

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the next step's number, and what the base has.

        Args:
          previous_state: step.
          user_response: choice `[U]`, unless repeats are allowed.
          slate_docs: doc_ranks `[U, S]`, unless repeats are allowed.
        """
        step = Value(step=previous_state.get("step") + 1)
        return super().next_state(previous_state, user_response, slate_docs).union(step)

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value, draws: Value
    ) -> Any:
        """Returns the policy's scores.

        Args:
          recommender_state: step.
          user_observation: what the policy reads.
          available_docs: the D documents.
          draws: not read.
        """
        del draws
        return self._policy(recommender_state.get("step"), user_observation, available_docs)

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        clock = Space.box(0, np.iinfo(np.int32).max, (), np.int32, dims=())
        return super().specs().union(ValueSpec(state=ValueSpec(step=clock)))
