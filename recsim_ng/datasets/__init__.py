"""Readers of real logs, and what can be estimated from them. None of this needs TensorFlow."""

from recsim_ng.datasets.download import fetch_movielens_100k
from recsim_ng.datasets.movielens import read_movielens
from recsim_ng.datasets.ratings import Ratings
from recsim_ng.datasets.shrinkage import GroupEffects, estimate_group_effects
from recsim_ng.datasets.taste import Taste, estimate_taste

__all__ = [
    "GroupEffects",
    "Ratings",
    "Taste",
    "estimate_group_effects",
    "estimate_taste",
    "fetch_movielens_100k",
    "read_movielens",
]
