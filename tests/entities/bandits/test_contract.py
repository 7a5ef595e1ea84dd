"""What every member of the bandit roles keeps to; specs are checked by the network itself."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, PythonRuntime, TFRuntime
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.site import Record, Seed
from recsim_ng.entities import bandits
from tests.agreement import assert_agree, in_graph_and_xla
from tests.entities.bandits.bandit_stories import (
    BERNOULLI,
    CONFIG,
    DRIFTING,
    GAUSSIAN,
    LINEAR,
    STORIES,
    side_by_side,
    story,
)

ROLES = {
    bandits.BanditGenerator: ["parameters", "specs"],
    bandits.BanditContext: ["initial_state", "next_state", "specs"],
    bandits.BanditProblem: ["initial_state", "next_state", "reward", "specs"],
    bandits.BanditAlgorithm: ["initial_statistics", "next_statistics", "arm_choice", "specs"],
    bandits.BanditMetrics: ["initial_state", "next_state", "specs"],
}
BASES = {
    *ROLES,
    bandits.ArmStatisticsAlgorithm,
    bandits.IndexAlgorithm,
    bandits.LinearStatisticsAlgorithm,
    bandits.MeanRewardProblem,
}
MEMBERS = [
    x
    for x in (getattr(bandits, name) for name in bandits.__all__)
    if inspect.isclass(x) and x not in BASES
]


def test_every_member_is_in_a_story():
    found = {bandits.RegretMetrics}
    for problem, algorithm, _ in STORIES.values():
        found |= {*problem, algorithm}
    assert found == set(MEMBERS)


# In two parts, so that less is compiled: what is drawn once, and what follows from it.


@in_graph_and_xla
def test_graph_xla_and_python_agree_on_the_first_state_of_bandits(jit_compile, seed):
    names = ("epsilon-greedy", "gaussian thompson", "linucb", "drifting")
    network = side_by_side({name: story(name)[:3] for name in names})
    expected = PythonRuntime(network).execute(0, seed=seed)
    assert_agree(expected, TFRuntime(network, jit_compile=jit_compile).execute(0, seed=seed))


@in_graph_and_xla
def test_graph_xla_and_python_agree_on_all_stories(jit_compile, seed):
    network = side_by_side({name: story(name) for name in STORIES})
    start = PythonRuntime(network).execute(0, seed=seed)
    expected = PythonRuntime(network).trajectory(9, start, seed=seed)
    got = TFRuntime(network, jit_compile=jit_compile).trajectory(9, start, seed=seed)
    assert_agree(expected, got)


@pytest.mark.parametrize("name", STORIES)
def test_draws_follow_the_seed_and_have_finite_log_probabilities(name, seed):
    network = Network(story(name))
    runs = []
    for run_seed in (seed, seed, seed + 1):
        with Seed(run_seed, 0), Record() as first:
            state = network.initial_step()
        with Seed(run_seed, 1), Record() as later:
            network.step(state)
        runs.append([*first.sites.items(), *later.sites.items()])
    for (address, x), (_, same) in zip(*runs[:2], strict=True):
        value = tf.convert_to_tensor(x.value)
        np.testing.assert_array_equal(value, same.value, err_msg=address)
        assert np.isfinite(x.distribution.log_prob(value)).all(), address
    moved = [np.any(x.value != y.value) for (_, x), (_, y) in zip(runs[0], runs[2], strict=True)]
    assert any(moved)


@pytest.mark.parametrize("name", STORIES)
def test_every_draw_is_a_field_so_that_it_is_scored(name):
    network = Network(story(name))
    with Seed(0, 0), Record() as record:
        state = network.initial_step()
    with Seed(0, 1), record:
        following = network.step(state)
    fields = {
        id(x) for values in (state, following) for v in values.values() for x in v.as_dict.values()
    }
    assert all(id(site.random_variable) in fields for site in record.sites.values())


@pytest.mark.parametrize("role", ROLES)
def test_roles_say_what_a_subclass_must_define(role):
    made = role({"anything": 1})
    assert made.name == role.__name__
    for method in ROLES[role]:
        arguments = [None] * len(inspect.signature(getattr(made, method)).parameters)
        with pytest.raises(NotImplementedError, match=rf"{role.__name__}: must define {method}"):
            getattr(made, method)(*arguments)


@pytest.mark.parametrize("member", [m for m in MEMBERS if m is not bandits.NoContext])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_arms": 1}, "num_arms must be a whole number of at least 2, got 1"),
        ({"num_bandits": 0}, "num_bandits must be a whole number of at least 1, got 0"),
        ({"num_bandits": None}, "num_bandits must be a whole number of at least 1, got None"),
    ],
)
def test_sizes_out_of_range_are_refused(member, change, message):
    with pytest.raises(ConfigError) as error:
        member({**CONFIG, **change})
    assert str(error.value) == f"{member.__name__}: {message}"


(BernoulliGenerator, _, _), (GaussianGenerator, _, GaussianProblem) = BERNOULLI, GAUSSIAN
(LinearGenerator, FeatureContext, _), (_, DriftContext, _) = LINEAR, DRIFTING


@pytest.mark.parametrize(
    ("member", "change", "message"),
    [
        (BernoulliGenerator, {"prior_successes": 0.0}, "prior_successes must be a number within"),
        (BernoulliGenerator, {"prior_failures": -1.0}, "prior_failures must be a number within"),
        (
            BernoulliGenerator,
            {"arm_means": [0.1, 0.5, 0.5, 1.25]},
            r"arm_means must be within \[0, 1\], got 1.25",
        ),
        (
            GaussianGenerator,
            {"arm_means": [0.1, 0.5, 0.5, float("nan")]},
            r"arm_means must be within \(-inf, inf\), got nan",
        ),
        (
            GaussianGenerator,
            {"arm_means": [0.1, 0.5]},
            r"arm_means must broadcast to the shape \[3, 4\], got \[2\]",
        ),
        (GaussianGenerator, {"arm_means": "x"}, "arm_means must be an array of real numbers, got"),
        (GaussianGenerator, {"prior_mean": "x"}, "prior_mean must be a number within"),
        (LinearGenerator, {"weights": "x"}, "weights must be an array of real numbers, got 'x'"),
        (GaussianGenerator, {"prior_scale": 0.0}, "prior_scale must be a number within"),
        (GaussianProblem, {"noise_scale": 0.0}, "noise_scale must be a number within"),
        (LinearGenerator, {"num_features": 0}, "num_features must be a whole number of at least 1"),
        (LinearGenerator, {"shared_weights": "no"}, "shared_weights must be True or False, got"),
        (
            LinearGenerator,
            {"weights": np.zeros((4, 2))},
            r"weights must broadcast to the shape \[3, 1, 2\], got \[4, 2\]",
        ),
        (LinearGenerator, {"weight_scale": -1.0}, "weight_scale must be a number within"),
        (FeatureContext, {"num_features": 0}, "num_features must be a whole number of at least 1"),
        (DriftContext, {"drift_scale": 0.0}, "drift_scale must be a number within"),
        (bandits.UCB1, {"exploration": -1.0}, "exploration must be a number within"),
        (bandits.UCB1, {"discount": 1.5}, r"discount must be a number within \[0.0, 1.0\], got"),
        (bandits.KLUCB, {"log_log_weight": -1.0}, "log_log_weight must be a number within"),
        (bandits.EpsilonGreedy, {"epsilon": 1.5}, r"epsilon must be a number within \[0.0, 1.0\]"),
        (bandits.EpsilonGreedy, {"epsilon_decay": -1.0}, "epsilon_decay must be a number within"),
        (bandits.BernoulliThompson, {"belief_successes": 0.0}, "belief_successes must be a number"),
        (bandits.GaussianThompson, {"belief_scale": 0.0}, "belief_scale must be a number within"),
        (bandits.LinUCB, {"ridge": 0.0}, "ridge must be a number within"),
        (bandits.LinUCB, {"exploration": -1.0}, "exploration must be a number within"),
        (bandits.LinearThompson, {"exploration": -1.0}, "exploration must be a number within"),
    ],
)
def test_settings_out_of_range_are_refused(member, change, message):
    with pytest.raises(ConfigError, match=f"^{member.__name__}: {message}"):
        member({**CONFIG, **change})


def test_a_config_is_a_mapping():
    with pytest.raises(ConfigError, match="^UCB1: config must be settings by name, such as"):
        bandits.UCB1([("num_arms", 2)])


@pytest.mark.parametrize(
    "base",
    [bandits.ArmStatisticsAlgorithm, bandits.IndexAlgorithm, bandits.LinearStatisticsAlgorithm],
)
def test_bases_are_named_after_themselves(base):
    made = type("Own", (base,), {"index": lambda self, mean, pulls, total: mean})(CONFIG)
    assert made.name == base.__name__
