"""The interface of log-probabilities that stories of RecSim NG use."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, PythonRuntime, TFRuntime, Value, Variable, ed
from recsim_ng.core.errors import NetworkError
from recsim_ng.core.variable import value
from recsim_ng.inference import Scorer, log_probability
from recsim_ng.stories import latent_satisfaction
from tests.small_networks import X, coupled

STEPS = 5


@pytest.fixture(scope="module")
def story():
    return latent_satisfaction.create_latent_variable_model_network(num_users=3)


@pytest.fixture(scope="module")
def run(story):
    return TFRuntime(story).trajectory(STEPS, seed=4)


@pytest.fixture(scope="module")
def score(story, run):
    return Scorer(story).score(run)


def test_the_package_exports_the_module_of_that_name():
    assert log_probability.log_probability is not log_probability


@pytest.mark.parametrize("graph_compile", [False, True])
def test_a_trajectory_and_its_replay_score_alike(graph_compile, story, run, score):
    of = log_probability
    total = of.log_probability_from_value_trajectory(story, run, STEPS - 1, graph_compile)
    assert float(total) == pytest.approx(float(score.total), rel=1e-5)
    plain = of.log_probability_from_value_trajectory(story, dict(run), STEPS - 1, graph_compile)
    assert float(plain) == pytest.approx(float(score.total), rel=1e-5)
    observation = of.replay_variables(story, run)
    assert [v.name for v in observation] == [f"{v.name} obs" for v in story]
    replayed = of.log_probability(story, observation, STEPS - 1, graph_compile)
    assert float(replayed) == pytest.approx(float(score.total), rel=1e-5)


def test_fewer_steps_score_the_first_ones(story, run, score):
    first = sum(
        float(tf.reduce_sum(x[:3])) for v in score.fields.values() for x in v.as_dict.values()
    )
    of = log_probability
    total = of.log_probability_from_value_trajectory(story, run, 2)
    assert float(total) == pytest.approx(first, rel=1e-4)


def test_what_is_missing_is_computed_and_drawn_alike_each_time(story, run):
    held = {name: run[name] for name in run if name != "user response"}
    of = log_probability
    totals = [float(of.log_probability_from_value_trajectory(story, held, 3)) for _ in range(2)]
    assert totals[0] == totals[1]
    observation = of.replay_variables(story, held)
    replayed = TFRuntime(observation).trajectory(STEPS, seed=1)
    np.testing.assert_array_equal(replayed["user state obs"]["intent"], run["user state"]["intent"])


def per_step(score):
    """The sum of all log-probabilities up to and with each step."""
    parts = [
        tf.reduce_sum(x, axis=range(1, x.shape.rank)).numpy()
        for value in score.fields.values()
        for x in value.as_dict.values()
    ]
    return np.cumsum(np.sum(parts, axis=0))


def test_variables_of_log_probabilities_say_what_the_score_says(story, run, score):
    of = log_probability
    direct = of.log_prob_variables_from_direct_output(story)
    total = of.total_log_prob_accumulator_variable(direct)
    accumulated = of.log_prob_accumulator_variables(direct)
    assert [v.name for v in direct] == [f"{v.name}_log_prob" for v in story]
    assert [v.name for v in accumulated] == [f"{v.name}_log_prob_accum" for v in story]
    along = TFRuntime([*story, *direct, *accumulated, total]).trajectory(STEPS, seed=4)
    accum = along["total_log_prob_accum"]["accum"]
    np.testing.assert_allclose(accum, per_step(score), rtol=1e-4)
    for variable in story:
        parts = score.fields[variable.name].as_dict
        for field, x in along[f"{variable.name}_log_prob"].as_dict.items():
            expected = np.broadcast_to(np.reshape(parts[field], _padded(parts[field], x)), x.shape)
            np.testing.assert_allclose(x, expected, rtol=1e-3, atol=1e-4)
        summed = along[f"{variable.name}_log_prob_accum"]
        for field, x in along[f"{variable.name}_log_prob"].as_dict.items():
            np.testing.assert_allclose(
                summed[field], np.cumsum(np.asarray(x, np.float64), axis=0), rtol=1e-4, atol=1e-4
            )


def _padded(x, like):
    return [*x.shape, *([1] * (len(like.shape) - len(x.shape)))]


def test_observations_are_scored_step_by_step(story, run, score):
    of = log_probability
    observation = of.replay_variables(story, run)
    log_probs = of.log_prob_variables_from_observation(story, observation)
    total = of.total_log_prob_accumulator_variable(log_probs)
    along = PythonRuntime([*observation, *log_probs, total]).trajectory(STEPS, seed=9)
    accum = along["total_log_prob_accum"]["accum"]
    np.testing.assert_allclose(accum, per_step(score), rtol=1e-4)


def test_a_static_variable_counts_once_in_the_sum_of_a_run(seed):
    network = coupled()
    direct = log_probability.log_prob_variables_from_direct_output(network.variables)
    total = log_probability.total_log_prob_accumulator_variable(direct)
    along = PythonRuntime([*network.variables, *direct, total]).trajectory(4, seed=seed)
    accum = along["total_log_prob_accum"]["accum"]
    held = {name: along[name] for name in ("taste", "mood", "seen")}
    assert float(accum[-1]) == pytest.approx(float(Scorer(network).total(held)), rel=1e-5)


def test_observations_must_match_the_story(story, run):
    of = log_probability
    observation = of.replay_variables(story, run)
    for wrong, message in (
        (observation[:-1], "observation: must be one variable for each of the story's 3, got 2"),
        (story, "observation: its names must be others than the story's"),
    ):
        with pytest.raises(NetworkError, match=message):
            of.log_probability(story, wrong, 2)
        with pytest.raises(NetworkError, match=message):
            of.log_prob_variables_from_observation(story, wrong)


def test_a_deterministic_site_tolerates_rounding():
    sure = Variable("sure", X)
    sure.value = value(lambda: Value(x=ed.Deterministic(loc=[1.0, 1e6], name="x")))
    network = Network([sure])
    for x, expected in (([1.000001, 1e6 + 1], 0.0), ([1.001, 1e6], -np.inf)):
        assert float(Scorer(network).total({"sure": Value(x=tf.constant([x]))})) == expected
