"""Long-term satisfaction: chocolate engages now and spoils the appetite, kale the other way round.

Every document has a kaleness. Chocolate engages more, at once; kale raises satisfaction, which
scales all engagement. With slates of one document the optimal policy is known (`kale_optimum`): a
yardstick for every learner. By default satisfaction is so insensitive that chocolate alone is
optimal; at a sensitivity of 0.3 who only looks at this step loses clearly.

Source: Ie et al. (2019), RecSim, arXiv 1909.04847, section on long-term satisfaction.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.study import HeadlineMetric, Study
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.entities.corpora.kale import KaleCorpus
from recsim_ng.entities.metrics import RewardMetrics
from recsim_ng.entities.recommendation import BaseRecommender, Vocabulary
from recsim_ng.entities.recommenders.oracle import OracleRecommender
from recsim_ng.entities.recommenders.registry import RecommenderName
from recsim_ng.entities.recommenders.registry import recommender as recommender_of
from recsim_ng.entities.users.long_term_satisfaction import LongTermSatisfactionUser
from recsim_ng.stories.kale_optimum import KaleOptimum, kale_optimum
from recsim_ng.stories.recommendation_simulation import recs_story

_KNOWING = ("myopic", "optimal")


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the long-term satisfaction story."""

    num_users: int = 1000
    """U, number of users."""
    num_docs: int = 10
    """D, documents of kaleness 0, 1/(D-1), ..., 1."""
    slate_size: int = 1
    """S, documents shown; of several, one is chosen by a logit on chocolate."""
    recommender: Literal["optimal"] | RecommenderName = "myopic"
    """Who chooses. myopic: what engages most now, knowing each user's satisfaction; optimal:
    dynamic programming over the horizon, knowing the exposure (for slates of one document). The
    others are those of any story."""
    discount: float = 0.7
    """Share of the net kale exposure that is left after a step."""
    sensitivity: float = 0.01
    """Of satisfaction to net kale exposure; 0.3 for the harder variant."""
    innovation_noise: float = 0.05
    """Standard deviation of the noise in the exposure."""
    mu_choc: float = 5.0
    """Location of the logarithm of chocolate's engagement."""
    mu_kale: float = 4.0
    """Location of the logarithm of kale's engagement."""
    sd_choc: float = 1.0
    """Scale of the logarithm of chocolate's engagement."""
    sd_kale: float = 1.0
    """Scale of the logarithm of kale's engagement."""
    horizon: int = 60
    """Steps that the optimal policy plans for; from then on it is myopic."""

    def __post_init__(self) -> None:
        where = "long_term_satisfaction"
        for name in ("num_users", "num_docs", "horizon"):
            check.whole(where, name, getattr(self, name), 1)
        check.whole(where, "slate_size", self.slate_size, 1, self.num_docs)
        names = ("optimal", *get_args(RecommenderName))
        check.one_of(where, "recommender", self.recommender, names)
        check.real(where, "discount", self.discount, 0.0, 1.0)
        check.real(where, "sensitivity", self.sensitivity, 0.0, 1e3)
        check.real(where, "innovation_noise", self.innovation_noise, 0.0, 1e3)
        for name in ("mu_choc", "mu_kale"):
            check.real(where, name, getattr(self, name), -50.0, 50.0)
        for name in ("sd_choc", "sd_kale"):
            check.real(where, name, getattr(self, name), 1e-3, 5.0)
        if self.recommender == "optimal" and self.slate_size != 1:
            raise ConfigError(
                f"{where}: the optimal policy is known for a slate_size of 1 alone, "
                f"got {self.slate_size}; take 1, or another recommender"
            )


def optimum(
    config: Config, num_steps: int | None = None, document: int | None = None
) -> KaleOptimum:
    """Solves the story for slates of one document.

    Args:
      config: its settings.
      num_steps: T; the config's horizon if None.
      document: to evaluate the policy that always shows this one; None for the best policy.

    Returns:
      Policy and value.
    """
    return kale_optimum(
        np.linspace(0.0, 1.0, config.num_docs),
        config.horizon if num_steps is None else num_steps,
        discount=config.discount,
        sensitivity=config.sensitivity,
        innovation_noise=config.innovation_noise,
        mu_choc=config.mu_choc,
        mu_kale=config.mu_kale,
        sd_choc=config.sd_choc,
        sd_kale=config.sd_kale,
        document=document,
    )


