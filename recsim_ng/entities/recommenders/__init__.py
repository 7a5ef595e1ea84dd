"""Concrete recommenders, and the registry that names them."""

from recsim_ng.entities.recommenders.collab_filtering import (
    CollabFilteringModel,
    CollabFilteringRecommender,
)
from recsim_ng.entities.recommenders.linear import LinearRecommender
from recsim_ng.entities.recommenders.linear_thompson import LinearThompsonRecommender
from recsim_ng.entities.recommenders.myopic import MyopicRecommender
from recsim_ng.entities.recommenders.myopic_utility import MyopicUtilityRecommender
from recsim_ng.entities.recommenders.oracle import OracleRecommender
from recsim_ng.entities.recommenders.popularity import PopularityRecommender
from recsim_ng.entities.recommenders.random_slate import RandomRecommender
from recsim_ng.entities.recommenders.ranking import RankingRecommender
from recsim_ng.entities.recommenders.registry import RECOMMENDERS, recommender
from recsim_ng.entities.recommenders.slate_policy import SlatePolicyRecommender

__all__ = [
    "RECOMMENDERS",
    "CollabFilteringModel",
    "CollabFilteringRecommender",
    "LinearRecommender",
    "LinearThompsonRecommender",
    "MyopicRecommender",
    "MyopicUtilityRecommender",
    "OracleRecommender",
    "PopularityRecommender",
    "RandomRecommender",
    "RankingRecommender",
    "SlatePolicyRecommender",
    "recommender",
]
