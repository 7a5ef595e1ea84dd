"""The recommenders that any recommendation story can have, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from recsim_ng.core import check
from recsim_ng.entities.recommendation import BaseRecommender
from recsim_ng.entities.recommenders.collab_filtering import CollabFilteringRecommender
from recsim_ng.entities.recommenders.linear_thompson import LinearThompsonRecommender
from recsim_ng.entities.recommenders.myopic_utility import MyopicUtilityRecommender
from recsim_ng.entities.recommenders.oracle import OracleRecommender
from recsim_ng.entities.recommenders.popularity import PopularityRecommender
from recsim_ng.entities.recommenders.random_slate import RandomRecommender

RECOMMENDERS: dict[str, Callable[[Mapping[str, Any]], BaseRecommender]] = {
    "random": RandomRecommender,
    "popularity": PopularityRecommender,
    "myopic": MyopicUtilityRecommender,
    "oracle": OracleRecommender,
    "collab_filtering": CollabFilteringRecommender,
    "linear_thompson": LinearThompsonRecommender,
}
"""Constructors by name: each takes a story's config, as `recs_story` hands it over."""


def recommender(name: str) -> Callable[[Mapping[str, Any]], BaseRecommender]:
    """Returns the constructor of a recommender.

    Args:
      name: as in `RECOMMENDERS`.

    Raises:
      ConfigError: (also a ValueError) there is none of that name.
    """
    check.one_of("recommender", "name", name, RECOMMENDERS)
    return RECOMMENDERS[name]
