"""Film ratings: how real people came to rate the films that they rated, to be fitted.

Who rated which film is given; how is drawn. Nothing moves: every variable is static, and a
trajectory of one step is a whole log.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable, value
from recsim_ng.datasets import Ratings, estimate_taste

_LEAST_SD = 0.03  # stars: where moments find no spread at all


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the ratings story."""

    num_factors: int = 0
    """F, dimensions of taste beside the genres; 0: none."""
    star_scale_spread: float = 0.25
    """By how much people differ in their use of the stars: standard deviation of its logarithm. Not
    inferred, as scale and taste are a product: mean-field fits let it grow without bound."""

    def __post_init__(self) -> None:
        where = "film_ratings"
        check.whole(where, "num_factors", self.num_factors, 0)
        check.real(where, "star_scale_spread", self.star_scale_spread, 1e-3, 1.0)


def story(config: Config, ratings: Ratings) -> Sequence[Variable]:
    """Makes the story's variables.

    The model, in stars, of U people, D films, K genres and R ratings; film d has genres g[d] in
    {0, 1}^K and popularity p[d], the logarithm of 1 + its number of ratings, less the mean of that:

        quality[d]    ~ N(pull p[d] + appeal . g[d], quality_sd)
        affinity[u]   ~ N(0, affinity_sd)                               one deviation for each genre
        offset[u]     ~ N(0, offset_sd)
        star_scale[u] ~ LogNormal(0, star_scale_spread)
        noise[u]      ~ LogNormal(log usual_noise, noise_spread)
        rating[r]     ~ N(usual_rating + offset[u] + star_scale[u] (quality[d] + affinity[u] . g[d]
                          + factors[u] . factors[d]), noise[u])         u = user[r], d = item[r]

    F factors, if there are any, are N(0, 1) for people and N(0, factor_sd) for films. "population"
    draws all that has no index, out of wide priors.

    Args:
      config: its settings.
      ratings: who rated which film, and the films' genres; how they rated is not read.

    Returns:
      The variables "population", "people", "films", "ratings".
    """
    return _FilmRatings(config, ratings).variables()


def moments(ratings: Ratings, num_factors: int = 0) -> Value:
    """Estimates what "population" draws, by moments: what a fit by map has to know.

    Standard deviations have no useful mode together with what they are the deviations of: the
    density grows without bound as both go to 0. So a fit by map is told them. They come from
    `estimate_taste`; pull and appeal from a regression of the films' mean ratings; the noise from
    the residuals of each person, of whose squared log deviation 1 / (2 n) is chance.

    Args:
      ratings: who rated which film, and how.
      num_factors: F; their deviation is that of an affinity to a genre.

    Returns:
      The fields of "population".

    Raises:
      DataError: (also a ValueError) there are too few ratings to tell the variances apart.
    """
    taste = estimate_taste(ratings)
    popularity = _popularity(ratings)
    x = np.column_stack([np.ones(len(popularity)), popularity, taste.genres])
    usual, pull, *appeal = np.linalg.lstsq(x, taste.item_mean, rcond=None)[0]
    left = ratings.rating - taste.item_mean[ratings.item] - taste.user_offset[ratings.user]
    left -= np.sum(taste.affinity[ratings.user] * taste.genres[ratings.item], axis=1)
    count = ratings.ratings_per_user
    square = np.bincount(ratings.user, left**2, ratings.num_users)
    known = count > 1
    log_noise = 0.5 * np.log(np.maximum(square / np.maximum(count, 1), 1e-6))[known]
    chance = np.mean(0.5 / count[known])
    found = {
        "usual_rating": usual,
        "offset_sd": max(taste.offset_sd, _LEAST_SD),
        "quality_sd": max(taste.item_sd, _LEAST_SD),
        "appeal": appeal,
        "pull": pull,
        "affinity_sd": np.full(len(appeal), max(taste.affinity_sd, _LEAST_SD)),
        "usual_noise": np.exp(log_noise.mean()),
        "noise_spread": max(log_noise.var() - chance, _LEAST_SD**2) ** 0.5,
    }
    if num_factors:
        found["factor_sd"] = np.full(num_factors, max(taste.affinity_sd, _LEAST_SD))
    return Value(**{name: tf.constant(x, tf.float32) for name, x in found.items()})


