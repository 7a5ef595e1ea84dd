"""BanditAlgorithm: the role of who chooses arms, and learns from what they bring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.role import BanditRole


class BanditAlgorithm(BanditRole):
    """Chooses an arm of every bandit at each step, by statistics of what happened so far.

    A subclass defines the methods that its story calls.

    Attributes:
      unit_rewards: whether rewards must lie within [0, 1].

    Args:
      config: settings by name.
      name: of the entity.
    """

    unit_rewards = False

    def __init__(self, config: Mapping[str, Any], name: str = "BanditAlgorithm") -> None:
        super().__init__(config, name)

    def initial_statistics(self, context: Value) -> Value:
        """Returns the statistics before any arm was pulled.

        Args:
          context: at step 0.
        """
        raise NotImplementedError(self._undefined("initial_statistics"))

    def next_statistics(
        self, previous_statistics: Value, arm: Value, reward: Value, context: Value
    ) -> Value:
        """Returns the statistics at t, out of everything at t - 1.

        Args:
          previous_statistics: the statistics.
          arm: what was chosen.
          reward: what it brought.
          context: in which it was chosen.
        """
        raise NotImplementedError(self._undefined("next_statistics"))

    def arm_choice(self, statistics: Value, context: Value) -> Value:
        """Returns the arms chosen now.

        Args:
          statistics: the current ones.
          context: the current one.
        """
        raise NotImplementedError(self._undefined("arm_choice"))

    def specs(self) -> Value:
        """Returns the specs of `choice` and `statistics`."""
        raise NotImplementedError(self._undefined("specs"))
