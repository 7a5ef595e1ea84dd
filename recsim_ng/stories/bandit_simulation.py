"""Template of bandit stories: the roles, wired into variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space
from recsim_ng.core.variable import Variable, value
from recsim_ng.entities.bandits import (
    BanditAlgorithm,
    BanditContext,
    BanditGenerator,
    BanditMetrics,
    BanditProblem,
)
from recsim_ng.stories.construction import Config, made


def bandit_story(
    config: Config,
    bandit_parameter_ctor: Callable[[Config], BanditGenerator],
    context_ctor: Callable[[Config], BanditContext],
    bandit_problem_ctor: Callable[[Config], BanditProblem],
    bandit_algorithm_ctor: Callable[[Config], BanditAlgorithm],
    metrics_collector_ctor: Callable[[Config], BanditMetrics],
) -> Sequence[Variable]:
    """Wires generator, context, problem, algorithm and metrics into a story.

    The bandit parameters are drawn once. Within a step, t current:

        bandit state_t     = problem.initial_state(parameters, context_t) at step 0,
                             problem.next_state(parameters, context_t) afterwards
        algorithm choice_t = algorithm.arm_choice(statistics_t, context_t)
        bandit rewards_t   = problem.reward(algorithm choice_t, bandit state_t)

    From step to step, context_0 = context.initial_state(parameters), statistics_0 =
    algorithm.initial_statistics(context_0) and metrics_0 = metrics.initial_state():

        context_{t+1}      = context.next_state(context_t, parameters)
        statistics_{t+1}   = algorithm.next_statistics(statistics_t, algorithm choice_t,
                                                       bandit rewards_t, context_t)
        metrics_{t+1}      = metrics.next_state(metrics_t, algorithm choice_t, bandit state_t,
                                                context_t)

    Args:
      config: settings by name, handed to every constructor.
      bandit_parameter_ctor: makes the generator.
      context_ctor: makes the context.
      bandit_problem_ctor: makes the problem.
      bandit_algorithm_ctor: makes the algorithm.
      metrics_collector_ctor: makes the metrics.

    Returns:
      The variables "bandit parameters", "context state", "bandit state", "algorithm statistics",
      "algorithm choice", "bandit rewards", "metrics state".

    Raises:
      ConfigError: (also a ValueError) a constructor cannot be called, or makes no entity; or
        problem and algorithm are not for that context, or the algorithm not for such rewards.
    """
    where = "bandit_story"
    generator: BanditGenerator = made(where, "bandit_parameter_ctor", bandit_parameter_ctor, config)
    context: BanditContext = made(where, "context_ctor", context_ctor, config)
    problem: BanditProblem = made(where, "bandit_problem_ctor", bandit_problem_ctor, config)
    algorithm: BanditAlgorithm = made(where, "bandit_algorithm_ctor", bandit_algorithm_ctor, config)
    metrics: BanditMetrics = made(where, "metrics_collector_ctor", metrics_collector_ctor, config)
    _require_fit(algorithm, context, problem)

    parameters = Variable("bandit parameters", generator.specs())
    context_state = Variable("context state", context.specs())
    bandit_state = Variable("bandit state", problem.specs().get("state"))
    statistics = Variable("algorithm statistics", algorithm.specs().get("statistics"))
    choice = Variable("algorithm choice", algorithm.specs().get("choice"))
    rewards = Variable("bandit rewards", problem.specs().get("reward"))
    metrics_state = Variable("metrics state", metrics.specs())

    parameters.initial_value = value(generator.parameters)
    context_state.initial_value = value(context.initial_state, (parameters,))
    context_state.value = value(context.next_state, (context_state.previous, parameters))
    bandit_state.initial_value = value(problem.initial_state, (parameters, context_state))
    bandit_state.value = value(problem.next_state, (parameters, context_state))
    statistics.initial_value = value(algorithm.initial_statistics, (context_state,))
    statistics.value = value(
        algorithm.next_statistics,
        (statistics.previous, choice.previous, rewards.previous, context_state.previous),
    )
    choice.value = value(algorithm.arm_choice, (statistics, context_state))
    rewards.value = value(problem.reward, (choice, bandit_state))
    metrics_state.initial_value = value(metrics.initial_state)
    metrics_state.value = value(
        metrics.next_state,
        (metrics_state.previous, choice.previous, bandit_state.previous, context_state.previous),
    )
    return [
        parameters,
        context_state,
        bandit_state,
        statistics,
        choice,
        rewards,
        metrics_state,
    ]


def _require_fit(algorithm: Any, context: Any, problem: Any) -> None:
    """Requires context and rewards to be what problem and algorithm are for."""
    has = list(context.specs())
    for role in (problem, algorithm):
        missing = [name for name in getattr(role, "context_fields", ()) if name not in has]
        if missing:
            raise ConfigError(
                f"bandit_story: {role.name} must have a context with {missing}, got {context.name} "
                f"with {has}; FeatureContext has 'features', DriftContext has 'drift'"
            )
    rewards = problem.specs().get("reward")
    spec = rewards.get("reward") if "reward" in rewards else None
    if not (getattr(algorithm, "unit_rewards", False) and isinstance(spec, Space) and spec.strict):
        return  # a loose spec promises nothing
    box: Any = spec.space
    low, high = np.min(box.low), np.max(box.high)
    if low < 0.0 or high > 1.0:
        raise ConfigError(
            f"bandit_story: {algorithm.name} must have rewards within [0, 1], got {problem.name}, "
            f"whose specs say [{low:g}, {high:g}]; take another algorithm, or declare the bounds"
        )
