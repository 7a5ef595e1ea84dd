"""Films: recommenders compete on a population of real people, out of MovieLens ratings.

Items are the real films, with their genres, year, shrunken mean rating and popularity; users are
the real people, each with an affinity to every genre that is estimated from their own ratings
(`recsim_ng.datasets.estimate_taste`). They choose from slates, rate what they chose, drift towards
the genres that they watch and tire of repetition (`GenreTasteUser`).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, Literal

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.variable import Variable
from recsim_ng.datasets.movielens import read_movielens
from recsim_ng.datasets.taste import Taste, estimate_taste
from recsim_ng.entities.corpora.film import FilmCorpus
from recsim_ng.entities.metrics.consumption import ConsumptionMetrics
from recsim_ng.entities.recommenders.linear_thompson import LinearThompsonRecommender
from recsim_ng.entities.recommenders.myopic_taste import MyopicTasteRecommender
from recsim_ng.entities.recommenders.popularity import PopularityRecommender
from recsim_ng.entities.recommenders.random_slate import RandomRecommender
from recsim_ng.entities.users.genre_taste import GenreTasteUser
from recsim_ng.stories.recommendation_simulation import recs_story


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the films story."""

    ratings: str
    """Folder with the MovieLens files; `recsim-ng data movielens-100k DIR` puts them there."""
    recommender: Literal["random", "popularity", "myopic", "learning"] = "learning"
    """Who chooses the slates: at random; what most people chose; what each person would enjoy most
    now, knowing their true taste; or what their ratings so far say that they would enjoy."""
    num_users: int = 0
    """People, the first in the file; 0: all."""
    slate_size: int = 5
    """Films on a slate."""
    nochoice_logit: float = 0.0
    """Logit of choosing nothing; that of a film is its expected enjoyment in stars, which is 0 for
    the usual film."""
    rating_noise: float = 0.5
    """Standard deviation of a rating, in stars."""
    drift_rate: float = 0.02
    """By what share of the way a film moves a person's affinities towards its genres, 0 to 1."""
    boredom_penalty: float = 0.5
    """By how much each film of a genre seen lately spoils the next, in stars."""
    boredom_decay: float = 0.8
    """What is left of boredom after a step, 0 to 1."""
    allow_repeats: bool = False
    """Whether a film may be shown to a person who has chosen it before."""
    exploration: float = 1.0
    """How far the learning recommender explores, in posterior standard deviations; 0: not."""

    def __post_init__(self) -> None:
        pass
