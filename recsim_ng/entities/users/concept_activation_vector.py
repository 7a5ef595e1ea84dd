"""Users who rate items by their attributes, and tag them in words that mean something to each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core import check
from recsim_ng.core.edward2 import ed
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import (
    IteratedMultinomialLogitChoiceModel,
    TargetPointSimilarity,
    get_chosen,
)
from recsim_ng.entities.corpora.soft_attribute import checked_topic_means
from recsim_ng.entities.recommendation import User

tfd = tfp.distributions
_USUAL_RATING = 3.0
_SHARES = ("lowest_peak", "tagger_share", "lowest_tag_rate", "highest_tag_rate")


class ConceptActivationVectorUser(User):
    """Users with single-peaked tastes, who rate some items and tag some of those.

    Of user u, with items v[d] in [0, 1]^A and their popularity b[d]:

        interest[u]      = clip(N(topic_means[topic], interest_spread), 0, 1), topic uniform
        peaks[u]         ~ Uniform(lowest_peak, 1) for each attribute
        affinity[u, d]   = sum_a (p_a - |interest_a v[d]_a - p_a|)
        number of ratings = min(Zipf(rating_power), R)
        rated items       the first of R picks by an iterated logit on affinity + b, none twice
        rating            affinity + N(0, rating_noise), rescaled linearly so that the user's
                          lowest is 1 and highest is 5 (3 where all are equal), rounded if
                          round_ratings

    Of the G tags each has `num_senses` senses, and tag g in sense s is about attribute
    g num_senses + s; further attributes have no tag.

        is_tagger[u]     ~ Bernoulli(tagger_share)
        tag_rate[u]      ~ Uniform(lowest_tag_rate, highest_tag_rate)
        sense[u, g]      ~ uniform Categorical, one for each tag (with shared_sense: for all)
        degree[u, g]     ~ uniform among tag_thresholds: how much of it the word takes to apply
        is_tagged        ~ Bernoulli(is_tagger tag_rate) for each rated item
        tags             where is_tagged and the attribute exceeds degree + N(0, tag_noise)

    Args:
      config: num_users (U), num_topics (K), num_docs (D), topic_means `[K, A]`, interest_spread,
        lowest_peak, rating_power (above 1), max_ratings (R), rating_noise, round_ratings, num_tags
        (G), num_senses, shared_sense, tagger_share, lowest_tag_rate, highest_tag_rate,
        tag_thresholds (a sequence), tag_noise. Peaks, shares and rates are within [0, 1], spreads
        and noises not negative.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is missing or out of range, or there are more tags
        and senses than attributes, or more ratings than items.

    Source: Göpfert et al. (2022), arXiv 2202.02830, appendix on synthetic data.
    """

    def __init__(
        self, config: Mapping[str, Any], name: str = "ConceptActivationVectorUser"
    ) -> None:
        super().__init__(config, name)
        self._topic_means = checked_topic_means(name, config)
        self._num_attributes = self._topic_means.shape[1]
        settings = self._settings
        self._num_docs = settings.whole("num_docs", 1)
        self._max_ratings = settings.whole("max_ratings", 1)
        self._num_tags = settings.whole("num_tags", 0)
        self._num_senses = settings.whole("num_senses", 1)
        thresholds = settings.numbers("tag_thresholds", shape=(None,), exact=True)
        self._thresholds = tf.cast(thresholds, tf.float32)
        rated = (self._num_users, self._max_ratings)
        self._read: dict[str, Any] = {x: settings.real(x, 0.0, 1.0) for x in _SHARES}
        for scale, shape in (
            ("interest_spread", (self._num_users, self._num_attributes)),
            ("rating_noise", rated),
            ("tag_noise", (*rated, self._num_tags)),
        ):
            self._read[scale] = settings.numbers(scale, 0.0, shape=shape)
        self._read["rating_power"] = settings.real("rating_power", 1.0 + 1e-6, 1e3)
        self._round_ratings = settings.flag("round_ratings")
        self._num_sensed = 1 if settings.flag("shared_sense") else self._num_tags
        lowest, highest = self._read["lowest_tag_rate"], self._read["highest_tag_rate"]
        check.real(name, "highest_tag_rate, from lowest_tag_rate on,", highest, lowest, 1.0)
        if self._num_tags * self._num_senses > self._num_attributes:
            raise ConfigError(
                f"{name}: num_tags times num_senses must be at most the {self._num_attributes} "
                f"attributes, got {self._num_tags} times {self._num_senses}"
            )
        if self._max_ratings > self._num_docs:
            raise ConfigError(
                f"{name}: max_ratings must be at most num_docs, {self._num_docs}, "
                f"got {self._max_ratings}"
            )
        self._affinity = TargetPointSimilarity(
            (self._num_users,), self._num_docs, similarity_type="single_peaked"
        )
        self._choice = IteratedMultinomialLogitChoiceModel(
            self._max_ratings, (self._num_users,), nochoice_logits=-np.inf
        )

    def initial_state(self) -> Value:
        """Returns who the users are; see `specs` for the fields."""
        config, users = self._read, self._num_users
        topic = ed.Categorical(logits=tf.zeros([users, self._num_topics]), name="topic")
        draw = ed.Normal(
            loc=tf.gather(self._topic_means, topic), scale=config["interest_spread"], name="draw"
        )
        low = tf.fill([users, self._num_attributes], config["lowest_peak"])
        rate = tf.fill([users], config["lowest_tag_rate"])
        zipf = ed.Zipf(power=tf.fill([users], config["rating_power"]), dtype=tf.int32, name="zipf")
        return Value(
            topic=topic,
            draw=draw,
            interest=tf.clip_by_value(tf.convert_to_tensor(draw), 0.0, 1.0),
            peaks=ed.Uniform(low=low, high=tf.ones_like(low), name="peaks"),
            zipf=zipf,
            num_ratings=tf.clip_by_value(tf.convert_to_tensor(zipf), 1, self._max_ratings),
            is_tagger=ed.Bernoulli(
                probs=tf.fill([users], config["tagger_share"]), name="is_tagger"
            ),
            tag_rate=ed.Uniform(
                low=rate, high=tf.fill([users], config["highest_tag_rate"]), name="tag_rate"
            ),
            sense=ed.Categorical(
                logits=tf.zeros([users, self._num_sensed, self._num_senses]), name="sense"
            ),
            degree=ed.Categorical(
                logits=tf.zeros([users, self._num_tags, self._thresholds.shape[0]]), name="degree"
            ),
        )

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the same users.

        Args:
          previous_state: as `initial_state` made it.
          user_response: not read.
          slate_docs: not read.
        """
        del user_response, slate_docs
        return previous_state

    def observation(self, user_state: Value) -> Value:
        """Returns the users' numbers.

        Args:
          user_state: not read.
        """
        del user_state
        return Value(user_id=tf.range(self._num_users))

    def affinities(self, user_state: Value, docs: Value) -> Any:
        """Returns `[U, D]` float32 affinities.

        Args:
          user_state: interest and peaks, both `[U, A]`.
          docs: doc_features `[D, A]`.
        """
        return self._affinity.affinities(
            user_state.get("interest"),
            docs.get("doc_features"),
            affinity_peaks=user_state.get("peaks"),
        ).get("affinities")

    def next_response(self, user_state: Value, slate_docs: Value) -> Value:
        """Returns the ratings and tags of each user, of up to R items.

        Args:
          user_state: as `initial_state` made it.
          slate_docs: all items: doc_features `[D, A]`, doc_popularity `[D]`.

        Returns:
          choice `[U, R]` int32 items, is_rated `[U, R]` bool, rating_noise `[U, R]`, rating
          `[U, R]` (0 where not rated), is_tagged `[U, R]` int32, tag_noise `[U, R, G]`, tags
          `[U, R, G]` bool.
        """
        affinity = self.affinities(user_state, slate_docs)
        choice = self._choice.choice(affinity + slate_docs.get("doc_popularity")).get("choice")
        items = tf.convert_to_tensor(choice)
        is_rated = tf.range(self._max_ratings) < user_state.get("num_ratings")[:, None]
        noise = ed.Normal(
            loc=tf.zeros_like(items, tf.float32),
            scale=self._read["rating_noise"],
            name="rating_noise",
        )
        score = get_chosen(Value(affinity=affinity), items).get("affinity") + noise
        rating = self._rescaled(score, is_rated)
        rate = user_state.get("tag_rate") * tf.cast(user_state.get("is_tagger"), tf.float32)
        is_tagged = ed.Bernoulli(
            probs=tf.broadcast_to(rate[:, None], tf.shape(items)), name="is_tagged"
        )
        size = [self._num_users, self._max_ratings, self._num_tags]
        tag_noise = ed.Normal(loc=tf.zeros(size), scale=self._read["tag_noise"], name="tag_noise")
        threshold = tf.gather(self._thresholds, user_state.get("degree"))[:, None] + tag_noise
        attribute = self._meant_attributes(user_state, slate_docs.get("doc_features"), items)
        may_tag = is_rated & (tf.convert_to_tensor(is_tagged) == 1)
        return Value(
            choice=choice,
            is_rated=is_rated,
            rating_noise=noise,
            rating=rating,
            is_tagged=is_tagged,
            tag_noise=tag_noise,
            tags=may_tag[..., None] & (attribute > threshold),
        )

    def _rescaled(self, score: Any, is_rated: Any) -> Any:
        low = tf.reduce_min(tf.where(is_rated, score, np.inf), axis=1, keepdims=True)
        high = tf.reduce_max(tf.where(is_rated, score, -np.inf), axis=1, keepdims=True)
        width = tf.where(high > low, high - low, 1.0)
        rating = tf.where(high > low, 1.0 + 4.0 * (score - low) / width, _USUAL_RATING)
        rating = tf.clip_by_value(rating, 1.0, 5.0)
        if self._round_ratings:
            rating = tf.round(rating)
        return tf.where(is_rated, rating, 0.0)

    def _meant_attributes(self, user_state: Value, features: Any, items: Any) -> Any:
        """`[U, R, G]` how much of the attribute that each tag means to the user an item has."""
        sense = tf.broadcast_to(user_state.get("sense"), [self._num_users, self._num_tags])
        dimension = tf.range(self._num_tags) * self._num_senses + sense
        index = tf.broadcast_to(
            dimension[:, None, :], [self._num_users, self._max_ratings, self._num_tags]
        )
        return tf.gather(tf.gather(features, items), index, batch_dims=2)

    def specs(self) -> ValueSpec:
        """Returns the specs of state, observation and response."""
        users, ratings, tags = self._num_users, self._max_ratings, self._num_tags
        number = np.iinfo(np.int32).max

        def whole(most: int, *axes: tuple[str, int]) -> Space:
            shape = tuple(n for _, n in axes)
            return Space.box(0, most, shape, np.int32, dims=tuple(name for name, _ in axes))

        def real(*axes: tuple[str, int]) -> Space:
            shape = tuple(n for _, n in axes)
            return Space.box(-np.inf, np.inf, shape, dims=tuple(name for name, _ in axes))

        user, attribute = ("user", users), ("attribute", self._num_attributes)
        rated, tag = ("rated", ratings), ("tag", tags)
        return ValueSpec(
            state=ValueSpec(
                topic=whole(self._num_topics - 1, user),
                draw=real(user, attribute),
                interest=real(user, attribute),
                peaks=real(user, attribute),
                zipf=whole(number, user),
                num_ratings=whole(ratings, user),
                is_tagger=whole(1, user),
                tag_rate=real(user),
                sense=whole(self._num_senses - 1, user, ("sense_of", self._num_sensed)),
                degree=whole(self._thresholds.shape[0] - 1, user, tag),
            ),
            observation=ValueSpec(user_id=whole(users - 1, user)),
            response=ValueSpec(
                choice=whole(self._num_docs, user, rated),
                is_rated=Space.box(0, 1, (users, ratings), np.bool_, dims=("user", "rated")),
                rating_noise=real(user, rated),
                rating=real(user, rated),
                is_tagged=whole(1, user, rated),
                tag_noise=real(user, rated, tag),
                tags=Space.box(
                    0, 1, (users, ratings, tags), np.bool_, dims=("user", "rated", "tag")
                ),
            ),
        )
