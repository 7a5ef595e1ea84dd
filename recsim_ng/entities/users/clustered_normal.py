"""Users whose interests cluster around content providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core import require
from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import (
    MultinomialLogitChoiceModel,
    TargetPointSimilarity,
    get_chosen,
)
from recsim_ng.entities.recommendation import User

tfd = tfp.distributions

_DISPERSION = 20.5
_BEST_UTILITY = 2.0
_MOST_INTEREST = 1e15


class ClusteredNormalUser(User):
    """Users near providers, who choose by distance and enjoy by distance.

    With provider means mu_p, documents d, the user's interest u:

        provider      p ~ Categorical(logits = -log(1 + |mu_p|)),     u_0 ~ N(mu_p, 20.5 I)
        affinity      a(u, d) = 2 - |u - d|
        choice_t      multinomial logit on the slate's a(u_t, d); something is always chosen
        utility_{t+1} ~ N(a(u_t, chosen_t), 1),                       utility_0 = 0
        u_{t+1}       = u_t + interest_step_size (u_t - chosen_t)

    20.5 is a standard deviation. A positive step size moves the interest away from what was
    chosen, as published; 0 keeps it. Away, interests grow like (1 + interest_step_size)^t, tenfold
    in 231 steps at 0.01 and in 24 at 0.1. Above 1e7 or so float32 no longer tells the documents of
    a slate apart; at 1e15 the coordinates of u stop, so that distances stay finite. A negative
    step size moves the interest towards what was chosen.

    Args:
      config: reads `num_users` (U), `num_topics` (K), `slate_size` (S), `provider_means`
        (`[P, K]`), and, if there, `interest_step_size` (0), within [-1, 1]: a number, or what
        broadcasts to `[U, K]`; a variable can be trained.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range or of the wrong shape.

    Source: Mladenov et al. (2021), RecSim NG, section on ecosystem modelling.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "ClusteredNormalUser") -> None:
        super().__init__(config, name=name)
        settings, users = self._settings, (self._num_users,)
        self._slate_size = settings.whole("slate_size", 1)
        topics = self._num_topics
        means = settings.numbers("provider_means", shape=(None, topics), exact=True)
        self._provider_means = tf.cast(means, tf.float32)
        shape = (*users, topics)
        step_size = settings.numbers("interest_step_size", -1.0, 1.0, shape=shape, default=0.0)
        known = require.static_value(step_size)
        self._step_size, self._moves = step_size, known is None or bool(np.any(known))
        self._affinity = TargetPointSimilarity(users, self._slate_size)
        self._choice = MultinomialLogitChoiceModel(users, -np.inf)

    def _interest_scale(self) -> Any:
        """`[P]` standard deviations of interests around the providers."""
        return _DISPERSION * tf.ones(self._provider_means.shape[0])

    def initial_state(self) -> Value:
        """Returns interests around providers, and no utility yet."""
        means = self._provider_means
        scales = tf.broadcast_to(self._interest_scale()[:, None], means.shape)
        interests = ed.MixtureSameFamily(
            tfd.Categorical(logits=-tf.math.log1p(tf.norm(means, axis=-1))),
            tfd.MultivariateNormalDiag(loc=means, scale_diag=scales),
            sample_shape=(self._num_users,),
            name="user_interests",
        )
        return Value(utilities=tf.zeros(self._num_users), user_interests=interests)

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns utilities of what was chosen at t - 1, and interests at t."""
        interests = previous_state.get("user_interests")
        chosen = get_chosen(slate_docs.at("doc_features"), user_response.get("choice"))
        features = chosen.get("doc_features")
        affinity = _BEST_UTILITY + self._affinity.affinities(
            interests, features, broadcast=False
        ).get("affinities")
        if self._moves:
            moved = interests + self._step_size * (interests - features)
            interests = tf.clip_by_value(moved, -_MOST_INTEREST, _MOST_INTEREST)
        return Value(
            utilities=ed.Normal(loc=affinity, scale=1.0, name="utilities"),
            user_interests=interests,
        )

    def observation(self, user_state: Value) -> Value:
        """Returns the interests themselves."""
        return user_state.at("user_interests")

    def next_response(self, user_state: Value, slate_docs: Value) -> Value:
        """Returns the place on the slate that each user chooses."""
        affinity = self._affinity.affinities(
            user_state.get("user_interests"), slate_docs.get("doc_features")
        ).get("affinities")
        return self._choice.choice(affinity + _BEST_UTILITY)

    def specs(self) -> Value:
        """Returns the specs: state `utilities` [U], `user_interests` [U, K]; response `choice`."""
        shape = (self._num_users, self._num_topics)
        interests = Space.box(-np.inf, np.inf, shape, dims=("user", "topic"))
        utilities = Space.box(-np.inf, np.inf, shape[:1], dims=("user",))
        choice = Space.box(0, self._slate_size, shape[:1], np.int32, dims=("user",))
        return ValueSpec(
            state=ValueSpec(utilities=utilities, user_interests=interests),
            observation=ValueSpec(user_interests=interests),
            response=ValueSpec(choice=choice),
        )


class ClusteredNormalUserCoreDispersion(ClusteredNormalUser):
    """Users near central providers are more dispersed: standard deviation 20.5 / (1 + |mu_p|).

    Args:
      config: as for `ClusteredNormalUser`.
      name: of the entity.

    Source: Mladenov et al. (2021), RecSim NG.
    """

    def __init__(
        self, config: Mapping[str, Any], name: str = "ClusteredNormalUserCoreDispersion"
    ) -> None:
        super().__init__(config, name=name)

    def _interest_scale(self) -> Any:
        return _DISPERSION / (1.0 + tf.norm(self._provider_means, axis=-1))
