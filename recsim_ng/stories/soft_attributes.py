"""Soft attributes: ratings and tags like a MovieLens, with a known truth.

Items have attributes to a degree (how violent, how funny); users rate items by single-peaked tastes
and tag some of them, in words that may mean something else to each: how much of it the word takes
(degree), and which attribute it is about (sense).

Source: Göpfert et al. (2022), Discovering personalized semantics for soft attributes in recommender
  systems using concept activation vectors, arXiv 2202.02830.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from recsim_ng.core import check, noise, standard_noise
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.study import HeadlineMetric, Study
from recsim_ng.core.variable import Variable
from recsim_ng.entities.corpora.soft_attribute import SoftAttributeCorpus
from recsim_ng.entities.metrics import gini
from recsim_ng.entities.users.concept_activation_vector import ConceptActivationVectorUser
from recsim_ng.stories.static_recs_simulation import static_recs_story

_MAX_RATINGS = 100


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the soft attributes story."""

    num_users: int = 1000
    """U, number of users."""
    num_docs: int = 500
    """D, number of items."""
    num_topics: int = 25
    """K, topics around which items and users cluster."""
    num_attributes: int = 10
    """A, attributes of an item, each in [0, 1]."""
    num_tags: int = 5
    """G, words for attributes."""
    num_senses: int = 1
    """Attributes that a word may be about, each user meaning one of them; 1: all mean the same."""
    shared_sense: bool = False
    """Whether a user means the same sense of all words, as in the published implementation, instead
    of one of each."""
    tag_thresholds: tuple[float, ...] = (0.5,)
    """How much of the attribute a word may take to apply; each user holds one of these for each
    word. More than one: subjective degree."""
    tag_noise: float = 0.01
    """Standard deviation of the threshold from application to application."""
    item_spread: float = 0.5
    """Standard deviation of items around their topic."""
    interest_spread: float = 0.5
    """Standard deviation of users' interests around their topic."""
    lowest_peak: float = 0.5
    """The peaks of tastes are uniform between this and 1."""
    rating_power: float = 1.35
    """Exponent of the Zipf law of the number of ratings of a user."""
    max_ratings: int = 0
    """R, cap of the number of ratings of a user; 0: 100, or the number of items if that is less."""
    rating_noise: float = 0.02
    """Standard deviation of a rating before it is scaled to 1..5."""
    round_ratings: bool = True
    """Whether ratings are whole stars."""
    tagger_share: float = 0.2
    """Share of the users who ever tag."""
    lowest_tag_rate: float = 0.1
    """Lowest probability with which a tagger tags an item that they rated."""
    highest_tag_rate: float = 0.5
    """Highest such probability."""
    topic_seed: int = 0
    """Seed of the topics' means, which are the same for all seeds of a run."""

    def __post_init__(self) -> None:
        where = "soft_attributes"
        check.flags(where, self)
        for name in ("num_users", "num_docs", "num_topics", "num_attributes", "num_tags"):
            check.whole(where, name, getattr(self, name), 1)
        check.whole(where, "num_senses", self.num_senses, 1)
        check.whole(where, "max_ratings", self.max_ratings, 0, self.num_docs)
        check.whole(where, "topic_seed", self.topic_seed, 0, 2**63 - 1)
        if self.num_tags * self.num_senses > self.num_attributes:
            raise ConfigError(
                f"{where}: num_tags times num_senses must be at most num_attributes, "
                f"{self.num_attributes}, got {self.num_tags} times {self.num_senses}"
            )
        if not isinstance(self.tag_thresholds, tuple | list) or not self.tag_thresholds:
            raise ConfigError(
                f"{where}: tag_thresholds must hold at least one number, such as (0.5,), got "
                f"{self.tag_thresholds!r}"
            )
        for threshold in self.tag_thresholds:
            check.real(where, "tag_thresholds", threshold, 0.0, 1.0)
        check.real(where, "rating_power", self.rating_power, 1.0 + 1e-3, 100.0)
        for name in ("tag_noise", "item_spread", "interest_spread", "rating_noise"):
            check.real(where, name, getattr(self, name), 1e-6, 1e3)
        for name in ("lowest_peak", "tagger_share", "lowest_tag_rate", "highest_tag_rate"):
            check.real(where, name, getattr(self, name), 0.0, 1.0)
        if self.lowest_peak >= 1.0 or self.lowest_tag_rate >= self.highest_tag_rate:
            raise ConfigError(
                f"{where}: lowest_peak must be below 1 and lowest_tag_rate below highest_tag_rate, "
                f"got {self.lowest_peak}, {self.lowest_tag_rate} and {self.highest_tag_rate}"
            )

    @property
    def ratings_cap(self) -> int:
        """R, with the default resolved."""
        return self.max_ratings or min(_MAX_RATINGS, self.num_docs)


