"""Films: recommenders compete for a population of real people, out of MovieLens ratings.

Films are the real ones, with their genres, year, shrunken mean rating and popularity; users are the
real people, each with an affinity to every genre that is estimated from their own ratings
(`recsim_ng.datasets.estimate_taste`). They choose from slates, rate what they chose, drift towards
the genres that they watch, and tire of repetition (`GenreTasteUser`).
"""

from __future__ import annotations

import dataclasses
import functools
import math
import os
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.study import HeadlineMetric, Study
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.datasets import Ratings, Taste, estimate_taste, read_movielens
from recsim_ng.entities.corpora import FilmCorpus
from recsim_ng.entities.metrics import ConsumptionMetrics
from recsim_ng.entities.recommendation import Vocabulary
from recsim_ng.entities.recommenders import RecommenderName, recommender
from recsim_ng.entities.users import GenreTasteUser
from recsim_ng.entities.users.genre_taste import genre_shares
from recsim_ng.stories.film_posterior import FilmPosterior, with_posterior
from recsim_ng.stories.recommendation_simulation import recs_story

_NAMES = {"learning": "linear_thompson"}


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the films story."""

    ratings: str
    """Folder with the MovieLens files; `recsim-ng data movielens-100k DIR` puts them there."""
    recommender: Literal["learning"] | RecommenderName = "learning"
    """Who chooses the slates. random: chance; popularity: what most people chose, before the run
    and in it; myopic: what each person would enjoy most now, their true taste being known;
    learning: what they would enjoy as far as their ratings so far tell, with exploration; the
    others by their names (`recsim_ng.entities.recommenders.RECOMMENDERS`)."""
    fit: str = ""
    """File with a fit of these ratings (`recsim_ng.stories.film_ratings`): who people are and how
    good films are is drawn from its posterior, one draw for each seed, and so are people's use of
    the stars and the noise of their ratings; "": all is estimated, once."""
    num_users: int = 0
    """U, number of people, the first in the file; 0: all."""
    slate_size: int = 5
    """S, films shown to a person at each step."""
    nochoice_logit: float = 0.0
    """Logit of choosing nothing; that of a film is its expected enjoyment in stars, 0 for the usual
    film."""
    rating_noise: float = 0.5
    """Standard deviation of a rating about the expected enjoyment, in stars; with a fit, what the
    learning recommender takes it to be."""
    drift_rate: float = 0.02
    """How far each film moves a person's affinities towards its genres, as a share of the way."""
    boredom_penalty: float = 0.5
    """By how many stars each recent film of a genre spoils the next."""
    boredom_decay: float = 0.8
    """Share of the boredom that is left after a step."""
    allow_repeats: bool = False
    """Whether a film may be shown to a person who has chosen it before."""
    exploration: float = 1.0
    """How widely the learning recommender explores, in posterior standard deviations; 0: not."""
    taste_prior: float = 1.0
    """How widely the learning recommender expects affinities to differ, as a multiple of how widely
    they do; 0: it takes everybody to be alike, but for boredom."""

    def __post_init__(self) -> None:
        where = "movielens"
        check.flags(where, self)
        if not isinstance(self.ratings, str) or not self.ratings:
            raise ConfigError(
                f"{where}: ratings must name a folder, got {self.ratings!r}; "
                "`recsim-ng data movielens-100k DIR` makes one"
            )
        if not isinstance(self.fit, str):
            raise ConfigError(f"{where}: fit must name a file, got {self.fit!r}")
        names = ("learning", *get_args(RecommenderName))
        check.one_of(where, "recommender", self.recommender, names)
        check.whole(where, "num_users", self.num_users, 0)
        check.whole(where, "slate_size", self.slate_size, 1)
        check.real(where, "nochoice_logit", self.nochoice_logit, -math.inf, 1e3)
        check.real(where, "rating_noise", self.rating_noise, 1e-3, 1e3)
        check.real(where, "drift_rate", self.drift_rate, 0.0, 1.0)
        check.real(where, "boredom_penalty", self.boredom_penalty, 0.0, 1e3)
        check.real(where, "boredom_decay", self.boredom_decay, 0.0, 1.0)
        check.real(where, "exploration", self.exploration, 0.0, 1e3)
        check.real(where, "taste_prior", self.taste_prior, 0.0, 1e3)


def story(config: Config) -> Sequence[Variable]:
    """Reads the ratings, estimates tastes from all of them or reads a fit, and makes the story.

    Args:
      config: its settings.

    Returns:
      The variables of `recs_story`; with a fit, the variable "posterior" first.

    Raises:
      DataError: (also a ValueError) the ratings are missing or damaged, or the fit is.
      ConfigError: (also a ValueError) there are fewer people or films than asked for.
    """
    ratings = read_movielens(config.ratings)
    check.whole("movielens", "num_users", config.num_users, 0, ratings.num_users)
    check.whole("movielens", "slate_size", config.slate_size, 1, ratings.num_items)
    if config.fit:
        posterior = FilmPosterior.load(os.path.expanduser(config.fit), ratings)
        return film_story(config, ratings, posterior.taste(), posterior)
    return film_story(config, ratings, estimate_taste(ratings))


