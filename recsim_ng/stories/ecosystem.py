"""Ecosystem health: does promoting small providers make users better off?

Users live near content providers. Providers produce in proportion to the squared clicks that they
got, so small ones die out under a recommender that only looks at affinity. The recommender's boost
cap says how much it may promote providers that were chosen little.

Source: Mladenov et al. (2021), RecSim NG, section on ecosystem modelling.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any, get_args

import numpy as np
import tensorflow as tf

import recsim_ng
from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.network import find_unique_field
from recsim_ng.core.study import HeadlineMetric, Study
from recsim_ng.core.variable import Variable
from recsim_ng.entities.recommenders import RecommenderName
from recsim_ng.stories.provider_health import (
    effective_providers,
    provider_gini,
    viable_providers,
)
from recsim_ng.stories.provider_simulation import (
    DOCS_PER_PROVIDER,
    create_viable_provider_simulation_network,
    init_random_provider_clusters,
)


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the ecosystem story."""

    num_users: int = 2000
    """U, number of users."""
    num_provider_clusters: int = 40
    """Number of clusters of providers."""
    provider_fan_out: int = 2
    """Providers in each cluster; there are P = clusters x fan-out of them."""
    provider_disp: float = 64.0
    """Variance of the clusters' centres around the origin."""
    num_topics: int = 2
    """K, dimension of the space of interests."""
    num_docs: int = 0
    """D, new documents at each step; 0: five for each provider."""
    slate_size: int = 3
    """S, documents shown to a user at each step."""
    provider_boost_cap: float = 1.2
    """How much a provider may be promoted or demoted, in units of affinity; 0: myopic."""
    interest_step_size: float = 0.0
    """How far an interest moves away from what was chosen, as a share of the distance; negative:
    towards it. Away, interests grow by that share at every step, and after about 12 / log(1 +
    share) steps, 1,200 at 0.01 and 130 at 0.1, float32 no longer tells documents apart."""
    provider_seed: int = 0
    """Seed of the providers, which are the same for all seeds of a run."""
    recommender: RecommenderName = "myopic"
    """Who chooses the slates. myopic: the published one, that may boost providers; the others by
    their names (`recsim_ng.entities.recommenders.RECOMMENDERS`), whose items are the providers."""

    def __post_init__(self) -> None:
        where = "ecosystem"
        for name in ("num_users", "num_provider_clusters", "provider_fan_out", "num_topics"):
            check.whole(where, name, getattr(self, name), 1)
        check.whole(where, "num_docs", self.num_docs, 0)
        check.whole(where, "slate_size", self.slate_size, 1, self.documents)
        check.real(where, "provider_disp", self.provider_disp, 0.0, 1e12)
        check.real(where, "provider_boost_cap", self.provider_boost_cap, 0.0, 1e6)
        check.real(where, "interest_step_size", self.interest_step_size, -1.0, 1.0)
        check.whole(where, "provider_seed", self.provider_seed, 0, 2**63 - 1)
        check.one_of(where, "recommender", self.recommender, get_args(RecommenderName))

    @property
    def documents(self) -> int:
        """D, with the default resolved."""
        return self.num_docs or DOCS_PER_PROVIDER * self.num_providers

    @property
    def num_providers(self) -> int:
        """P."""
        return self.num_provider_clusters * self.provider_fan_out


def story(config: Config) -> Sequence[Variable]:
    """Makes the story's variables.

    Args:
      config: its settings.

    Returns:
      The variables of `recs_story`.
    """
    provider_means = init_random_provider_clusters(
        config.provider_disp,
        config.provider_fan_out,
        config.num_provider_clusters,
        config.num_topics,
        seed=config.provider_seed,
    )
    return create_viable_provider_simulation_network(
        provider_means,
        config.num_users,
        config.provider_boost_cap,
        num_docs=config.documents,
        slate_size=config.slate_size,
        interest_step_size=config.interest_step_size,
        recommender=config.recommender,
    )


