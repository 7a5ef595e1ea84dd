"""Metrics that count the users' utility."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsim_ng.entities.metrics.reward import RewardMetrics


class UtilityAsRewardMetrics(RewardMetrics):
    """The users' utility as reward, and its sum so far.

        reward_{t+1} = utilities_t,   cumulative_{t+1} = cumulative_t + utilities_t,   both 0 at 0

    Args:
      config: reads `num_users` (U).
      name: of the entity.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "Metrics") -> None:
        super().__init__(config, "utilities", source="user_state", name=name)
