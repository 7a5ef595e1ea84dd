"""Users whose interests spread along the ties of a social network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check, require
from recsim_ng.core.edward2 import ed
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import (
    MultinomialLogitChoiceModel,
    TargetPointSimilarity,
    get_chosen,
)
from recsim_ng.entities.networks import SocialNetwork
from recsim_ng.entities.recommendation import User


class SocialUser(User):
    """Users who drift towards their neighbours and towards what they consume.

    With the interest u of a user at step t, the mean m of the interests of the user's neighbours
    at step t (u itself without any), and the document d chosen at step t:

        u_0       ~ N(0, interest_scale I)
        a(u, d)   = best_utility - |u - d|
        choice_t  multinomial logit on the slate's a(u_t, d); no choice: nochoice_logit
        utility_t = a(u_t, d), 0 where nothing was chosen
        u_{t+1}   ~ N((1 - w) u_t + w m_t + e (d - u_t), interest_noise I)

    with w the social_weight and e the consumption_effect, 0 for who chose nothing. Scales are
    standard deviations. With w + e up to 1 the mean is a weighted mean of own, neighbours' and
    consumed, so interests stay bounded but for the noise.

    Args:
      config: reads num_users (U), num_topics (K), slate_size (S) and, if there, social_weight
        (0.2), interest_noise (0.05), consumption_effect (0.1), interest_scale (1), best_utility
        (2), nochoice_logit (0) and observe_interest (False): whether the observation shows the
        interest.
      network: who is whose neighbour.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range, or the network is of other users.

    Source: DeGroot (1974), Reaching a consensus, for the mean over neighbours.
    """

    def __init__(
        self, config: Mapping[str, Any], network: SocialNetwork, name: str = "SocialUser"
    ) -> None:
        super().__init__(config, name)
        check.instance(name, "network", network, SocialNetwork)
        if network.num_users != self._num_users:
            raise ConfigError(
                f"{name}: network must be of the {self._num_users} users of num_users, got "
                f"one of {network.num_users}"
            )
        settings, users = self._settings, (self._num_users,)
        self._network, self._slate_size = network, settings.whole("slate_size", 1)
        self._social_weight = settings.real("social_weight", 0.0, 1.0, default=0.2)
        self._noise = settings.real("interest_noise", 1e-6, 1e6, default=0.05)
        self._effect = settings.real("consumption_effect", 0.0, 1.0, default=0.1)
        self._scale = settings.real("interest_scale", 1e-6, 1e6, default=1.0)
        self._best_utility = settings.numbers("best_utility", shape=(*users, 1), default=2.0)
        self._observe_interest = settings.flag("observe_interest", default=False)
        nochoice = settings.get("nochoice_logit", 0.0)
        require.logits(name, "nochoice_logit", nochoice, shape=users)
        self._affinity = TargetPointSimilarity(users, self._slate_size)
        self._choice = MultinomialLogitChoiceModel(users, nochoice)

    def initial_state(self) -> Value:
        """Returns interest `[U, K]` float32, everybody's independent of everybody else's."""
        zeros = tf.zeros([self._num_users, self._num_topics])
        return Value(interest=ed.Normal(loc=zeros, scale=self._scale, name="interest"))

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns the interests after a step of company and consumption.

        Args:
          previous_state: interest `[U, K]`.
          user_response: choice `[U]`.
          slate_docs: doc_features `[U, S, K]`.
        """
        own = tf.convert_to_tensor(previous_state.get("interest"))
        choice = tf.convert_to_tensor(user_response.get("choice"))
        consumed = get_chosen(slate_docs.at("doc_features"), choice).get("doc_features")
        pull = tf.where((choice < self._slate_size)[:, None], consumed - own, 0.0)
        mean = own + self._effect * pull
        if self._social_weight:
            mean += self._social_weight * (self._network.neighbour_mean(own) - own)
        return Value(interest=ed.Normal(loc=mean, scale=self._noise, name="interest"))

    def observation(self, user_state: Value) -> Value:
        """Returns user_id `[U]` and, if it is shown, interest `[U, K]`."""
        who = Value(user_id=tf.range(self._num_users))
        if not self._observe_interest:
            return who
        return who.union(Value(interest=tf.convert_to_tensor(user_state.get("interest"))))

    def utility(self, observation: Value, docs: Value) -> Any:
        """Returns what each document is worth to each user, `[U, D]` float32.

        Args:
          observation: interest `[U, K]`, where it is shown.
          docs: doc_features `[D, K]`.
        """
        interest, features = observation.get("interest"), docs.get("doc_features")
        return self._utility(interest, features)

    def next_response(self, user_state: Value, slate_docs: Value) -> Value:
        """Returns what each user chooses, and what it is worth.

        Args:
          user_state: interest `[U, K]`.
          slate_docs: doc_features `[U, S, K]`.

        Returns:
          choice `[U]` int32 place on the slate, S for none; utility `[U]` float32.
        """
        utility = self._utility(user_state.get("interest"), slate_docs.get("doc_features"))
        choice = self._choice.choice(utility).get("choice")
        chosen = get_chosen(Value(utility=utility), choice, nochoice_value=0)
        return Value(choice=choice).union(chosen)

    def specs(self) -> ValueSpec:
        """Returns the specs of state, observation and response."""
        users = self._num_users
        interest = Space.box(-np.inf, np.inf, (users, self._num_topics), dims=("user", "topic"))
        who = Space.box(0, users - 1, (users,), np.int32, dims=("user",))
        seen = {"user_id": who, **({"interest": interest} if self._observe_interest else {})}
        return ValueSpec(
            state=ValueSpec(interest=interest),
            observation=ValueSpec(**seen),
            response=ValueSpec(
                choice=Space.box(0, self._slate_size, (users,), np.int32, dims=("user",)),
                utility=Space.box(-np.inf, np.inf, (users,), dims=("user",)),
            ),
        )

    def _utility(self, interest: Any, features: Any) -> Any:
        return self._best_utility + self._affinity.affinities(interest, features).get("affinities")
