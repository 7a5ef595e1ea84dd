"""BanditMetrics: the role of who keeps the score of a bandit algorithm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.role import BanditRole


class BanditMetrics(BanditRole):
    """Metrics of a bandit story.

    A subclass defines the methods that its story calls.

    Args:
      config: settings by name.
      name: of the entity.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "BanditMetrics") -> None:
        super().__init__(config, name)

    def initial_state(self) -> Value:
        """Returns the metrics at step 0, before any arm was pulled."""
        raise NotImplementedError(self._undefined("initial_state"))

    def next_state(
        self, previous_metrics: Value, arm: Value, bandit_state: Value, context: Value
    ) -> Value:
        """Returns the metrics at t, out of everything at t - 1.

        Args:
          previous_metrics: the metrics.
          arm: what was chosen.
          bandit_state: what arms were worth.
          context: in which it was chosen.
        """
        raise NotImplementedError(self._undefined("next_state"))

    def specs(self) -> Value:
        """Returns the specs of the metrics."""
        raise NotImplementedError(self._undefined("specs"))
