"""Concrete metrics."""

from recsim_ng.entities.metrics.utility import UtilityAsRewardMetrics

__all__ = ["UtilityAsRewardMetrics"]
