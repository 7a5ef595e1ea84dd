"""Users whose satisfaction follows how well they are served, and shows in their choices alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import MultinomialLogitChoiceModel, TargetPointSimilarity
from recsim_ng.entities.recommendation import User

tfd = tfp.distributions

FIRST_SATISFACTION = 5.0
SATISFACTION_SCALE = 0.01
_BEST_UTILITY = 2.0
_INTENT_VARIANCE = 0.1
_SENSITIVITY = 0.8


class ModelLearningDemoUser(User):
    """Users whom better slates satisfy more, and who choose more when they are satisfied.

    With the slate's documents d and the unit vectors e_k:

        intent            ~ mixture of N(e_k, 0.1 I), k = 1 .. K, equally likely, and fixed
        utility_t(d)      = -|intent - d| + 2
        m_t               = max over the slate of utility_t(d),                  m_{-1} = 0
        satisfaction_0    = 5
        satisfaction_{t+1} ~ N(sensitivity satisfaction_t + m_t - m_{t-1}, 0.01)
        choice_t          multinomial logit on utility_t(d) + satisfaction_t, no choice has logit 0

    0.1 is a variance, 0.01 a standard deviation. The state at t holds m_{t-1} as max_slate_utility.
    Given all satisfactions and m, the sensitivity is the slope of a linear regression.

    Args:
      config: reads `num_users` (U), `num_topics` (K), `slate_size` (S) and, if there,
        `satisfaction_sensitivity` (0.8): a number, or an array, tensor or variable that broadcasts
        to `[U]`; a variable can be trained.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range, or the sensitivity does not
        broadcast to the users.

    Source: Mladenov et al. (2021), RecSim NG, section on latent variable models.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "ModelLearningDemoUser") -> None:
        super().__init__(config, name)
        settings, users = self._settings, (self._num_users,)
        self._slate_size = settings.whole("slate_size", 1)
        self._sensitivity: Any = _SENSITIVITY
        if settings.get("satisfaction_sensitivity", None) is not None:
            self._sensitivity = settings.numbers("satisfaction_sensitivity", shape=users)
        self._affinity = TargetPointSimilarity(users, self._slate_size)
        self._choice = MultinomialLogitChoiceModel(users, 0.0)

    def initial_state(self) -> Value:
        """Returns intent `[U, K]`, satisfaction `[U]` and max_slate_utility `[U]` at step 0."""
        centres = np.eye(self._num_topics, dtype=np.float32)
        intent = ed.MixtureSameFamily(
            tfd.Categorical(logits=tf.zeros(self._num_topics)),
            tfd.MultivariateNormalDiag(
                loc=centres, scale_diag=np.full_like(centres, np.sqrt(_INTENT_VARIANCE))
            ),
            sample_shape=(self._num_users,),
            name="intent",
        )
        return Value(
            intent=intent,
            satisfaction=tf.fill([self._num_users], FIRST_SATISFACTION),
            max_slate_utility=tf.zeros([self._num_users]),
        )

    def drawn_sensitivity(self) -> Value:
        """Returns value `[U]`: a sensitivity for each user, uniform on [0, 1], to be learnt."""
        low = tf.zeros([self._num_users])
        return Value(value=ed.Uniform(low=low, high=low + 1.0, name="value"))

    def next_state(
        self,
        previous_state: Value,
        user_response: Value,
        slate_docs: Value,
        sensitivity: Value | None = None,
    ) -> Value:
        """Returns the state after the slates of t - 1, chosen from or not.

        Args:
          previous_state: intent `[U, K]`, satisfaction `[U]`, max_slate_utility `[U]`.
          user_response: not read.
          slate_docs: features `[U, S, K]`.
          sensitivity: value `[U]`; None: as the config says.
        """
        del user_response
        intent = previous_state.get("intent")
        best = tf.reduce_max(self._utilities(intent, slate_docs), axis=-1)
        gain = best - previous_state.get("max_slate_utility")
        held = self._sensitivity if sensitivity is None else sensitivity.get("value")
        satisfaction = ed.Normal(
            loc=tf.cast(held, tf.float32) * previous_state.get("satisfaction") + gain,
            scale=SATISFACTION_SCALE,
            name="satisfaction",
        )
        return Value(intent=intent, satisfaction=satisfaction, max_slate_utility=best)

    def _utilities(self, intent: Any, slate_docs: Value) -> Any:
        """`[U, S]` utilities of the slates' documents."""
        affinities = self._affinity.affinities(intent, slate_docs.get("features"))
        return affinities.get("affinities") + _BEST_UTILITY

    def observation(self, user_state: Value) -> Value:
        """Returns the users' numbers: nothing of the state shows.

        Args:
          user_state: not read.
        """
        del user_state
        return Value(user_id=tf.range(self._num_users))

    def next_response(self, user_state: Value, slate_docs: Value) -> Value:
        """Returns choice `[U]`.

        Args:
          user_state: intent `[U, K]`, satisfaction `[U]`.
          slate_docs: features `[U, S, K]`.
        """
        utilities = self._utilities(user_state.get("intent"), slate_docs)
        return self._choice.choice(utilities + user_state.get("satisfaction")[:, None])

    def specs(self) -> ValueSpec:
        """Returns the specs of state, observation, response and drawn sensitivity."""
        users, everything = (self._num_users,), (-np.inf, np.inf)
        intents = (*users, self._num_topics)
        last = self._num_users - 1
        return ValueSpec(
            state=ValueSpec(
                intent=Space.box(*everything, intents, dims=("user", "topic")),
                satisfaction=Space.box(*everything, users, dims=("user",)),
                max_slate_utility=Space.box(*everything, users, dims=("user",)),
            ),
            sensitivity=ValueSpec(value=Space.box(0.0, 1.0, users, dims=("user",))),
            observation=ValueSpec(user_id=Space.box(0, last, users, np.int32, dims=("user",))),
            response=ValueSpec(
                choice=Space.box(0, self._slate_size, users, np.int32, dims=("user",))
            ),
        )
