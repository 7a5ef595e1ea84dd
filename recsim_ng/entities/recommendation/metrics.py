"""RecsMetricsBase: the role of who keeps the score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsim_ng.core.entity import Entity
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value


class RecsMetricsBase(Entity):
    """Metrics of a recommendation story.

    A subclass defines the methods that its story calls.

    Args:
      config: settings by name; reads `num_users` (U).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is missing or out of range.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "Metrics") -> None:
        super().__init__(name=name)
        self._settings = Settings(name, config)
        self._num_users = self._settings.whole("num_users", 1)
        self._config = config  # last: tf.Module puts its own lists into it

    def initial_metrics(self) -> Value:
        """Returns the metrics at step 0, before anything has happened."""
        raise NotImplementedError(self._undefined("initial_metrics"))

    def next_metrics(
        self,
        previous_metrics: Value,
        corpus_state: Value,
        user_state: Value,
        user_response: Value,
        slate_docs: Value,
    ) -> Value:
        """Returns the metrics at t, out of everything at t - 1.

        Args:
          previous_metrics: the metrics.
          corpus_state: the corpus' state.
          user_state: the users' state.
          user_response: what the users did.
          slate_docs: what they were shown.
        """
        raise NotImplementedError(self._undefined("next_metrics"))

    def specs(self) -> Value:
        """Returns the spec of `state`."""
        raise NotImplementedError(self._undefined("specs"))