def run_simulation(
    strategy: Any,
    num_replicas: int,
    num_runs: int,
    provider_means: Any,
    num_users: int,
    horizon: int,
    *,
    seed: int = 0,
    runtime: Callable[[Sequence[Variable]], Any] | None = None,
) -> tuple[float, float]:
    """Runs the story many times and says how well off its users are.

    The reward of a run is the mean over users of the utility that they have cumulated at the last
    of `horizon` steps.

    Args:
      strategy: the cap of the providers' boost (0: myopic); None for the published one; a
        `tf.distribute.Strategy`, on whose replicas the published story runs; or a function
        (provider_means, num_users) -> variables, one with a field `cumulative_reward`.
      num_replicas: number of replicas; that of the strategy, where it has replicas.
      num_runs: runs of each replica.
      provider_means: `[P, K]`.
      num_users: U.
      horizon: T, number of steps.
      seed: of the first run; each run has the next.
      runtime: makes a runtime out of variables; `recsim_ng.TFRuntime` if None.

    Returns:
      The mean over all runs, and its standard error (NaN for a single run).

    Raises:
      ConfigError: (also a ValueError) a number is below 1, or not that of the strategy's replicas.
    """
    for name, x in (("num_replicas", num_replicas), ("num_runs", num_runs), ("horizon", horizon)):
        check.whole("run_simulation", name, x, 1)
    distributed = isinstance(strategy, tf.distribute.Strategy)
    if distributed and strategy.num_replicas_in_sync != num_replicas:
        wanted = f"that of the strategy, {strategy.num_replicas_in_sync}"
        raise ConfigError(f"run_simulation: num_replicas must be {wanted}, got {num_replicas}")
    if strategy is None or distributed:
        variables = create_viable_provider_simulation_network(provider_means, num_users)
    elif callable(strategy):
        variables = strategy(provider_means, num_users)
    else:
        check.real("run_simulation", "strategy, as the cap,", strategy, 0.0)
        variables = create_viable_provider_simulation_network(provider_means, num_users, strategy)
    # By the package's front door, as in a story of a user: docs/decisions/0004.
    made = (recsim_ng.TFRuntime if runtime is None else runtime)(variables)

    def reward(run_seed: Any) -> Any:
        end = made.execute(horizon - 1, seed=run_seed)
        return tf.reduce_mean(find_unique_field(end, "cumulative_reward")[1])

    @tf.function(autograph=False)
    def on_replicas(first: Any) -> Any:
        seeds = strategy.experimental_distribute_values_from_function(
            lambda context: first + context.replica_id_in_sync_group
        )
        return strategy.experimental_local_results(strategy.run(reward, (seeds,)))

    seeds = range(seed, seed + num_replicas * num_runs)
    if distributed:
        firsts = seeds[::num_replicas]
        rewards = [float(x) for s in firsts for x in on_replicas(tf.constant(s, tf.int64))]
    else:
        rewards = [float(reward(s)) for s in seeds]
    error = np.std(rewards, ddof=1) / np.sqrt(len(rewards)) if len(rewards) > 1 else math.nan
    return float(np.mean(rewards)), float(error)


def _mean_reward(trajectory: Any) -> np.ndarray:
    return np.mean(trajectory["metrics state"].get("reward"), axis=1)


def _mean_cumulative_reward(trajectory: Any) -> np.ndarray:
    return np.mean(trajectory["metrics state"].get("cumulative_reward"), axis=1)


_CLICKS = ("corpus state.provider_click_count",)

STUDY = Study(
    metrics=(
        HeadlineMetric(
            "cumulative_utility",
            "mean cumulative utility per user",
            ("metrics state.cumulative_reward",),
            _mean_cumulative_reward,
            higher_is_better=True,
        ),
        HeadlineMetric(
            "utility",
            "mean utility per user and step",
            ("metrics state.reward",),
            _mean_reward,
            higher_is_better=True,
        ),
        HeadlineMetric(
            "effective_providers",
            "effective number of providers",
            _CLICKS,
            effective_providers,
            higher_is_better=True,
        ),
        HeadlineMetric(
            "viable_providers",
            "share of providers with a tenth of an equal share of clicks",
            _CLICKS,
            viable_providers,
            higher_is_better=True,
        ),
        HeadlineMetric(
            "provider_gini", "Gini coefficient of providers' clicks", _CLICKS, provider_gini, False
        ),
    ),
    num_steps=300,
    num_seeds=20,
    published="--num-steps 300 --seeds 40",
)
