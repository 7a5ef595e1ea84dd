"""Concrete metrics."""

from recsim_ng.entities.metrics.consumed_time import ConsumedTimeAsRewardMetrics
from recsim_ng.entities.metrics.consumption import ConsumptionMetrics
from recsim_ng.entities.metrics.reward import RewardMetrics
from recsim_ng.entities.metrics.utility import UtilityAsRewardMetrics

__all__ = [
    "ConsumedTimeAsRewardMetrics",
    "ConsumptionMetrics",
    "RewardMetrics",
    "UtilityAsRewardMetrics",
]
