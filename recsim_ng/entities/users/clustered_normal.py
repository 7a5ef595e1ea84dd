"""Users whose interests cluster around content providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

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


class ClusteredNormalUser(User):
    """Users near providers, who choose by distance and enjoy by distance.

    With provider means mu_p, documents d, the user's interest u:

        provider      p ~ Categorical(logits = -log(1 + |mu_p|)),     u_0 ~ N(mu_p, 20.5 I)
        affinity      a(u, d) = 2 - |u - d|
        choice_t      multinomial logit on the slate's a(u_t, d); something is always chosen
        utility_{t+1} ~ N(a(u_t, chosen_t), 1),                       utility_0 = 0
        u_{t+1}       = u_t + interest_step_size (u_t - chosen_t)

    20.5 is a standard deviation. A positive step size moves the interest away from what was
    chosen, as published; 0 keeps it.

    Args:
      config: reads `num_users` (U), `num_topics` (K), `slate_size` (S), `provider_means`
        (`[P, K]`), and, if there, `interest_step_size` (0).
      name: of the entity.

    Source: Mladenov et al. (2021), RecSim NG, section on ecosystem modelling.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "ClusteredNormalUser") -> None:
        super().__init__(config, name=name)
        self._provider_means = tf.convert_to_tensor(config["provider_means"], tf.float32)
        self._step_size = config.get("interest_step_size", 0.0)
        self._affinity = TargetPointSimilarity(
            batch_shape=(self._num_users,), slate_size=config["slate_size"]
        )
        self._choice = MultinomialLogitChoiceModel((self._num_users,), -np.inf)

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
        if self._step_size:
            interests = interests + self._step_size * (interests - features)
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
        choice = Space.box(0, self._config["slate_size"], shape[:1], np.int32, dims=("user",))
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