def expected_engagement(config: Config, observation: Value, docs: Value) -> Any:
    """The expected engagement of each user with each document now, `[U, D]` float32.

    Args:
      config: of the story.
      observation: satisfaction `[U]`.
      docs: doc_kaleness `[D]`.
    """
    k = docs.get("doc_kaleness")
    sd = config.sd_choc + k * (config.sd_kale - config.sd_choc)
    mean = tf.exp(config.mu_choc + k * (config.mu_kale - config.mu_choc) + 0.5 * sd * sd)
    return observation.get("satisfaction")[:, None] * mean


def optimal_policy(config: Config) -> Callable[[Any, Value, Value], Any]:
    """Returns the optimal policy, for an `OracleRecommender`.

    Args:
      config: of the story.
    """
    found = optimum(config)
    # After the horizon, as at its last step.
    actions = tf.constant(found.action, tf.int32)
    low, step_size = found.exposure[0], found.exposure[1] - found.exposure[0]

    def policy(step: Any, observation: Value, docs: Value) -> Any:
        del docs
        row = tf.gather(actions, tf.minimum(step, config.horizon - 1))
        place = (observation.get("net_kale_exposure") - low) / step_size
        place = tf.clip_by_value(tf.round(place), 0.0, float(len(found.exposure) - 1))
        return tf.one_hot(tf.gather(row, tf.cast(place, tf.int32)), config.num_docs)

    return policy


def story(config: Config) -> Sequence[Variable]:
    """Makes the story's variables.

    Args:
      config: its settings.

    Returns:
      The variables of `recs_story`.
    """
    is_known = config.recommender in _KNOWING
    utility = functools.partial(expected_engagement, config)
    usual, spread = _usual_engagement(config)
    settings = {
        **dataclasses.asdict(config),
        "num_topics": 1,
        "observe_exposure": is_known,
        "vocabulary": Vocabulary(reward="engagement", utility=utility if is_known else None),
        # What a service would know of its business: for those who learn from engagement.
        "usual_reward": usual,
        "reward_noise": spread,
        "reward_range": (0.0, usual + 4.0 * spread),
    }
    recommender: Callable[[Any], BaseRecommender] = (
        functools.partial(OracleRecommender, policy=optimal_policy(config))
        if config.recommender == "optimal"
        else recommender_of(config.recommender)
    )
    metrics = functools.partial(RewardMetrics, field="engagement")
    return recs_story(settings, LongTermSatisfactionUser, KaleCorpus, recommender, metrics)


def _usual_engagement(config: Config) -> tuple[float, float]:
    """Mean and standard deviation of a neutral user's engagement with chocolate and kale."""
    means, squares = [], []
    for mu, sd in ((config.mu_choc, config.sd_choc), (config.mu_kale, config.sd_kale)):
        means.append(0.5 * math.exp(mu + sd**2 / 2))
        squares.append(0.25 * math.exp(2 * mu + 2 * sd**2))
    mean = sum(means) / 2
    return mean, math.sqrt(sum(squares) / 2 - mean**2)


def _mean(variable: str, field: str) -> Callable[[Any], np.ndarray]:
    return lambda trajectory: np.mean(trajectory[variable].get(field), axis=1)


def _cumulative(trajectory: Any) -> np.ndarray:
    return np.cumsum(np.mean(trajectory["user response"].get("engagement"), axis=1))


def _kaleness(trajectory: Any) -> np.ndarray:
    """The mean kaleness of what was chosen, `[T]`."""
    kaleness = np.asarray(trajectory["slate docs"].get("doc_kaleness"))
    choice = np.asarray(trajectory["user response"].get("choice"))
    return np.take_along_axis(kaleness, choice[..., None], axis=2)[..., 0].mean(axis=1)


STUDY = Study(
    metrics=(
        HeadlineMetric(
            "cumulative_engagement",
            "mean cumulative engagement per user",
            ("user response.engagement",),
            _cumulative,
            higher_is_better=True,
        ),
        HeadlineMetric(
            "engagement",
            "mean engagement per user and step",
            ("user response.engagement",),
            _mean("user response", "engagement"),
            higher_is_better=True,
        ),
        HeadlineMetric(
            "satisfaction",
            "mean satisfaction",
            ("user state.satisfaction",),
            _mean("user state", "satisfaction"),
            higher_is_better=True,
        ),
        HeadlineMetric(
            "kaleness",
            "mean kaleness of what was chosen",
            ("slate docs.doc_kaleness", "user response.choice"),
            _kaleness,
        ),
    ),
    num_steps=60,
    num_seeds=20,
)
