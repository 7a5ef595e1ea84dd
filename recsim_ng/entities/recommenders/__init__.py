"""Concrete recommenders."""

from recsim_ng.entities.recommenders.myopic import MyopicRecommender

__all__ = ["MyopicRecommender"]
