"""Policies: does the simulator rank them as logged propensities do?"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from scipy import stats

from recsim_ng.core.errors import DataError
from recsim_ng.report.difference import Difference, mean_by_user

_REPLICATES = 1000


@dataclasses.dataclass(frozen=True, eq=False)
class PolicyLog:
    """Logged decisions with propensities, and policies to be compared on them.

    Attributes:
      rewards: `[N]` of the logged actions.
      propensities: `[N]` probabilities with which the logged actions were taken, within (0, 1].
      targets: policy -> `[N]` probability that it takes the logged action.
      simulated: policy -> its value in the simulator, reward per decision.
      user: `[N]` whose decisions they are; None: each is one's own.
      model_of_logged: `[N]` a model's expected reward of the logged action, for doubly robust
        estimates; None: there are none.
      model_of_targets: policy -> `[N]` the model's expected reward under the policy.
    """

    rewards: np.ndarray
    propensities: np.ndarray
    targets: Mapping[str, np.ndarray]
    simulated: Mapping[str, float]
    user: np.ndarray | None = None
    model_of_logged: np.ndarray | None = None
    model_of_targets: Mapping[str, np.ndarray] | None = None

    def __post_init__(self) -> None:
        size = len(self.rewards)
        named: dict[str, np.ndarray | None] = {"user": self.user}
        named["propensities"] = self.propensities
        named["model_of_logged"] = self.model_of_logged
        named.update({f"targets['{k}']": x for k, x in self.targets.items()})
        named.update({f"model_of_targets['{k}']": x for k, x in self._models().items()})
        wrong = {k: list(np.asarray(x).shape) for k, x in named.items() if _is_off(x, size)}
        if wrong:
            raise DataError(f"PolicyLog: arrays must be as long as rewards, {size}, got {wrong}")
        p = np.asarray(self.propensities)
        if not (np.all(p > 0) and np.all(p <= 1)):
            raise DataError(f"PolicyLog: propensities must be within (0, 1], got {p.min()}")
        models = sorted(self._models()) if self.model_of_logged is not None else None
        if sorted(self.simulated) != sorted(self.targets) or len(self.targets) < 2:
            raise DataError(
                "PolicyLog: targets and simulated must be of the same policies, two at least, got "
                f"{sorted(self.targets)} and {sorted(self.simulated)}"
            )
        if models is not None and models != sorted(self.targets):
            raise DataError(
                f"PolicyLog: model_of_targets must be of the policies {sorted(self.targets)}, got "
                f"{models}"
            )

    def _models(self) -> Mapping[str, np.ndarray]:
        return self.model_of_targets or {}


@dataclasses.dataclass(frozen=True)
class Ranking:
    """One estimator's values of policies beside the simulator's.

    Attributes:
      estimator: "inverse propensity", "self-normalised" or "doubly robust".
      values: policy -> estimate with its 95 % interval.
      tau: Kendall's rank correlation with the simulator's values, 1 for the same ranking.
      interval: 95 % interval of tau, by resampling users.
    """

    estimator: str
    values: Mapping[str, Difference]
    tau: float
    interval: tuple[float, float]


@dataclasses.dataclass(frozen=True)
class PolicyAgreement:
    """Whether the simulator ranks policies as the logs do.

    Attributes:
      simulated: policy -> its value in the simulator.
      rankings: one for each estimator.
      effective_sizes: policy -> how many decisions its weights are worth, (sum w)^2 / sum w^2.
    """

    simulated: Mapping[str, float]
    rankings: tuple[Ranking, ...]
    effective_sizes: Mapping[str, float]

    @property
    def is_agreed(self) -> bool:
        """Whether every estimator's interval of Kendall's tau is above 0."""
        return all(ranking.interval[0] > 0.0 for ranking in self.rankings)


def policy_agreement(log: PolicyLog, seed: int = 0) -> PolicyAgreement:
    """Compares the simulator's ranking of policies with off-policy estimates.

    With weights w_n = pi(a_n) / p_n, rewards r_n and a model q of them:

        inverse propensity   mean of w_n r_n
        self-normalised      sum of w_n r_n / sum of w_n
        doubly robust        mean of q_pi,n + w_n (r_n - q_n)

    Args:
      log: decisions and policies.
      seed: of resampling.

    Returns:
      The agreement.

    Source: Horvitz and Thompson, 1952; Swaminathan and Joachims, NeurIPS 2015; Dudik, Langford and
      Li, ICML 2011.
    """
    names = list(log.targets)
    r, p = np.asarray(log.rewards, np.float64), np.asarray(log.propensities, np.float64)
    weights = np.stack([np.asarray(log.targets[name]) / p for name in names])
    user = np.arange(len(r)) if log.user is None else np.asarray(log.user)
    _, who = np.unique(user, return_inverse=True)
    terms = {
        "inverse propensity": (weights * r, np.ones_like(weights)),
        "self-normalised": (weights * r, weights),
    }
    if log.model_of_logged is not None and log.model_of_targets is not None:
        base = np.stack([np.asarray(log.model_of_targets[name]) for name in names])
        robust = base + weights * (r - np.asarray(log.model_of_logged))
        terms["doubly robust"] = (robust, np.ones_like(weights))
    people = who.max() + 1
    rng = np.random.default_rng(seed)
    resample = rng.multinomial(people, np.full(people, 1 / people), size=_REPLICATES)
    simulated = np.array([log.simulated[name] for name in names])
    rankings = []
    for estimator, (top, bottom) in terms.items():
        values = {}
        for name, x, y in zip(names, top, bottom, strict=True):
            ratio, scale = x.sum() / y.sum(), y.mean()
            around = mean_by_user((x - ratio * y) / scale, who)
            values[name] = Difference(ratio, ratio + around.low, ratio + around.high)
        up, down = (np.stack([np.bincount(who, x, people) for x in z]) for z in (top, bottom))
        with np.errstate(invalid="ignore", divide="ignore"):
            drawn = (resample @ up.T) / (resample @ down.T)
        taus = [_tau(x, simulated) for x in drawn]
        low, high = np.quantile(taus, [0.025, 0.975])
        point = _tau(np.array([v.mean for v in values.values()]), simulated)
        rankings.append(Ranking(estimator, values, point, (float(low), float(high))))
    sizes = weights.sum(axis=1) ** 2 / (weights**2).sum(axis=1)
    effective = {name: float(x) for name, x in zip(names, sizes, strict=True)}
    return PolicyAgreement(dict(log.simulated), tuple(rankings), effective)


def _tau(x: np.ndarray, y: np.ndarray) -> float:
    """Kendall's tau-b; 0 where one of them is all ties."""
    found = stats.kendalltau(x, y).statistic
    return 0.0 if np.isnan(found) else float(found)


def _is_off(x: np.ndarray | None, size: int) -> bool:
    return x is not None and np.asarray(x).shape != (size,)
