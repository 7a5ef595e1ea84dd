"""Concrete recommenders."""

from recsim_ng.entities.recommenders.linear_thompson import LinearThompsonRecommender
from recsim_ng.entities.recommenders.myopic import MyopicRecommender
from recsim_ng.entities.recommenders.myopic_taste import MyopicTasteRecommender
from recsim_ng.entities.recommenders.popularity import PopularityRecommender
from recsim_ng.entities.recommenders.random_slate import RandomRecommender
from recsim_ng.entities.recommenders.ranking import RankingRecommender

__all__ = [
    "LinearThompsonRecommender",
    "MyopicRecommender",
    "MyopicTasteRecommender",
    "PopularityRecommender",
    "RandomRecommender",
    "RankingRecommender",
]
