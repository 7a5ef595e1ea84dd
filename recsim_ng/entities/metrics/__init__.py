"""Metrics, and the formulas that they go by."""

from recsim_ng.entities.metrics.calibration import CalibrationMetrics
from recsim_ng.entities.metrics.composite import CompositeMetrics
from recsim_ng.entities.metrics.concentration import effective_number, gini, quantiles, shares
from recsim_ng.entities.metrics.consumed_time import ConsumedTimeAsRewardMetrics
from recsim_ng.entities.metrics.consumption import ConsumptionMetrics
from recsim_ng.entities.metrics.exposure import ExposureMetrics
from recsim_ng.entities.metrics.list_diversity import (
    coverage,
    intra_list_diversity,
    miscalibration,
    self_information,
)
from recsim_ng.entities.metrics.measured import MeasuredMetrics
from recsim_ng.entities.metrics.opinion import HomogenisationMetrics, OpinionMetrics
from recsim_ng.entities.metrics.opinion_distance import (
    disagreement,
    esteban_ray,
    jaccard,
    mean_pairwise_jaccard,
    polarisation,
)
from recsim_ng.entities.metrics.provider import ProviderMetrics
from recsim_ng.entities.metrics.ranking_quality import dcg, hit, ndcg, reciprocal_rank
from recsim_ng.entities.metrics.reward import RewardMetrics
from recsim_ng.entities.metrics.satisfaction import RetentionMetrics, SatisfactionMetrics
from recsim_ng.entities.metrics.slate_diversity import SlateDiversityMetrics
from recsim_ng.entities.metrics.slate_quality import SlateQualityMetrics
from recsim_ng.entities.metrics.utility import UtilityAsRewardMetrics
from recsim_ng.entities.metrics.welfare import WelfareMetrics

__all__ = [
    "CalibrationMetrics",
    "CompositeMetrics",
    "ConsumedTimeAsRewardMetrics",
    "ConsumptionMetrics",
    "ExposureMetrics",
    "HomogenisationMetrics",
    "MeasuredMetrics",
    "OpinionMetrics",
    "ProviderMetrics",
    "RetentionMetrics",
    "RewardMetrics",
    "SatisfactionMetrics",
    "SlateDiversityMetrics",
    "SlateQualityMetrics",
    "UtilityAsRewardMetrics",
    "WelfareMetrics",
    "coverage",
    "dcg",
    "disagreement",
    "effective_number",
    "esteban_ray",
    "gini",
    "hit",
    "intra_list_diversity",
    "jaccard",
    "mean_pairwise_jaccard",
    "miscalibration",
    "ndcg",
    "polarisation",
    "quantiles",
    "reciprocal_rank",
    "self_information",
    "shares",
]
