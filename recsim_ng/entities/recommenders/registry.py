"""The recommenders that any recommendation story can have, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from recsim_ng.core import check
from recsim_ng.entities.recommendation import BaseRecommender
from recsim_ng.entities.recommenders.collab_filtering import CollabFilteringRecommender
from recsim_ng.entities.recommenders.epsilon_greedy import EpsilonGreedyRecommender
from recsim_ng.entities.recommenders.item_item import ItemItemRecommender
from recsim_ng.entities.recommenders.lin_ucb import LinUCBRecommender
from recsim_ng.entities.recommenders.linear_thompson import LinearThompsonRecommender
from recsim_ng.entities.recommenders.matrix_factorisation import MatrixFactorisationRecommender
from recsim_ng.entities.recommenders.myopic_utility import MyopicUtilityRecommender
from recsim_ng.entities.recommenders.oracle import OracleRecommender
from recsim_ng.entities.recommenders.plackett_luce import PlackettLuceRecommender
from recsim_ng.entities.recommenders.popularity import PopularityRecommender
from recsim_ng.entities.recommenders.random_slate import RandomRecommender
from recsim_ng.entities.recommenders.recurrent import RecurrentRecommender
from recsim_ng.entities.recommenders.thompson import (
    BernoulliThompsonRecommender,
    GaussianThompsonRecommender,
)
from recsim_ng.entities.recommenders.ucb import KLUCBRecommender, UCB1Recommender

RECOMMENDERS: dict[str, Callable[[Mapping[str, Any]], BaseRecommender]] = {
    "random": RandomRecommender,
    "popularity": PopularityRecommender,
    "myopic": MyopicUtilityRecommender,
    "oracle": OracleRecommender,
    "matrix_factorisation": MatrixFactorisationRecommender,
    "item_item": ItemItemRecommender,
    "collab_filtering": CollabFilteringRecommender,
    "recurrent": RecurrentRecommender,
    "epsilon_greedy": EpsilonGreedyRecommender,
    "ucb1": UCB1Recommender,
    "kl_ucb": KLUCBRecommender,
    "bernoulli_thompson": BernoulliThompsonRecommender,
    "gaussian_thompson": GaussianThompsonRecommender,
    "lin_ucb": LinUCBRecommender,
    "linear_thompson": LinearThompsonRecommender,
    "plackett_luce": PlackettLuceRecommender,
}
"""Constructors by name: each takes a story's config, as `recs_story` hands it over."""

RecommenderName = Literal[
    "random",
    "popularity",
    "myopic",
    "matrix_factorisation",
    "item_item",
    "collab_filtering",
    "recurrent",
    "epsilon_greedy",
    "ucb1",
    "kl_ucb",
    "bernoulli_thompson",
    "gaussian_thompson",
    "lin_ucb",
    "linear_thompson",
    "plackett_luce",
]
"""The names of those that need no policy from the story: all but the oracle."""


def recommender(name: str) -> Callable[[Mapping[str, Any]], BaseRecommender]:
    """Returns the constructor of a recommender.

    Args:
      name: as in `RECOMMENDERS`.

    Raises:
      ConfigError: (also a ValueError) there is none of that name.
    """
    check.one_of("recommender", "name", name, RECOMMENDERS)
    return RECOMMENDERS[name]
