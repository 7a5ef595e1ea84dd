"""User: the role of a population of users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsim_ng.core.entity import Entity
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value


class User(Entity):
    """A population of users.

    A subclass defines the methods that its story calls.

    Args:
      config: settings by name; reads `num_users` (U) and `num_topics` (K).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is missing or out of range.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "User") -> None:
        super().__init__(name=name)
        self._settings = Settings(name, config)
        self._num_users = self._settings.whole("num_users", 1)
        self._num_topics = self._settings.whole("num_topics", 1)
        self._config = config  # last: tf.Module puts its own lists into it

    def initial_state(self) -> Value:
        """Returns the users' state at step 0."""
        raise NotImplementedError(self._undefined("initial_state"))

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the users' state at t, out of state, response and slate at t - 1.

        Args:
          previous_state: the users' state.
          user_response: what they did.
          slate_docs: what they were shown.
        """
        raise NotImplementedError(self._undefined("next_state"))

    def observation(self, user_state: Value) -> Value:
        """Returns what a recommender sees of the users.

        Args:
          user_state: the current state.
        """
        raise NotImplementedError(self._undefined("observation"))

    def next_response(self, user_state: Value, slate_docs: Value) -> Value:
        """Returns how the users respond to their slates.

        Args:
          user_state: the current state.
          slate_docs: the current slates.
        """
        raise NotImplementedError(self._undefined("next_response"))

    def specs(self) -> Value:
        """Returns the specs of `state`, `observation` and `response`."""
        raise NotImplementedError(self._undefined("specs"))
