"""People who like films for their quality and genres, drift towards what they watch, and tire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check, require
from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import MultinomialLogitChoiceModel, get_chosen
from recsim_ng.entities.recommendation import User


class GenreTasteUser(User):
    """A person with an affinity to each genre, who chooses from slates and rates what they chose.

    The model, in stars. Person u meets the slate at step t; film d has genres g[d] in {0, 1}^K,
    their shares w[d] = g[d] / max(1, number of its genres), and quality q[d], by how much it is
    liked better than the usual film. c is the film chosen at step t, if one is.

        enjoyment_t[u, d] = q[d] + affinity_t[u] . g[d] - boredom_penalty recent_t[u] . w[d]
        choice_t[u]       ~ multinomial logit of enjoyment_t[u, slate], no choice: nochoice_logit
        rating_t[u]       ~ N(usual_rating + offset[u] + star_scale[u] enjoyment_t[u, c],
                              rating_noise)

        affinity_0[u]     = affinity[u]
        recent_0[u]       = 0
        affinity_{t+1}[u] = affinity_t[u] + drift_rate (w[c] - affinity_t[u])     if one is chosen
        recent_{t+1}[u]   = boredom_decay recent_t[u] + g[c]                  (g[c] = 0 if none is)

    Drift is a weighted mean of taste and diet: who watches nothing but one kind of film ends with
    an affinity of one star to it. Of n films of a lone genre watched in a row, recent is
    (1 - boredom_decay^n) / (1 - boredom_decay).

    Args:
      config: num_users (U), num_topics (K genres), slate_size (S), nochoice_logit, rating_noise
        (stars, not negative), drift_rate (within [0, 1]), boredom_penalty (stars), boredom_decay
        (within [0, 1]). All but the sizes may be variables, which can be trained.
      affinity: `[U, K]` float32 affinities at first, stars.
      offset: by how many stars a person rates above others, what broadcasts to `[U]`.
      usual_rating: what the usual person gives the usual film, stars.
      star_scale: how many stars a person makes of one of enjoyment, what broadcasts to `[U]`.
      observe_taste: whether the observation shows affinity and boredom; else it is the person's
        number alone.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a number is out of range or of the wrong shape.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        affinity: Any,
        offset: Any,
        usual_rating: float,
        *,
        star_scale: Any = 1.0,
        observe_taste: bool = False,
        name: str = "GenreTasteUser",
    ) -> None:
        super().__init__(config, name)
        settings, users = self._settings, (self._num_users,)
        taste = (*users, self._num_topics)
        self._slate_size = settings.whole("slate_size", 1)
        require.numbers(name, "affinity", affinity, shape=taste, exact=True)
        require.numbers(name, "offset", offset, shape=users)
        require.numbers(name, "usual_rating", usual_rating, shape=users)
        require.numbers(name, "star_scale", star_scale, 0.0, shape=users)
        check.flag(name, "observe_taste", observe_taste)
        self._affinity = tf.convert_to_tensor(affinity, tf.float32)
        self._usual = tf.convert_to_tensor(offset, tf.float32) + usual_rating
        self._star_scale = star_scale
        self._observe_taste = observe_taste
        self._rating_noise = settings.numbers("rating_noise", 0.0, shape=users)
        self._drift_rate = settings.numbers("drift_rate", 0.0, 1.0, shape=taste)
        penalised = (self._num_users, 1, self._num_topics)
        self._boredom_penalty = settings.numbers("boredom_penalty", shape=penalised)
        self._boredom_decay = settings.numbers("boredom_decay", 0.0, 1.0, shape=taste)
        nochoice = require.logits(
            name, "nochoice_logit", settings.get("nochoice_logit"), shape=users
        )
        self._choice_model = MultinomialLogitChoiceModel(users, nochoice)

    def initial_state(self) -> Value:
        """Returns x_0: taste as given, nothing watched."""
        return Value(affinity=self._affinity, recent_genres=tf.zeros_like(self._affinity))

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns taste and boredom after what was chosen.

        Args:
          previous_state: affinity and recent_genres, both `[U, K]`.
          user_response: choice `[U]` and is_chosen `[U]`.
          slate_docs: doc_genres `[U, S, K]`.
        """
        affinity, recent = previous_state.get("affinity"), previous_state.get("recent_genres")
        genres = get_chosen(
            slate_docs.at("doc_genres"), user_response.get("choice"), nochoice_value=0
        ).get("doc_genres")
        chosen = tf.cast(user_response.get("is_chosen"), tf.float32)[:, None]
        drift = self._drift_rate * chosen * (genre_shares(genres) - affinity)
        return Value(affinity=affinity + drift, recent_genres=self._boredom_decay * recent + genres)

    def observation(self, user_state: Value) -> Value:
        """Returns who it is and, if that is shown, their taste.

        Args:
          user_state: affinity and recent_genres, both `[U, K]`.
        """
        seen = user_state.map(tf.identity) if self._observe_taste else Value()
        return seen.union(Value(user_id=tf.range(self._num_users)))

    def enjoyment(self, user_state: Value, slate_docs: Value) -> Any:
        """Returns `[U, S]` float32 expected enjoyment of each film on the slate, in stars.

        Args:
          user_state: affinity and recent_genres, both `[U, K]`.
          slate_docs: doc_genres `[U, S, K]` and doc_quality `[U, S]`.
        """
        genres = slate_docs.get("doc_genres")
        liking = genres * user_state.get("affinity")[:, None, :]
        boredom = genre_shares(genres) * user_state.get("recent_genres")[:, None, :]
        return slate_docs.get("doc_quality") + tf.reduce_sum(
            liking - self._boredom_penalty * boredom, axis=-1
        )

    def next_response(self, user_state: Value, slate_docs: Value) -> Value:
        """Returns what each person chooses, and how they rate it.

        Args:
          user_state: affinity and recent_genres, both `[U, K]`.
          slate_docs: doc_genres `[U, S, K]` and doc_quality `[U, S]`.

        Returns:
          choice `[U]` int32 position on the slate, S for no choice; is_chosen `[U]` bool; enjoyment
          `[U]` float32 what was expected of the chosen film, 0 if there is none; rating `[U]`
          float32. Where nothing is chosen, the rating is one of the usual film and nobody sees it.
        """
        enjoyment = self.enjoyment(user_state, slate_docs)
        choice = self._choice_model.choice(enjoyment).get("choice")
        expected = get_chosen(Value(enjoyment=enjoyment), choice, nochoice_value=0).get("enjoyment")
        return Value(
            choice=choice,
            is_chosen=tf.convert_to_tensor(choice) < self._slate_size,
            enjoyment=expected,
            rating=ed.Normal(
                loc=self._usual + self._star_scale * expected,
                scale=self._rating_noise,
                name="rating",
            ),
        )

    def specs(self) -> ValueSpec:
        """Returns the specs of state, observation and response."""
        users, genres = self._num_users, self._num_topics
        taste = {
            "affinity": _floats((users, genres), ("user", "genre")),
            "recent_genres": _floats((users, genres), ("user", "genre"), low=0),
        }
        who = Space.box(0, users - 1, (users,), np.int32, dims=("user",))
        return ValueSpec(
            state=ValueSpec(**taste),
            observation=ValueSpec(user_id=who, **(taste if self._observe_taste else {})),
            response=ValueSpec(
                choice=Space.box(0, self._slate_size, (users,), np.int32, dims=("user",)),
                is_chosen=Space.box(0, 1, (users,), np.bool_, dims=("user",)),
                enjoyment=_floats((users,), ("user",)),
                rating=_floats((users,), ("user",)),
            ),
        )


def genre_shares(genres: Any) -> Any:
    """Returns `[..., K]` float32 shares: each of a film's genres counts equally, one in all.

    Args:
      genres: `[..., K]` float32, 1 where a film has a genre; a film without any has no shares.
    """
    return genres / tf.maximum(tf.reduce_sum(genres, axis=-1, keepdims=True), 1.0)


def _floats(shape: tuple[int, ...], dims: tuple[str, ...], low: float = -np.inf) -> Space:
    return Space.box(low, np.inf, shape, dims=dims)
