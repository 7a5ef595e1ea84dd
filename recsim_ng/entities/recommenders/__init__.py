"""Concrete recommenders, and the registry that names them."""

from recsim_ng.entities.recommenders.collab_filtering import (
    CollabFilteringModel,
    CollabFilteringRecommender,
)
from recsim_ng.entities.recommenders.epsilon_greedy import EpsilonGreedyRecommender
from recsim_ng.entities.recommenders.history import History
from recsim_ng.entities.recommenders.item_item import ItemItemRecommender
from recsim_ng.entities.recommenders.item_set import ItemSet
from recsim_ng.entities.recommenders.item_statistics import ItemStatisticsRecommender
from recsim_ng.entities.recommenders.lin_ucb import LinUCBRecommender
from recsim_ng.entities.recommenders.linear import LinearRecommender
from recsim_ng.entities.recommenders.linear_thompson import LinearThompsonRecommender
from recsim_ng.entities.recommenders.matrix_factorisation import MatrixFactorisationRecommender
from recsim_ng.entities.recommenders.myopic import MyopicRecommender
from recsim_ng.entities.recommenders.myopic_utility import MyopicUtilityRecommender
from recsim_ng.entities.recommenders.oracle import OracleRecommender
from recsim_ng.entities.recommenders.plackett_luce import PlackettLuceRecommender
from recsim_ng.entities.recommenders.popularity import PopularityRecommender
from recsim_ng.entities.recommenders.random_slate import RandomRecommender
from recsim_ng.entities.recommenders.ranking import RankingRecommender
from recsim_ng.entities.recommenders.recurrent import RecurrentRecommender
from recsim_ng.entities.recommenders.registry import (
    RECOMMENDERS,
    RecommenderName,
    recommender,
)
from recsim_ng.entities.recommenders.simple_normal import SimpleNormalRecommender
from recsim_ng.entities.recommenders.slate_policy import SlatePolicyRecommender
from recsim_ng.entities.recommenders.thompson import (
    BernoulliThompsonRecommender,
    GaussianThompsonRecommender,
    ThompsonRecommender,
)
from recsim_ng.entities.recommenders.ucb import (
    KLUCBRecommender,
    UCB1Recommender,
)
from recsim_ng.entities.recommenders.wrapped import WrappedRecommender

__all__ = [
    "BernoulliThompsonRecommender",
    "CollabFilteringModel",
    "CollabFilteringRecommender",
    "EpsilonGreedyRecommender",
    "GaussianThompsonRecommender",
    "History",
    "ItemItemRecommender",
    "ItemSet",
    "ItemStatisticsRecommender",
    "KLUCBRecommender",
    "LinUCBRecommender",
    "LinearRecommender",
    "LinearThompsonRecommender",
    "MatrixFactorisationRecommender",
    "MyopicRecommender",
    "MyopicUtilityRecommender",
    "OracleRecommender",
    "PlackettLuceRecommender",
    "PopularityRecommender",
    "RECOMMENDERS",
    "RandomRecommender",
    "RankingRecommender",
    "RecommenderName",
    "RecurrentRecommender",
    "SimpleNormalRecommender",
    "SlatePolicyRecommender",
    "ThompsonRecommender",
    "UCB1Recommender",
    "WrappedRecommender",
    "recommender",
]
