"""BaseRecommender: the role of who chooses the slates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsim_ng.core.entity import Entity
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value


class BaseRecommender(Entity):
    """A recommender.

    A subclass defines the methods that its story calls.

    Args:
      config: settings by name; reads `num_users` (U), `num_docs` (D, 0 for one that makes the
        documents itself) and `slate_size` (S).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is missing or out of range.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "BaseRecommender") -> None:
        super().__init__(name=name)
        self._settings = Settings(name, config)
        self._num_users = self._settings.whole("num_users", 1)
        self._num_docs = self._settings.whole("num_docs", 0)
        self._slate_size = self._settings.whole("slate_size", 1)
        self._config = config  # last: tf.Module puts its own lists into it

    def initial_state(self) -> Value:
        """Returns the recommender's state at step 0."""
        raise NotImplementedError(self._undefined("initial_state"))

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the recommender's state at t, out of state, response and slate at t - 1.

        Args:
          previous_state: the recommender's state.
          user_response: what the users did.
          slate_docs: what they were shown.
        """
        raise NotImplementedError(self._undefined("next_state"))

    def slate_docs(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> Value:
        """Returns a slate for each user.

        Args:
          recommender_state: the current state.
          user_observation: what is seen of the users.
          available_docs: the documents that can be shown.
        """
        raise NotImplementedError(self._undefined("slate_docs"))

    def specs(self) -> Value:
        """Returns the specs of `state` and `slate`."""
        raise NotImplementedError(self._undefined("specs"))
