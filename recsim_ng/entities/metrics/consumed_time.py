"""Metrics that count the time that users spend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsim_ng.entities.metrics.reward import RewardMetrics


class ConsumedTimeAsRewardMetrics(RewardMetrics):
    """The time that users consumed as reward, not below 0, and its sum so far.

        reward_{t+1} = max(consumed_time_t, 0),   cumulative_{t+1} = cumulative_t + reward_{t+1}

    The response says a consumed time below 0 where nothing was consumed.

    Args:
      config: reads `num_users` (U).
      name: of the entity.
    """

    def __init__(
        self, config: Mapping[str, Any], name: str = "ConsumedTimeAsRewardMetrics"
    ) -> None:
        super().__init__(config, "consumed_time", source="user_response", least=0.0, name=name)