def topic_means(num_topics: int, num_attributes: int, seed: int = 0) -> np.ndarray:
    """Draws the topics' means: uniform in [0, 1].

    Args:
      num_topics: K.
      num_attributes: A.
      seed: of the draw.

    Returns:
      `[K, A]` float32.
    """
    key = noise.Key(noise.seed_words(seed)).fold("topic means")
    return np.asarray(standard_noise.uniform(key, (num_topics, num_attributes)))


def story(config: Config) -> Sequence[Variable]:
    """Makes the story's variables: one step.

    Args:
      config: its settings.

    Returns:
      The variables of `static_recs_story`.
    """
    settings = dataclasses.asdict(config)
    settings["slate_size"], settings["max_ratings"] = config.num_docs, config.ratings_cap
    settings["topic_means"] = topic_means(
        config.num_topics, config.num_attributes, config.topic_seed
    )
    return static_recs_story(settings, ConceptActivationVectorUser, SoftAttributeCorpus)


def ratings_of(trajectory: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The ratings of a run as a table: (user, item, rating), each `[number of ratings]`.

    Args:
      trajectory: with "user response".
    """
    response = trajectory["user response"]
    is_rated = np.asarray(response.get("is_rated"))[0]
    user, place = np.nonzero(is_rated)
    item = np.asarray(response.get("choice"))[0][user, place]
    return user, item, np.asarray(response.get("rating"))[0][user, place]


def _per_step(compute: Callable[[Any], float]) -> Callable[[Any], np.ndarray]:
    def at_every_step(trajectory: Any) -> np.ndarray:
        steps = np.asarray(trajectory["user response"].get("is_rated")).shape[0]
        return np.full(steps, compute(trajectory))

    return at_every_step


def _mean_rating(trajectory: Any) -> float:
    return float(ratings_of(trajectory)[2].mean())


def _rating_sd(trajectory: Any) -> float:
    return float(ratings_of(trajectory)[2].std())


def _ratings_per_user(trajectory: Any) -> float:
    return float(np.asarray(trajectory["user response"].get("is_rated"))[0].sum(axis=1).mean())


def _popularity_gini(trajectory: Any) -> float:
    num_docs = np.asarray(trajectory["available docs"].get("doc_id")).shape[-1]
    return float(gini(np.bincount(ratings_of(trajectory)[1], minlength=num_docs)))


def _tagged_share(trajectory: Any) -> float:
    tags = np.asarray(trajectory["user response"].get("tags"))[0].any(axis=-1)
    return float(tags.sum() / np.asarray(trajectory["user response"].get("is_rated"))[0].sum())


_RATINGS = ("user response.is_rated", "user response.choice", "user response.rating")

STUDY = Study(
    metrics=(
        HeadlineMetric("mean_rating", "mean rating, stars", _RATINGS, _per_step(_mean_rating)),
        HeadlineMetric(
            "rating_sd", "standard deviation of ratings", _RATINGS, _per_step(_rating_sd)
        ),
        HeadlineMetric(
            "ratings_per_user",
            "mean number of ratings of a user",
            ("user response.is_rated",),
            _per_step(_ratings_per_user),
        ),
        HeadlineMetric(
            "popularity_gini",
            "Gini coefficient of the items' ratings",
            (*_RATINGS, "available docs.doc_id"),
            _per_step(_popularity_gini),
        ),
        HeadlineMetric(
            "tagged_share",
            "share of ratings with a tag",
            ("user response.is_rated", "user response.tags"),
            _per_step(_tagged_share),
        ),
    ),
    num_steps=1,
    num_seeds=10,
)
