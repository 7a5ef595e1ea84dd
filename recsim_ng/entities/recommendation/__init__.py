"""The roles of a recommendation story."""

from recsim_ng.entities.recommendation.corpus import Corpus
from recsim_ng.entities.recommendation.metrics import RecsMetricsBase
from recsim_ng.entities.recommendation.recommender import BaseRecommender
from recsim_ng.entities.recommendation.user import User
from recsim_ng.entities.recommendation.vocabulary import (
    Vocabulary,
    vocabulary_of,
    with_vocabulary,
)

__all__ = [
    "BaseRecommender",
    "Corpus",
    "RecsMetricsBase",
    "User",
    "Vocabulary",
    "vocabulary_of",
    "with_vocabulary",
]
