"""The scenario of bandits: which algorithms serve which problems, and that learning pays."""

import itertools
import typing

import numpy as np
import pytest

from recsim_ng import Network, PythonRuntime
from recsim_ng.core.errors import ConfigError
from recsim_ng.entities.bandits import BernoulliThompson, GaussianThompson
from recsim_ng.entities.recommenders import RECOMMENDERS
from recsim_ng.stories import bandits
from recsim_ng.stories.bandits import Config, story

PROBLEMS = ("bernoulli", "gaussian", "linear", "drifting")
ALGORITHMS = (
    "epsilon_greedy",
    "ucb1",
    "kl_ucb",
    "thompson",
    "bernoulli_thompson",
    "gaussian_thompson",
    "lin_ucb",
    "linear_thompson",
)
REFUSED = {
    *itertools.product(("kl_ucb", "bernoulli_thompson"), ("gaussian", "linear", "drifting")),
    *itertools.product(("lin_ucb", "linear_thompson"), ("bernoulli", "gaussian", "drifting")),
}


@pytest.mark.parametrize(("algorithm", "problem"), [*itertools.product(ALGORITHMS, PROBLEMS)])
def test_algorithms_serve_the_problems_that_they_are_for(algorithm, problem, seed):
    settings = {"num_bandits": 3, "num_arms": 2, "algorithm": algorithm, "problem": problem}
    if (algorithm, problem) in REFUSED:
        with pytest.raises(ConfigError, match=f"bandits: the algorithm {algorithm} needs"):
            Config(**settings)
        return
    run = PythonRuntime(story(Config(**settings))).trajectory(3, seed=seed)
    for metric in bandits.STUDY.metrics:
        assert metric.compute(run).shape == (3,)


@pytest.mark.parametrize(
    ("problem", "law"), [("bernoulli", BernoulliThompson), ("gaussian", GaussianThompson)]
)
def test_thompson_takes_the_law_of_the_problem(problem, law):
    variables = {v.name: v for v in story(Config(problem=problem))}
    assert type(variables["algorithm choice"].value.fn.__self__) is law


def test_the_names_are_those_of_the_recommenders():
    shared = set(ALGORITHMS) & set(RECOMMENDERS)
    assert {"ucb1", "bernoulli_thompson", "gaussian_thompson", "lin_ucb"} <= shared
    assert set(typing.get_args(typing.get_type_hints(Config)["algorithm"])) == set(ALGORITHMS)


def test_bandits_lie_along_the_first_axis():
    network = Network(story(Config(problem="linear", algorithm="lin_ucb")))
    dims = {name: s.dims for v in network.variables for name, s in v.spec.as_dict.items()}
    assert {d[0] for d in dims.values()} == {"bandit"}
    assert dims["features"] == ("bandit", "arm", "feature")


@pytest.mark.parametrize(
    ("problem", "algorithm"),
    [("bernoulli", "thompson"), ("linear", "lin_ucb"), ("drifting", "ucb1")],
)
def test_whoever_learns_gains_against_chance(problem, algorithm, seed):
    def regret(**settings):
        config = Config(num_bandits=50, num_arms=3, problem=problem, **settings)
        run = PythonRuntime(story(config)).trajectory(61, seed=seed)
        return np.asarray(run["metrics state"]["cumulative_regret"])[-1]

    gain = regret(algorithm="epsilon_greedy", epsilon=1.0) - regret(algorithm=algorithm)
    # Of 50 bandits; at 5 standard errors by chance once in three million.
    assert gain.mean() > 3 * gain.std() / np.sqrt(50)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_arms": 1}, "num_arms must be a whole number of at least 2, got 1"),
        ({"num_bandits": 0}, "num_bandits must be a whole number of at least 1, got 0"),
        ({"num_features": 0}, "num_features must be a whole number of at least 1, got 0"),
        ({"noise_scale": 0.0}, "noise_scale must be a number within [1e-06, 1000000.0], got 0.0"),
        ({"drift_scale": -1.0}, "drift_scale must be a number within [1e-06, 1000000.0], got -1.0"),
        ({"epsilon": 1.5}, "epsilon must be a number within [0.0, 1.0], got 1.5"),
        ({"shared_weights": "nope"}, "shared_weights must be True or False, got 'nope'"),
        ({"discount": 2.0}, "discount must be a number within [0.0, 1.0], got 2.0"),
        (
            {"problem": "x"},
            "problem must be one of ['bernoulli', 'drifting', 'gaussian', 'linear'], got 'x'",
        ),
        (
            {"algorithm": "lin_ucb"},
            "the algorithm lin_ucb needs the problem 'linear', got 'bernoulli'; take that, or "
            "another algorithm",
        ),
    ],
)
def test_settings_out_of_range_are_refused(change, message):
    with pytest.raises(ConfigError) as error:
        Config(**change)
    assert str(error.value) == f"bandits: {message}"
