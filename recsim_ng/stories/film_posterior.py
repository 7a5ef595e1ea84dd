"""A fit of film ratings as people and films to simulate: its posterior is the prior there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.errors import DataError
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.lazy import arviz
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable, value
from recsim_ng.datasets import Ratings, Taste
from recsim_ng.entities.users import GenreTasteUser

_NEEDED = (
    "population.usual_rating",
    "people.affinity",
    "people.offset",
    "people.star_scale",
    "people.noise",
    "films.quality",
)


class FilmPosterior:
    """N draws from the posterior of the story `film_ratings`, with genres alone (num_factors 0).

    Quality is put about the usual film, as the story of films has it. With m the mean quality of
    the films in a draw and s a person's use of the stars, the same ratings are expected of

        quality' = quality - m,    usual' = usual + m,    offset' = offset + (s - 1) m

    Args:
      posterior: the fit's posterior, an xarray Dataset whose variables "people.affinity" and so on
        have axes chain and draw first. What was known to the fit and is not in it, as the
        population of a fit by map, comes from `known`.
      ratings: that were fitted.
      known: name -> what was known to the fit.

    Raises:
      DataError: (also a ValueError) something is missing, is of another shape, or is not finite;
        or there are factors, which films do not show.
    """

    def __init__(
        self, posterior: Any, ratings: Ratings, known: dict[str, Any] | None = None
    ) -> None:
        where, known = "FilmPosterior", known or {}
        if "people.factors" in posterior:
            raise DataError(
                f"{where}: a person's taste must be of genres alone, got factors; fit film_ratings "
                "with num_factors=0"
            )
        missing = [name for name in _NEEDED if name not in posterior and name not in known]
        if missing:
            raise DataError(
                f"{where}: a fit of film_ratings must have {', '.join(_NEEDED)}, got none of "
                f"{', '.join(missing)}; pass what the fit was told as `known`"
            )
        self._ratings = ratings
        users, items, genres = ratings.num_users, ratings.num_items, len(ratings.genre_names)
        shapes = ((), (users, genres), (users,), (users,), (users,), (items,))
        drawn = next((posterior[n].shape[:2] for n in _NEEDED if n in posterior), (1, 1))
        self._num_draws = int(np.prod(drawn))
        parts = {}
        for name, shape in zip(_NEEDED, shapes, strict=True):
            at = np.asarray(posterior[name] if name in posterior else known[name], np.float32)
            want = (*drawn, *shape) if name in posterior else shape
            if at.shape != want or not np.isfinite(at).all():
                raise DataError(
                    f"{where}: {name} must be finite, of shape {list(want)}, got "
                    f"{list(at.shape)}{'' if np.isfinite(at).all() else ' with NaN or infinity'}; "
                    "pass the ratings that were fitted"
                )
            parts[name] = np.broadcast_to(at, (*drawn, *shape)).reshape(self._num_draws, *shape)
        usual, affinity, offset, scale, noise, quality = (parts[name] for name in _NEEDED)
        mean = quality.mean(axis=1)
        self._usual = usual + mean
        self._tables = {
            "affinity": affinity,
            "level": self._usual[:, None] + offset + (scale - 1) * mean[:, None],
            "star_scale": scale,
            "noise": noise,
            "quality": quality - mean[:, None],
        }

    @classmethod
    def load(cls, path: str | os.PathLike[str], ratings: Ratings) -> FilmPosterior:
        """Reads a fit's InferenceData, as `fit(...).data.to_netcdf(path)` has written it.

        Args:
          path: the file.
          ratings: that were fitted.

        Returns:
          The posterior of these ratings.

        Raises:
          DataError: (also a ValueError) there is no such file, or it is none of a fit of these
            ratings.
        """
        if not os.path.isfile(path):
            raise DataError(
                f"{path}: must be a file with a fit, there is none; write one with "
                "fit(...).data.to_netcdf(PATH)"
            )
        try:
            data = arviz().from_netcdf(path)
        except (OSError, ValueError) as error:
            raise DataError(f"{path}: must be a file with a fit, got {error}") from error
        known = {str(name): x.values[0] for name, x in getattr(data, "observed_data", {}).items()}
        return cls(getattr(data, "posterior", {}), ratings, known)

    @property
    def num_draws(self) -> int:
        """N."""
        return self._num_draws

    @property
    def usual_rating(self) -> float:
        """What the usual person gives the usual film, stars; the mean over the draws."""
        return float(self._usual.mean())

    def taste(self, draw: int | None = None) -> Taste:
        """Returns people's tastes and films' quality, as `estimate_taste` does.

        Args:
          draw: 0, ..., N - 1; None: the mean over the draws.
        """
        ratings = self._ratings
        pick = {k: x.mean(axis=0) if draw is None else x[draw] for k, x in self._tables.items()}
        usual = self.usual_rating if draw is None else float(self._usual[draw])
        spread = {name: float(np.std(x)) for name, x in pick.items()}
        return Taste(
            item_mean=pick["quality"] + np.float32(usual),
            usual_item_mean=usual,
            popularity=ratings.ratings_per_item,
            user_offset=pick["level"] - np.float32(usual),
            affinity=pick["affinity"],
            genres=ratings.genres.astype(np.float32),
            item_sd=spread["quality"],
            offset_sd=spread["level"],
            affinity_sd=spread["affinity"],
            residual_sd=float(np.mean(pick["noise"])),
        )

    def variable(self, num_users: int) -> Variable:
        """Returns the static variable "posterior": one of the N draws, each as likely.

        Args:
          num_users: U, people of it, the first in the file.
        """
        tables = {
            name: tf.constant(x if name == "quality" else x[:, :num_users])
            for name, x in self._tables.items()
        }
        dims = {"affinity": ("user", "genre"), "quality": ("doc",)}
        spec = {
            name: Space.box(-np.inf, np.inf, tuple(x.shape[1:]), dims=dims.get(name, ("user",)))
            for name, x in tables.items()
        }

        def pick() -> Value:
            draw = ed.Categorical(logits=tf.zeros(self._num_draws), name="draw")
            at = tf.convert_to_tensor(draw)
            return Value(draw=draw, **{name: tf.gather(x, at) for name, x in tables.items()})

        made = Variable(
            "posterior",
            ValueSpec(draw=Space.box(0, self._num_draws - 1, (), np.int32), **spec),
        )
        made.initial_value = value(pick)
        return made


def with_posterior(
    variables: Sequence[Variable],
    posterior: Variable,
    user_of: Callable[[Value], GenreTasteUser],
) -> Sequence[Variable]:
    """Lets a story of films draw who people are and how good films are: one draw for each seed.

    Args:
      variables: of the story, from `recs_story`; they are changed.
      posterior: of `FilmPosterior`.
      user_of: makes the people of a draw.

    Returns:
      The variables and the posterior.
    """
    named = {variable.name: variable for variable in variables}
    docs, state, slate = named["available docs"], named["user state"], named["slate docs"]
    assert docs.value is not None  # as `recs_story` makes it
    listed = docs.value.fn

    def with_quality(drawn: Value, corpus_state: Value) -> Value:
        films = listed(corpus_state).as_dict
        return Value(**{**films, "doc_quality": drawn.get("quality")})

    docs.value = value(with_quality, (posterior, named["corpus state"]))
    state.initial_value = value(lambda drawn: user_of(drawn).initial_state(), (posterior,))
    named["user response"].value = value(
        lambda drawn, state, slate: user_of(drawn).next_response(state, slate),
        (posterior, state, slate),
    )
    return [posterior, *variables]
