"""Latent satisfaction: learn what you cannot see.

Each user has an intent and a satisfaction, of which only the choices tell. Satisfaction remembers:
how much of it is left after a step is the user's sensitivity, the parameter to be learnt. From
full trajectories its maximum-likelihood estimate has a closed form.

Source: Mladenov et al. (2021), RecSim NG, section on latent variable models.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from recsim_ng.core import check
from recsim_ng.core.study import HeadlineMetric, Study
from recsim_ng.core.variable import Variable, value
from recsim_ng.entities.recommenders.simple_normal import SimpleNormalRecommender
from recsim_ng.entities.users.model_learning import SATISFACTION_SCALE, ModelLearningDemoUser
from recsim_ng.stories.recommendation_simulation import simplified_recs_story


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the latent satisfaction story."""

    num_users: int = 5
    """U, number of users."""
    num_topics: int = 3
    """K, dimension of intents and documents; an intent is near one of the K unit vectors."""
    slate_size: int = 4
    """S, documents shown to a user at each step."""
    satisfaction_sensitivity: float = 0.8
    """Share of satisfaction that is left after a step, the same for all users."""
    slate_doc_means: float = 0.0
    """Mean of each of a document's features."""

    def __post_init__(self) -> None:
        where = "latent_satisfaction"
        for name in ("num_users", "num_topics", "slate_size"):
            check.whole(where, name, getattr(self, name), 1)
        sensitivity = self.satisfaction_sensitivity
        check.real(where, "satisfaction_sensitivity", sensitivity, -1.0, 1.0)
        check.real(where, "slate_doc_means", self.slate_doc_means, -1e6, 1e6)


def create_latent_variable_model_network(
    num_users: int = 2000,
    num_topics: int = 3,
    slate_size: int = 4,
    satisfaction_sensitivity: Any = None,
    *,
    slate_doc_means: Any = 0.0,
) -> Sequence[Variable]:
    """Makes the story's variables.

    Args:
      num_users: U.
      num_topics: K.
      slate_size: S.
      satisfaction_sensitivity: a number, or an array, tensor or variable that broadcasts to `[U]`;
        0.8 for all if None.
      slate_doc_means: of the features, what broadcasts to `[U, S, K]`.

    Returns:
      The variables of `simplified_recs_story`.
    """
    config = {
        "num_users": num_users,
        "num_topics": num_topics,
        "num_docs": 0,
        "slate_size": slate_size,
        "satisfaction_sensitivity": satisfaction_sensitivity,
        "slate_doc_means": slate_doc_means,
    }
    return simplified_recs_story(config, ModelLearningDemoUser, SimpleNormalRecommender)


def create_unknown_sensitivity_network(
    num_users: int = 2000,
    num_topics: int = 3,
    slate_size: int = 4,
    *,
    slate_doc_means: Any = 0.0,
) -> Sequence[Variable]:
    """Makes the story in which sensitivities are drawn, uniform on [0, 1], so that logs tell them.

    Args:
      num_users: U.
      num_topics: K.
      slate_size: S.
      slate_doc_means: of the features, what broadcasts to `[U, S, K]`.

    Returns:
      The variables "sensitivity" (static, field value `[U]`), "slate docs", "user state" and
      "user response".
    """
    config = {
        "num_users": num_users,
        "num_topics": num_topics,
        "num_docs": 0,
        "slate_size": slate_size,
        "slate_doc_means": slate_doc_means,
    }
    user, recommender = ModelLearningDemoUser(config), SimpleNormalRecommender(config)
    sensitivity = Variable("sensitivity", user.specs().get("sensitivity"))
    slates = Variable("slate docs", recommender.specs().get("slate"))
    state = Variable("user state", user.specs().get("state"))
    response = Variable("user response", user.specs().get("response"))
    sensitivity.initial_value = value(user.drawn_sensitivity)
    slates.value = value(recommender.slate_docs)
    state.initial_value = value(user.initial_state)
    state.value = value(
        user.next_state, (state.previous, response.previous, slates.previous, sensitivity)
    )
    response.value = value(user.next_response, (state, slates))
    return [sensitivity, slates, state, response]


def story(config: Config) -> Sequence[Variable]:
    """Makes the story's variables.

    Args:
      config: its settings.

    Returns:
      The variables of `simplified_recs_story`.
    """
    return create_latent_variable_model_network(**dataclasses.asdict(config))


def sensitivity_estimates(trajectory: Any) -> tuple[np.ndarray, np.ndarray]:
    """Estimates each user's sensitivity by maximum likelihood from full trajectories.

    Given the states, satisfaction_{t+1} - (m_t - m_{t-1}) is normal about sensitivity times
    satisfaction_t with a fixed scale, so the maximum-likelihood estimate is that of least squares:

        estimate_t = sum_{s < t} satisfaction_s y_s / sum_{s < t} satisfaction_s^2
        y_s        = satisfaction_{s+1} - (m_s - m_{s-1})
        error_t    = 0.01 / sqrt(sum_{s < t} satisfaction_s^2)

    Args:
      trajectory: with "user state".

    Returns:
      (`[T-1, U]` estimates from the first 1, 2, ..., T-1 transitions, `[T-1, U]` their standard
      errors), float64.
    """
    state = trajectory["user state"]
    satisfaction = np.asarray(state.get("satisfaction"), np.float64)
    best = np.asarray(state.get("max_slate_utility"), np.float64)
    x, y = satisfaction[:-1], satisfaction[1:] - np.diff(best, axis=0)
    weight = np.cumsum(x * x, axis=0)
    return np.cumsum(x * y, axis=0) / weight, SATISFACTION_SCALE / np.sqrt(weight)


def _mean_estimate(trajectory: Any) -> np.ndarray:
    estimates, _ = sensitivity_estimates(trajectory)
    return np.concatenate([[0.0], estimates.mean(axis=1)])


def _satisfaction(trajectory: Any) -> np.ndarray:
    return np.mean(trajectory["user state"].get("satisfaction"), axis=1)


def _utility(trajectory: Any) -> np.ndarray:
    return np.mean(trajectory["user state"].get("max_slate_utility"), axis=1)


_FULL = ("user state.satisfaction", "user state.max_slate_utility")

STUDY = Study(
    metrics=(
        HeadlineMetric(
            "sensitivity_estimate",
            "mean of users' estimated sensitivity, from all steps so far (0 before any)",
            _FULL,
            _mean_estimate,
        ),
        HeadlineMetric(
            "satisfaction",
            "mean satisfaction",
            _FULL[:1],
            _satisfaction,
            higher_is_better=True,
        ),
        HeadlineMetric(
            "max_slate_utility",
            "mean utility of the last slate's best document",
            _FULL[1:],
            _utility,
            higher_is_better=True,
        ),
    ),
    num_steps=6,
    num_seeds=20,
)
