"""Users whose interests move with the quality of what they consume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import (
    MultinomialLogitChoiceModel,
    TargetPointSimilarity,
    get_chosen,
)
from recsim_ng.entities.recommendation import User

MOST_INTEREST = 10.0
BEST_UTILITY = 2.0
STEP_SIZE = 0.1
NOTHING_CONSUMED = -1.0


def squashed(interest: Any) -> Any:
    """Returns interests within (-20, 20): 4 M (sigmoid(x / M) - 1/2), M = 10; near 0 it is x.

    Args:
      interest: any shape, float32.
    """
    # The same, without the difference of two numbers near each other.
    return 2.0 * MOST_INTEREST * tf.tanh(interest / (2.0 * MOST_INTEREST))


def consumed_time(quality: Any, length: Any) -> Any:
    """The time that a document takes of who chose it: sigmoid(-quality) length.

    Args:
      quality: any shape, float32.
      length: of the same shape.
    """
    return tf.sigmoid(-quality) * length


class InterestEvolutionUser(User):
    """Users whom good documents draw near and junk drives away, though junk takes longer.

    With the interest x and documents d of quality q and length l:

        x_0             ~ N(0, I)
        choice_t        multinomial logit on 2 - |x_t - d|, no choice has logit no_click_mass
        consumed_time_t = sigmoid(-q) l of the chosen document, -1 where nothing is chosen
        y_{t+1}         = x_t + step q (d - x_t), x_t where nothing is chosen
        x_{t+1}         = 4 M (sigmoid(y_{t+1} / M) - 1/2), M = 10

    x is the field interest.state; y is interest.linear_update.state, and y_0 = x_0.

    Args:
      config: reads `num_users` (U), `num_topics` (K), `slate_size` (S) and, if there,
        `no_click_mass` (0), `interest_step_size` (0.1) and `observe_interest` (False): whether the
        observation shows the interest.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.

    Source: Mladenov et al. (2021), RecSim NG, section on interest evolution.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "InterestEvolutionUser") -> None:
        super().__init__(config, name)
        settings = self._settings
        self._slate_size = settings.whole("slate_size", 1)
        self._step_size = settings.real("interest_step_size", 0.0, 1.0, default=STEP_SIZE)
        self._observe_interest = settings.flag("observe_interest", default=False)
        nochoice_logit = settings.real("no_click_mass", most=1e9, default=0.0)
        self._affinity = TargetPointSimilarity((self._num_users,), self._slate_size)
        self._choice = MultinomialLogitChoiceModel((self._num_users,), nochoice_logit)

    def initial_state(self) -> Value:
        """Returns interest.state `[U, K]` and interest.linear_update.state `[U, K]`."""
        zeros = tf.zeros([self._num_users, self._num_topics])
        drawn = ed.MultivariateNormalDiag(
            loc=zeros, scale_diag=tf.ones(self._num_topics), name="interest"
        )
        interest = Value(state=tf.identity(drawn), linear_update=Value(state=drawn))
        return Value(interest=interest)

    def next_state(self, previous_state: Value, user_response: Value, slate_docs: Value) -> Value:
        """Returns interests after what was consumed at t - 1.

        Args:
          previous_state: interest.state `[U, K]`.
          user_response: choice `[U]`.
          slate_docs: doc_features `[U, S, K]`, doc_quality `[U, S]`.
        """
        interest = previous_state.get("interest.state")
        choice = tf.convert_to_tensor(user_response.get("choice"))
        chosen = get_chosen(slate_docs.at("doc_features", "doc_quality"), choice)
        move = chosen.get("doc_quality")[:, None] * (chosen.get("doc_features") - interest)
        is_consumed = (choice < self._slate_size)[:, None]
        updated = interest + tf.where(is_consumed, self._step_size * move, 0.0)
        following = Value(state=squashed(updated), linear_update=Value(state=updated))
        return Value(interest=following)

    def observation(self, user_state: Value) -> Value:
        """Returns the users' numbers, and interest `[U, K]` if the config says so.

        Args:
          user_state: interest.state `[U, K]`.
        """
        seen = Value(user_id=tf.range(self._num_users))
        if not self._observe_interest:
            return seen
        return seen.union(Value(interest=user_state.get("interest.state")))

    def next_response(self, user_state: Value, slate_docs: Value) -> Value:
        """Returns choice `[U]` int32 and consumed_time `[U]`.

        Args:
          user_state: interest.state `[U, K]`.
          slate_docs: doc_features `[U, S, K]`, doc_quality `[U, S]`, doc_length `[U, S]`.
        """
        affinities = self._affinity.affinities(
            user_state.get("interest.state"), slate_docs.get("doc_features")
        ).get("affinities")
        choice = self._choice.choice(affinities + BEST_UTILITY).get("choice")
        times = consumed_time(slate_docs.get("doc_quality"), slate_docs.get("doc_length"))
        consumed = get_chosen(Value(time=times), choice, nochoice_value=NOTHING_CONSUMED)
        return Value(choice=choice, consumed_time=consumed.get("time"))

    def specs(self) -> ValueSpec:
        """Returns the specs of state, observation and response."""
        users = (self._num_users,)
        shape, last = (*users, self._num_topics), self._num_users - 1
        interests = Space.box(-np.inf, np.inf, shape, dims=("user", "topic"))
        state = ValueSpec(
            interest=ValueSpec(state=interests, linear_update=ValueSpec(state=interests))
        )
        observation = ValueSpec(user_id=Space.box(0, last, users, np.int32, dims=("user",)))
        if self._observe_interest:
            observation = observation.union(ValueSpec(interest=interests))
        return ValueSpec(
            state=state,
            observation=observation,
            response=ValueSpec(
                choice=Space.box(0, self._slate_size, users, np.int32, dims=("user",)),
                consumed_time=Space.box(NOTHING_CONSUMED, np.inf, users, dims=("user",)),
            ),
        )
