"""Social contagion: closed forms, runtimes, and who is kept apart by whom."""

import dataclasses

import networkx as nx
import numpy as np
import pytest

from recsim_ng import Network, PythonRuntime, TFRuntime
from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.stories import social
from tests import statistical
from tests.agreement import assert_agree, in_graph_and_xla

SMALL = social.Config(num_users=20, num_docs=8, num_neighbours=4, slate_size=2)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"num_users": 0}, "social: num_users must be a whole number of at least 1, got 0"),
        ({"slate_size": 101}, "social: slate_size must be a whole number within 1..100, got 101"),
        ({"recommender": "x"}, "recommender: name must be one of"),
        ({"num_neighbours": 5}, "social: num_neighbours must be even, got 5"),
        ({"num_users": 10}, "social: num_neighbours must be a whole number within 0..9, got 10"),
        ({"rewiring": -0.1}, "social: rewiring must be a number within"),
        ({"social_weight": 2.0}, "social: social_weight must be a number within"),
        ({"interest_noise": 0.0}, "social: interest_noise must be a number within"),
        ({"edges": 3}, "social: edges must name a file, got 3"),
        ({"chunk": -1}, "social: chunk must be a whole number of at least 0"),
    ],
)
def test_settings_out_of_range_are_refused(setting, message):
    with pytest.raises(ConfigError, match=message):
        social.Config(**setting)


@pytest.mark.parametrize("recommender", [pytest.param("random", marks=pytest.mark.slow), "myopic"])
@in_graph_and_xla
def test_all_runtimes_agree(recommender, jit_compile, seed):
    story = social.story(dataclasses.replace(SMALL, recommender=recommender))
    expected = PythonRuntime(Network(story)).trajectory(4, seed=seed)
    runtime = TFRuntime(Network(story), jit_compile=jit_compile)
    assert_agree(expected, runtime.trajectory(4, seed=seed))


def test_headline_metrics_are_what_they_say(seed):
    run = PythonRuntime(Network(social.story(SMALL))).trajectory(4, seed=seed)
    metrics = {metric.name: metric.compute(run) for metric in social.STUDY.metrics}
    assert all(values.shape == (4,) for values in metrics.values())
    utility = np.asarray(run["user response"].get("utility")).mean(axis=1)
    np.testing.assert_allclose(metrics["utility"], utility, rtol=1e-5)
    cumulative = [0, *np.cumsum(utility)[:-1]]
    np.testing.assert_allclose(metrics["cumulative_utility"], cumulative, rtol=1e-4, atol=1e-5)
    late = np.asarray(run["metrics state"].get("interest.polarisation"))
    np.testing.assert_allclose(metrics["polarisation"][:-1], late[1:], rtol=1e-4)
    choice = np.asarray(run["user response"].get("choice"))
    np.testing.assert_allclose(metrics["choice_rate"], np.mean(choice < 2, axis=1))


def test_a_network_may_be_read_from_a_file_or_given_as_a_graph(tmp_path, seed):
    graph = nx.cycle_graph(20)
    path = tmp_path / "ties.txt"
    path.write_text("".join(f"{u} {v}\n" for u, v in graph.edges()))
    given = social.create_social_simulation_network(SMALL, graph)
    read = social.story(dataclasses.replace(SMALL, edges=str(path)))
    runs = [PythonRuntime(Network(s)).trajectory(2, seed=seed) for s in (given, read)]
    assert_agree(*runs)
    path.write_text("3 3\n")
    with pytest.raises(ConfigError, match="nobody can be their own neighbour"):
        social.story(dataclasses.replace(SMALL, edges=str(path)))
    with pytest.raises(DataError, match="must be a readable text file"):
        social.story(dataclasses.replace(SMALL, edges=str(tmp_path / "none")))


def test_without_consumption_interests_have_the_moments_of_a_consensus_process(seed):
    # Everybody knows everybody: u' = (1 - w) u + w m + noise has a closed form. The mean over users
    # walks at random, and the deviations d from it shrink: d' = (1 - w U / (U - 1)) d + noise, so
    # that at steady state their variance is noise^2 / (1 - (1 - w U / (U - 1))^2).
    num_users, weight = 300, 0.5
    config = social.Config(
        num_users=num_users,
        num_docs=2,
        slate_size=1,
        social_weight=weight,
        consumption_effect=0.0,
        interest_noise=0.1,
    )
    edges = np.stack(np.triu_indices(num_users, 1), axis=1)
    story = social.create_social_simulation_network(config, edges)
    record = ["user state.interest"]
    run = TFRuntime(Network(story)).trajectory(400, seed=seed, record=record)
    interest = np.asarray(run["user state"].get("interest"), np.float64)
    kept = 1 - weight * num_users / (num_users - 1)
    apart = interest - interest.mean(axis=1, keepdims=True)
    variance = 0.1**2 / (1 - kept**2) * (1 - 1 / num_users)
    # At kept = 0.498 every tenth step from the 30th on is independent to 1e-3: 38 of them, in two
    # topics. Each sum of squares is chi-square with U - 1 degrees of freedom in units of variance.
    sums = np.square(apart[30::10]).sum(axis=1).reshape(-1) / num_users
    sd = variance * np.sqrt(2 / (num_users - 1))
    skewness = np.sqrt(8 / (num_users - 1))
    statistical.assert_mean(sums, variance, sd, skewness=skewness, what="spread of a consensus")
    with statistical.must_catch():
        statistical.assert_mean(sums, 1.1 * variance, sd, skewness=skewness)
