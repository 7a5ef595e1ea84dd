"""Concrete metrics."""

from recsim_ng.entities.metrics.consumption import ConsumptionMetrics
from recsim_ng.entities.metrics.utility import UtilityAsRewardMetrics

__all__ = ["ConsumptionMetrics", "UtilityAsRewardMetrics"]
