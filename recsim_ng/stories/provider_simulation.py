"""The ecosystem's providers, and the variables of its story for given ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import tensorflow as tf

from recsim_ng.core import check, noise, require, standard_noise
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.entities.choice_models import TargetPointSimilarity
from recsim_ng.entities.corpora import ViableCorpus
from recsim_ng.entities.metrics import UtilityAsRewardMetrics
from recsim_ng.entities.recommendation import Vocabulary
from recsim_ng.entities.recommenders import RECOMMENDERS, MyopicRecommender, RecommenderName
from recsim_ng.entities.users import ClusteredNormalUserCoreDispersion
from recsim_ng.stories.recommendation_simulation import recs_story

DOCS_PER_PROVIDER = 5
_SLATE_SIZE = 3


def init_random_provider_clusters(
    provider_disp: float,
    provider_fan_out: int,
    num_provider_clusters: int,
    num_topics: int,
    *,
    seed: int = 0,
) -> np.ndarray:
    """Draws the providers: clusters around the origin, providers around their cluster's centre.

        c ~ N(0, provider_disp I),   mu_p = c + N(0, 0.5 I)         (variances)

    Args:
      provider_disp: variance of the centres.
      provider_fan_out: providers in each cluster.
      num_provider_clusters: number of clusters.
      num_topics: K.
      seed: of the draw.

    Returns:
      `[P, K]` float32 means, the providers of a cluster next to each other.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.
    """
    where = "init_random_provider_clusters"
    check.real(where, "provider_disp", provider_disp, 0.0, 1e12)
    check.whole(where, "provider_fan_out", provider_fan_out, 1)
    check.whole(where, "num_provider_clusters", num_provider_clusters, 1)
    check.whole(where, "num_topics", num_topics, 1)
    key = noise.Key(noise.seed_words(seed)).fold("provider clusters")
    with tf.init_scope():
        shape = (num_provider_clusters, num_topics)
        centres = np.sqrt(provider_disp) * standard_noise.normal(key.fold("centres"), shape).numpy()
        shape = (num_provider_clusters * provider_fan_out, num_topics)
        around = np.sqrt(0.5) * standard_noise.normal(key.fold("providers"), shape).numpy()
    return (np.repeat(centres, provider_fan_out, axis=0) + around).astype(np.float32)


def create_viable_provider_simulation_network(
    provider_means: Any,
    num_users: int = 2000,
    provider_boost_cap: float = 1.2,
    *,
    num_docs: int | None = None,
    slate_size: int = _SLATE_SIZE,
    interest_step_size: float = 0.0,
    recommender: str = "myopic",
) -> Sequence[Variable]:
    """Makes the story's variables for given providers.

    Args:
      provider_means: `[P, K]`.
      num_users: U.
      provider_boost_cap: how much the recommender may promote a provider; 0: myopic.
      num_docs: D; 5 P if None or 0.
      slate_size: S.
      interest_step_size: how far interests move away from what was chosen, as in `Config`.
      recommender: who chooses the slates, as in `Config`.

    Returns:
      The variables of `recs_story`.

    Raises:
      ConfigError: (also a ValueError) an argument is out of range.
    """
    where = "create_viable_provider_simulation_network"
    require.numbers(where, "provider_means", provider_means)
    shape = np.shape(provider_means)
    if len(shape) != 2 or 0 in shape:
        raise ConfigError(f"{where}: provider_means must be [P, K], got shape {list(shape)}")
    num_providers, num_topics = shape
    check.whole(where, "num_users", num_users, 1)
    if num_docs is not None:
        check.whole(where, "num_docs", num_docs, 0)
    num_docs = num_docs or DOCS_PER_PROVIDER * num_providers
    check.whole(where, "slate_size", slate_size, 1, num_docs)
    check.one_of(where, "recommender", recommender, get_args(RecommenderName))
    config = {
        "num_users": num_users,
        "num_topics": num_topics,
        "num_docs": num_docs,
        "slate_size": slate_size,
        "provider_means": provider_means,
        "provider_boost_cap": provider_boost_cap,
        "interest_step_size": interest_step_size,
        # What is learnt of documents, new at every step, is learnt of their providers.
        "vocabulary": Vocabulary(item="provider_id", num_items=num_providers, utility=affinity),
    }
    return recs_story(
        config,
        ClusteredNormalUserCoreDispersion,
        ViableCorpus,
        MyopicRecommender if recommender == "myopic" else RECOMMENDERS[recommender],
        UtilityAsRewardMetrics,
    )


def affinity(observation: Value, docs: Value) -> Any:
    """Returns `[U, D]` the affinity of each user to each document, less the 2 that all have.

    Args:
      observation: user_interests `[U, K]`.
      docs: doc_features `[D, K]`.
    """
    interests, features = observation.get("user_interests"), docs.get("doc_features")
    similarity = TargetPointSimilarity(interests.shape[:1], features.shape[0])
    return similarity.affinities(interests, features).get("affinities")
