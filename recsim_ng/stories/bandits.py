"""Bandits: which algorithm finds the best arm at the least cost?

Many independent bandits side by side, drawn from one law; an algorithm pulls an arm of each at
every step and learns from what it brings. The regret is what it loses against who knows every
arm's mean. Algorithms see the features of arms in the linear problem, and nothing else of the
bandits.

Source: Lattimore and Szepesvári (2020), Bandit algorithms; each algorithm's own source is in
  `recsim_ng.entities.bandits`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.study import HeadlineMetric, Study
from recsim_ng.core.variable import Variable
from recsim_ng.entities.bandits import (
    KLUCB,
    UCB1,
    BernoulliGenerator,
    BernoulliProblem,
    BernoulliThompson,
    DriftContext,
    DriftingProblem,
    EpsilonGreedy,
    FeatureContext,
    GaussianGenerator,
    GaussianProblem,
    GaussianThompson,
    LinearGenerator,
    LinearProblem,
    LinearThompson,
    LinUCB,
    NoContext,
    RegretMetrics,
)
from recsim_ng.stories.bandit_simulation import bandit_story

_PROBLEMS: dict[str, tuple[Any, Any, Any]] = {
    "bernoulli": (BernoulliGenerator, NoContext, BernoulliProblem),
    "gaussian": (GaussianGenerator, NoContext, GaussianProblem),
    "linear": (LinearGenerator, FeatureContext, LinearProblem),
    "drifting": (GaussianGenerator, DriftContext, DriftingProblem),
}
_ALGORITHMS: dict[str, Any] = {
    "epsilon_greedy": EpsilonGreedy,
    "ucb1": UCB1,
    "kl_ucb": KLUCB,
    "bernoulli_thompson": BernoulliThompson,
    "gaussian_thompson": GaussianThompson,
    "lin_ucb": LinUCB,
    "linear_thompson": LinearThompson,
}
# The problems that an algorithm is for, where it is not for all.
_ONLY_FOR = {
    "kl_ucb": "bernoulli",
    "bernoulli_thompson": "bernoulli",
    "lin_ucb": "linear",
    "linear_thompson": "linear",
}


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the bandit story."""

    num_bandits: int = 500
    """B, independent bandits side by side."""
    num_arms: int = 10
    """A, arms of each bandit."""
    num_features: int = 5
    """F, features of an arm in the linear problem."""
    problem: Literal["bernoulli", "gaussian", "linear", "drifting"] = "bernoulli"
    """What arms bring. bernoulli: 1 or 0, probabilities drawn uniformly; gaussian: means drawn from
    N(0, 1), and noise; linear: a function of features that are new at each step, and noise;
    drifting: as gaussian, with means that walk."""
    algorithm: Literal[
        "epsilon_greedy",
        "ucb1",
        "kl_ucb",
        "thompson",
        "bernoulli_thompson",
        "gaussian_thompson",
        "lin_ucb",
        "linear_thompson",
    ] = "thompson"
    """Who chooses. kl_ucb and bernoulli_thompson need the Bernoulli problem, lin_ucb and
    linear_thompson the linear one; thompson is bernoulli_thompson or gaussian_thompson, whichever
    knows the law that bandits are drawn from."""
    noise_scale: float = 1.0
    """Standard deviation of the reward's noise, but for the Bernoulli problem."""
    drift_scale: float = 0.05
    """Standard deviation of a step of the drifting problem's means."""
    shared_weights: bool = True
    """Whether all arms of the linear problem have the same weights, and algorithms know it."""
    exploration: float = 1.0
    """Scales how far ucb1 and lin_ucb hope beyond the mean, and how wide linear_thompson draws."""
    epsilon: float = 0.1
    """Share of pulls that epsilon_greedy explores with, at the first pull."""
    epsilon_decay: float = 0.0
    """Epsilon falls by the number of pulls to this power."""
    discount: float = 1.0
    """What a step leaves of a pull's weight; below 1 all but the linear algorithms forget."""

    def __post_init__(self) -> None:
        where = "bandits"
        check.whole(where, "num_bandits", self.num_bandits, 1)
        check.whole(where, "num_arms", self.num_arms, 2)
        check.whole(where, "num_features", self.num_features, 1)
        check.one_of(where, "problem", self.problem, _PROBLEMS)
        check.one_of(where, "algorithm", self.algorithm, ("thompson", *_ALGORITHMS))
        check.flags(where, self)
        for name in ("noise_scale", "drift_scale"):
            check.real(where, name, getattr(self, name), 1e-6, 1e6)
        check.real(where, "exploration", self.exploration, 0.0, 1e6)
        check.real(where, "epsilon_decay", self.epsilon_decay, 0.0, 10.0)
        check.real(where, "epsilon", self.epsilon, 0.0, 1e6 if self.epsilon_decay else 1.0)
        check.real(where, "discount", self.discount, 0.0, 1.0)
        needed = _ONLY_FOR.get(self.algorithm, self.problem)
        if needed != self.problem:
            raise ConfigError(
                f"{where}: the algorithm {self.algorithm} needs the problem '{needed}', got "
                f"{self.problem!r}; take that, or another algorithm"
            )


def story(config: Config) -> Sequence[Variable]:
    """Makes the story's variables.

    Args:
      config: its settings.

    Returns:
      The variables of `bandit_story`.
    """
    generator, context, problem = _PROBLEMS[config.problem]
    name = config.algorithm
    if name == "thompson":
        name = "bernoulli_thompson" if config.problem == "bernoulli" else "gaussian_thompson"
    settings = dataclasses.asdict(config)
    return bandit_story(settings, generator, context, problem, _ALGORITHMS[name], RegretMetrics)


def _mean(field: str) -> Callable[[Any], np.ndarray]:
    return lambda trajectory: np.mean(trajectory["metrics state"].get(field), axis=1)


def _metric(field: str, label: str, higher_is_better: bool) -> HeadlineMetric:
    return HeadlineMetric(field, label, (f"metrics state.{field}",), _mean(field), higher_is_better)


STUDY = Study(
    metrics=(
        _metric("cumulative_regret", "mean cumulative regret of a bandit", False),
        _metric("simple_regret", "mean regret of the arm pulled most so far", False),
        _metric("best_arm_rate", "share of pulls of the best arm so far", True),
        _metric("reward", "mean expected reward of a pull", True),
    ),
    num_steps=1000,
    num_seeds=10,
)
