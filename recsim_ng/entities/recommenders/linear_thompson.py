"""The recommender that learns each person's taste from their ratings, and explores."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import get_chosen
from recsim_ng.entities.recommenders.ranking import RankingRecommender
from recsim_ng.entities.users.genre_taste import genre_shares


class LinearThompsonRecommender(RankingRecommender):
    """A Bayesian linear regression for each person; the slate is the best by a posterior draw.

    Film d has features x_t[u, d] = (g[d], q[d], 1, recent_t[u] . w[d]): its K genres, its quality,
    a constant, and how many films of its genres u chose lately (g, w and recent as in
    `GenreTasteUser`, but counted here from what was chosen). So F = K + 3, and of person u

        weights[u]             ~ N(mean_0, root_0 root_0')
        rating of film d by u  ~ N(weights[u] . x_t[u, d], rating_noise)

    The posterior N(mean_t, root_t root_t') follows exactly from the ratings seen so far; its square
    root is updated by Potter's rule, for which no matrix is inverted. With x and y the features and
    rating of the film chosen at step t, and S = root_t,

        f = S' x,  v = f.f + rating_noise^2
        mean_{t+1} = mean_t + S f (y - mean_t . x) / v
        root_{t+1} = S - S f f' / (v + rating_noise sqrt(v))

    Thompson sampling: weights are drawn as mean_t + exploration root_t z, z ~ N(0, I), and the
    films of highest weights . x_t are shown. Drift of taste is not modelled.

    Args:
      config: as for `RankingRecommender`, and rating_noise (stars), boredom_decay, exploration (0:
        greedy), prior_affinity_sd, prior_offset_sd, prior_quality_sd, prior_boredom_sd (stars).
      usual_rating: prior mean of the constant, stars; those of the genres and of boredom are 0 and
        that of quality 1.
      name: of the entity.

    Source: Thompson, Biometrika 25, 1933; Agrawal and Goyal, Thompson sampling for contextual
      bandits with linear payoffs, ICML 2013; Bierman, Factorization Methods for Discrete Sequential
      Estimation, 1977, chapter II.
    """

    def __init__(
        self, config: Any, usual_rating: float, name: str = "LinearThompsonRecommender"
    ) -> None:
        super().__init__(config, name)
        genres = self._num_topics
        self._num_features = genres + 3
        self._prior_mean = np.array([*[0.0] * genres, 1.0, usual_rating, 0.0], np.float32)
        self._prior_sd = np.array(
            [
                *[config["prior_affinity_sd"]] * genres,
                config["prior_quality_sd"],
                config["prior_offset_sd"],
                config["prior_boredom_sd"],
            ],
            np.float32,
        )
        self._rating_noise = config["rating_noise"]
        self._boredom_decay = config["boredom_decay"]
        self._exploration = config["exploration"]

    def initial_state(self) -> Value:
        """Returns the prior: mean `[U, F]`, root `[U, F, F]`, recent_genres `[U, K]`, is_seen."""
        users = self._num_users
        return (
            super()
            .initial_state()
            .union(
                Value(
                    mean=tf.tile(self._prior_mean[None], [users, 1]),
                    root=tf.tile(np.diag(self._prior_sd)[None], [users, 1, 1]),
                    recent_genres=tf.zeros([users, self._num_topics]),
                )
            )
        )

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the posterior after the ratings of this step.

        Args:
          previous_state: mean `[U, F]`, root `[U, F, F]`, recent_genres `[U, K]`, is_seen `[U, D]`.
          user_response: choice `[U]`, is_chosen `[U]`, rating `[U]`.
          slate_docs: doc_ranks `[U, S]`, doc_genres `[U, S, K]`, doc_quality `[U, S]`.
        """
        mean, root = previous_state.get("mean"), previous_state.get("root")
        recent = previous_state.get("recent_genres")
        film = get_chosen(
            slate_docs.at("doc_genres", "doc_quality"),
            user_response.get("choice"),
            nochoice_value=0,
        )
        genres = film.get("doc_genres")
        boredom = tf.reduce_sum(recent * genre_shares(genres), axis=-1)
        quality = film.get("doc_quality")
        rest = tf.stack([quality, tf.ones_like(quality), boredom], axis=-1)
        chosen = tf.cast(user_response.get("is_chosen"), tf.float32)
        x = chosen[:, None] * tf.concat([genres, rest], axis=-1)  # all 0: nothing is learnt
        surprise = user_response.get("rating") - tf.reduce_sum(mean * x, axis=-1)
        f = tf.reduce_sum(root * x[:, :, None], axis=1)
        v = tf.reduce_sum(f * f, axis=-1) + self._rating_noise**2
        along = tf.reduce_sum(root * f[:, None, :], axis=-1)  # S f, the direction of the gain
        step = (along / (v + self._rating_noise * tf.sqrt(v))[:, None])[:, :, None] * f[:, None, :]
        return (
            super()
            .next_state(previous_state, user_response, slate_docs)
            .union(
                Value(
                    mean=mean + along * (surprise / v)[:, None],
                    root=root - step,
                    recent_genres=self._boredom_decay * recent + genres,
                )
            )
        )

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> tuple[Any, Value]:
        """Returns `[U, D]` ratings by drawn weights, and z `[U, F]` as the field exploration.

        Args:
          recommender_state: mean `[U, F]`, root `[U, F, F]`, recent_genres `[U, K]`.
          user_observation: not read: taste is not known here.
          available_docs: doc_genres `[D, K]`, doc_quality `[D]`.
        """
        del user_observation
        genres, quality = available_docs.get("doc_genres"), available_docs.get("doc_quality")
        mean = recommender_state.get("mean")
        drawn = ed.Normal(loc=tf.zeros_like(mean), scale=1.0, name="exploration")
        noise = tf.convert_to_tensor(drawn)
        spread = tf.reduce_sum(recommender_state.get("root") * noise[:, None, :], axis=-1)
        weights = mean + self._exploration * spread
        k = self._num_topics
        liking = tf.matmul(weights[:, :k], genres, transpose_b=True)
        boredom = tf.matmul(
            weights[:, k + 2, None] * recommender_state.get("recent_genres"),
            genre_shares(genres),
            transpose_b=True,
        )
        rating = liking + weights[:, k, None] * quality + weights[:, k + 1, None] + boredom
        return rating, Value(exploration=drawn)

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        users, features = self._num_users, self._num_features

        def floats(shape: tuple[int, ...], *dims: str) -> Space:
            return Space.box(-np.inf, np.inf, shape, dims=dims)

        return (
            super()
            .specs()
            .union(
                ValueSpec(
                    state=ValueSpec(
                        mean=floats((users, features), "user", "feature"),
                        root=floats((users, features, features), "user", "feature", "root"),
                        recent_genres=floats((users, self._num_topics), "user", "genre"),
                    ),
                    slate=ValueSpec(exploration=floats((users, features), "user", "feature")),
                )
            )
        )