def film_story(
    config: Config, ratings: Ratings, taste: Taste, posterior: FilmPosterior | None = None
) -> Sequence[Variable]:
    """Makes the story's variables for given people and films.

    Args:
      config: its settings; `ratings`, the folder, is not read.
      ratings: names people and films.
      taste: what the people like, and how good the films are; with a posterior, what the learning
        recommender knows of them as a public.
      posterior: where people and films are drawn from; None: they are as `taste` says.

    Returns:
      The variables of `recs_story`; with a posterior, its variable first.
    """
    num_users = config.num_users or ratings.num_users
    spread = float(np.std(taste.affinity))
    genres = len(ratings.genre_names)
    settings = {
        "num_users": num_users,
        "num_docs": ratings.num_items,
        "num_topics": genres,
        "slate_size": config.slate_size,
        "nochoice_logit": config.nochoice_logit,
        "rating_noise": config.rating_noise,
        "drift_rate": config.drift_rate,
        "boredom_penalty": config.boredom_penalty,
        "boredom_decay": config.boredom_decay,
        "allow_repeats": config.allow_repeats,
        "exploration": config.exploration,
        "vocabulary": Vocabulary(
            features=("doc_genres", "doc_quality"),
            reward="rating",
            utility=functools.partial(expected_enjoyment, config.boredom_penalty),
        ),
        "repetition": "doc_genres",
        "repetition_decay": config.boredom_decay,
        "reward_noise": config.rating_noise,
        "usual_reward": taste.usual_item_mean,
        "reward_range": (1.0, 5.0),
        # The learner knows how widely people differ, as a service would know of its public.
        "prior_mean": [*[0.0] * genres, 1.0, taste.usual_item_mean, 0.0],
        "prior_sd": [
            *[config.taste_prior * spread] * genres,
            0.25,
            float(np.std(taste.user_offset)),
            0.5,
        ],
    }
    user = functools.partial(
        GenreTasteUser,
        affinity=taste.affinity[:num_users],
        offset=taste.user_offset[:num_users],
        usual_rating=taste.usual_item_mean,
        observe_taste=config.recommender == "myopic",
    )
    corpus = functools.partial(
        FilmCorpus,
        genres=taste.genres,
        quality=taste.quality,
        popularity=taste.popularity,
        year=ratings.year,
    )
    maker = recommender(_NAMES.get(config.recommender, config.recommender))
    variables = recs_story(settings, user, corpus, maker, ConsumptionMetrics)
    if posterior is None:
        return variables

    def user_of(drawn: Value) -> GenreTasteUser:
        return GenreTasteUser(
            {**settings, "rating_noise": drawn.get("noise")},
            affinity=drawn.get("affinity"),
            offset=drawn.get("level"),
            usual_rating=0.0,
            star_scale=drawn.get("star_scale"),
        )

    return with_posterior(variables, posterior.variable(num_users), user_of)


def expected_enjoyment(boredom_penalty: float, observation: Value, docs: Value) -> Any:
    """Returns `[U, D]` the enjoyment that each person expects of each film now, stars.

    Args:
      boredom_penalty: stars for each recent film of a genre.
      observation: affinity and recent_genres, both `[U, K]`.
      docs: doc_genres `[D, K]`, doc_quality `[D]`.
    """
    genres = docs.get("doc_genres")
    liking = tf.matmul(observation.get("affinity"), genres, transpose_b=True)
    boredom = tf.matmul(observation.get("recent_genres"), genre_shares(genres), transpose_b=True)
    return docs.get("doc_quality") + liking - boredom_penalty * boredom


def _mean_over_people(variable: str, field: str) -> Callable[[Any], np.ndarray]:
    return lambda trajectory: np.mean(trajectory[variable].get(field), axis=1)


def mean_rating(trajectory: Any) -> np.ndarray:
    """The mean rating, `[T]` stars, of all films chosen up to and with each step; 0 before any.

    Args:
      trajectory: with "user response".
    """
    response = trajectory["user response"]
    is_chosen = np.asarray(response.get("is_chosen"))
    given = np.sum(np.where(is_chosen, response.get("rating"), 0.0), axis=1, dtype=np.float64)
    count = np.cumsum(np.sum(is_chosen, axis=1))
    return np.cumsum(given) / np.maximum(count, 1)


def choice_rate(trajectory: Any) -> np.ndarray:
    """The share, `[T]`, of slates so far from which a film was chosen.

    Args:
      trajectory: with "user response".
    """
    rate = np.asarray(trajectory["user response"].get("is_chosen")).mean(axis=1)
    return np.cumsum(rate) / np.arange(1, len(rate) + 1)


def _scalar(field: str) -> Callable[[Any], np.ndarray]:
    return lambda trajectory: np.asarray(trajectory["metrics state"].get(field))


STUDY = Study(
    metrics=(
        HeadlineMetric(
            "cumulative_enjoyment",
            "mean cumulative enjoyment per person, stars",
            ("metrics state.cumulative_enjoyment",),
            _mean_over_people("metrics state", "cumulative_enjoyment"),
            higher_is_better=True,
        ),
        HeadlineMetric(
            "enjoyment",
            "mean enjoyment per person and step, stars",
            ("user response.enjoyment",),
            _mean_over_people("user response", "enjoyment"),
            higher_is_better=True,
        ),
        HeadlineMetric(
            "mean_rating",
            "mean rating of the films chosen so far, stars",
            ("user response.rating", "user response.is_chosen"),
            mean_rating,
            higher_is_better=True,
        ),
        HeadlineMetric(
            "choice_rate",
            "share of slates chosen from so far",
            ("user response.is_chosen",),
            choice_rate,
            higher_is_better=True,
        ),
        HeadlineMetric(
            "coverage",
            "share of films chosen by anybody so far",
            ("metrics state.coverage",),
            _scalar("coverage"),
        ),
        HeadlineMetric(
            "consumption_gini",
            "Gini coefficient of the films' consumption",
            ("metrics state.consumption_gini",),
            _scalar("consumption_gini"),
        ),
    ),
    num_steps=50,
    num_seeds=10,
)
