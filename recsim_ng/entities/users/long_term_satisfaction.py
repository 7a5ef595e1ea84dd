"""Users whom chocolate engages now and kale keeps satisfied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import require
from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import MultinomialLogitChoiceModel, get_chosen
from recsim_ng.entities.recommendation import User


class LongTermSatisfactionUser(User):
    """A user whose satisfaction follows the kale in their diet, and scales all their engagement.

    Documents have a kaleness k in [0, 1]: 0 is chocolate, 1 is kale. With the net kale exposure n
    and the document k chosen at step t:

        choice_t       multinomial logit on 1 - k over the slate; something is always chosen
        satisfaction_t = sigmoid(sensitivity n_t)
        engagement_t   = satisfaction_t L,   log L ~ N(k mu_kale + (1 - k) mu_choc,
                                                       k sd_kale + (1 - k) sd_choc)
        n_{t+1}        ~ N(discount n_t + 2 (k - 1/2), innovation_noise)
        n_0            ~ Uniform(-1/2, 1/2) / (1 - discount)

    n_0 covers half the range that steady diets of chocolate and of kale lead to,
    -1 / (1 - discount) to 1 / (1 - discount). A discount of 1 has no such range: n_0 is then 0.

    Args:
      config: num_users (U), num_topics, slate_size (S), discount (within [0, 1]), sensitivity,
        innovation_noise, mu_choc, mu_kale, sd_choc, sd_kale, and, if there, observe_exposure
        (False): whether the observation shows n. The noise and sd_* are not negative. All from
        sensitivity to sd_kale are numbers or what broadcasts to `[U]`; variables can be trained.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is missing, out of range or of the wrong shape.

    Source: Ie et al. (2019), RecSim: a configurable simulation platform for recommender systems,
      arXiv 1909.04847, section on long-term satisfaction.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "LongTermSatisfactionUser") -> None:
        super().__init__(config, name)
        settings, users = self._settings, (self._num_users,)
        self._slate_size = settings.whole("slate_size", 1)
        self._discount = settings.real("discount", 0.0, 1.0)
        self._sensitivity = settings.numbers("sensitivity", shape=users)
        self._innovation_noise = settings.numbers("innovation_noise", 0.0, shape=users)
        self._mu = tuple(settings.numbers(x, shape=users) for x in ("mu_choc", "mu_kale"))
        self._sd = tuple(settings.numbers(x, 0.0, shape=users) for x in ("sd_choc", "sd_kale"))
        self._observe_exposure = settings.flag("observe_exposure", default=False)
        noise = require.static_value(self._innovation_noise)
        self._is_noisy = noise is None or bool(np.any(noise))
        self._choice = MultinomialLogitChoiceModel(users, -np.inf)

    def initial_state(self) -> Value:
        """Returns net_kale_exposure `[U]` and satisfaction `[U]` at step 0."""
        if self._discount < 1.0:
            half = np.full([self._num_users], 0.5 / (1.0 - self._discount), np.float32)
            exposure = ed.Uniform(low=-half, high=half, name="net_kale_exposure")
        else:
            exposure = tf.zeros([self._num_users])
        return self._state(exposure)

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns exposure and satisfaction after what was chosen.

        Args:
          previous_state: net_kale_exposure `[U]`.
          user_response: choice `[U]`.
          slate_docs: doc_kaleness `[U, S]`.
        """
        kaleness = self._chosen_kaleness(user_response.get("choice"), slate_docs)
        location = self._discount * previous_state.get("net_kale_exposure") + 2.0 * kaleness - 1.0
        exposure = (
            ed.Normal(loc=location, scale=self._innovation_noise, name="net_kale_exposure")
            if self._is_noisy
            else location
        )
        return self._state(exposure)

    def _state(self, exposure: Any) -> Value:
        satisfaction = tf.sigmoid(self._sensitivity * tf.convert_to_tensor(exposure))
        return Value(net_kale_exposure=exposure, satisfaction=satisfaction)

    def observation(self, user_state: Value) -> Value:
        """Returns the user's number, and the state if the config says so.

        Args:
          user_state: net_kale_exposure `[U]`, satisfaction `[U]`.
        """
        seen = Value(user_id=tf.range(self._num_users))
        return seen.union(user_state) if self._observe_exposure else seen

    def next_response(self, user_state: Value, slate_docs: Value) -> Value:
        """Returns choice `[U]` and engagement `[U]`.

        Args:
          user_state: satisfaction `[U]`.
          slate_docs: doc_kaleness `[U, S]`.
        """
        choice = self._choice.choice(1.0 - slate_docs.get("doc_kaleness")).get("choice")
        kaleness = self._chosen_kaleness(choice, slate_docs)
        (mu_choc, mu_kale), (sd_choc, sd_kale) = self._mu, self._sd
        # The satisfaction scales a log-normal: it shifts the location of the logarithm.
        location = mu_choc + kaleness * (mu_kale - mu_choc)
        location = location + tf.math.log(user_state.get("satisfaction"))
        engagement = ed.LogNormal(
            loc=location, scale=sd_choc + kaleness * (sd_kale - sd_choc), name="engagement"
        )
        return Value(choice=choice, engagement=engagement)

    def _chosen_kaleness(self, choice: Any, slate_docs: Value) -> Any:
        return get_chosen(slate_docs.at("doc_kaleness"), choice).get("doc_kaleness")

    def specs(self) -> ValueSpec:
        """Returns the specs of state, observation and response."""
        users = (self._num_users,)
        state = ValueSpec(
            net_kale_exposure=Space.box(-np.inf, np.inf, users, dims=("user",)),
            satisfaction=Space.box(0.0, 1.0, users, dims=("user",)),
        )
        observation = ValueSpec(
            user_id=Space.box(0, self._num_users - 1, users, np.int32, dims=("user",))
        )
        return ValueSpec(
            state=state,
            observation=observation.union(state) if self._observe_exposure else observation,
            response=ValueSpec(
                choice=Space.box(0, self._slate_size, users, np.int32, dims=("user",)),
                engagement=Space.box(0.0, np.inf, users, dims=("user",)),
            ),
        )