class _FilmRatings:
    def __init__(self, config: Config, ratings: Ratings) -> None:
        self._num_factors = config.num_factors
        self._star_scale_spread = config.star_scale_spread
        self._num_users, self._num_items = ratings.num_users, ratings.num_items
        self._genres = ratings.genres.astype(np.float32)
        self._popularity = _popularity(ratings)
        self._pair = ratings.user.astype(np.int32) * ratings.num_items + ratings.item

    def variables(self) -> Sequence[Variable]:
        users, items = (self._num_users,), (self._num_items,)
        genres = (self._genres.shape[1],)
        factors = {"factor_sd": _positive((self._num_factors,), "factor")}
        population = Variable(
            "population",
            ValueSpec(
                usual_rating=_real(()),
                offset_sd=_positive(()),
                quality_sd=_positive(()),
                appeal=_real(genres, "genre"),
                pull=_real(()),
                affinity_sd=_positive(genres, "genre"),
                usual_noise=_positive(()),
                noise_spread=_positive(()),
                **self._if_any(factors),
            ),
        )
        factors = {"factors": _real((*users, self._num_factors), "user", "factor")}
        people = Variable(
            "people",
            ValueSpec(
                offset=_real(users, "user"),
                affinity=_real((*users, *genres), "user", "genre"),
                star_scale=_positive(users, "user"),
                noise=_positive(users, "user"),
                **self._if_any(factors),
            ),
        )
        factors = {"factors": _real((*items, self._num_factors), "doc", "factor")}
        films = Variable("films", ValueSpec(quality=_real(items, "doc"), **self._if_any(factors)))
        ratings = Variable("ratings", ValueSpec(rating=_real(self._pair.shape, "rating")))
        population.initial_value = value(self.population)
        people.initial_value = value(self.people, (population,))
        films.initial_value = value(self.films, (population,))
        ratings.initial_value = value(self.ratings, (population, people, films))
        return [population, people, films, ratings]

    def population(self) -> Value:
        genres = self._genres.shape[1]
        drawn = {
            "usual_rating": ed.Normal(3.0, 1.0, name="usual_rating"),
            "offset_sd": _scale(0.4, "offset_sd"),
            "quality_sd": _scale(0.4, "quality_sd"),
            "appeal": ed.Normal(tf.zeros(genres), 0.3, name="appeal"),
            "pull": ed.Normal(0.0, 0.5, name="pull"),
            "affinity_sd": _scale(tf.fill([genres], 0.2), "affinity_sd"),
            "usual_noise": _scale(0.9, "usual_noise"),
            "noise_spread": _scale(0.2, "noise_spread"),
        }
        if self._num_factors:
            drawn["factor_sd"] = _scale(tf.fill([self._num_factors], 0.2), "factor_sd")
        return Value(**drawn)

    def people(self, population: Value) -> Value:
        one, users = tf.ones(self._num_users), self._num_users
        noise = tf.math.log(population.get("usual_noise"))
        drawn = {
            "offset": ed.Normal(0.0, population.get("offset_sd") * one, name="offset"),
            "affinity": ed.Normal(
                0.0, one[:, None] * population.get("affinity_sd"), name="affinity"
            ),
            "star_scale": ed.LogNormal(0.0, self._star_scale_spread * one, name="star_scale"),
            "noise": ed.LogNormal(noise * one, population.get("noise_spread"), name="noise"),
        }
        if self._num_factors:
            drawn["factors"] = ed.Normal(tf.zeros([users, self._num_factors]), 1.0, name="factors")
        return Value(**drawn)

    def films(self, population: Value) -> Value:
        expected = population.get("pull") * self._popularity + tf.linalg.matvec(
            self._genres, population.get("appeal")
        )
        drawn = {"quality": ed.Normal(expected, population.get("quality_sd"), name="quality")}
        if self._num_factors:
            one = tf.ones([self._num_items, 1])
            drawn["factors"] = ed.Normal(0.0, one * population.get("factor_sd"), name="factors")
        return Value(**drawn)

    def ratings(self, population: Value, people: Value, films: Value) -> Value:
        # All pairs at once: products of matrices and one gather are faster than gathers of rows.
        liking = films.get("quality") + tf.matmul(
            people.get("affinity"), self._genres, transpose_b=True
        )
        if self._num_factors:
            liking += tf.matmul(people.get("factors"), films.get("factors"), transpose_b=True)
        expected = (
            population.get("usual_rating")
            + people.get("offset")[:, None]
            + people.get("star_scale")[:, None] * liking
        )
        mean = tf.gather(tf.reshape(expected, [-1]), self._pair)
        noise = tf.gather(people.get("noise"), self._pair // self._num_items)
        return Value(rating=ed.Normal(mean, noise, name="rating"))

    def _if_any(self, factors: dict[str, Space]) -> dict[str, Space]:
        return factors if self._num_factors else {}


def _popularity(ratings: Ratings) -> np.ndarray:
    """`[D]` float32: log(1 + number of ratings), about its mean."""
    popularity = np.log1p(ratings.ratings_per_item)
    return (popularity - popularity.mean()).astype(np.float32)


def _scale(median: Any, name: str) -> Any:
    """A standard deviation of which little is known: within a factor of 7 either way, 19 in 20."""
    return ed.LogNormal(tf.math.log(median), 1.0, name=name)


def _real(shape: tuple[int, ...], *dims: str) -> Space:
    return Space.box(-math.inf, math.inf, shape, dims=dims)


def _positive(shape: tuple[int, ...], *dims: str) -> Space:
    return Space.box(0.0, math.inf, shape, dims=dims)
