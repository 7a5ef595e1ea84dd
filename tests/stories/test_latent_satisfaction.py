"""The latent satisfaction story: wiring, runtimes, and recovery of what was put in."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import PythonRuntime, TFRuntime
from recsim_ng.core.given import Condition
from recsim_ng.core.site import Record, behaviour
from recsim_ng.entities.users.model_learning import ModelLearningDemoUser
from recsim_ng.stories.latent_satisfaction import (
    STUDY,
    Config,
    create_latent_variable_model_network,
    sensitivity_estimates,
    story,
)
from tests import statistical
from tests.agreement import assert_agree, in_graph_and_xla


def test_the_published_set_up_is_the_default():
    config = Config()
    assert (config.num_users, config.num_topics, config.slate_size) == (5, 3, 4)
    assert (config.satisfaction_sensitivity, STUDY.num_steps) == (0.8, 6)
    run = PythonRuntime(create_latent_variable_model_network(2)).trajectory(2, seed=0)
    fields = {name: set(run[name]) for name in run}
    assert fields == {
        "slate docs": {"features"},
        "user state": {"satisfaction", "intent", "max_slate_utility"},
        "user response": {"choice"},
    }


@in_graph_and_xla
def test_all_runtimes_agree(jit_compile, seed):
    variables = story(Config(num_users=3))
    expected = PythonRuntime(variables).trajectory(6, seed=seed)
    got = TFRuntime(variables, jit_compile=jit_compile).trajectory(6, seed=seed)
    assert_agree(expected, got)


@pytest.fixture(scope="module")
def runtime():
    """2,000 users, whose sensitivities run from 0.2 to 0.95."""
    truth = np.linspace(0.2, 0.95, 2000).astype(np.float32)
    return truth, TFRuntime(create_latent_variable_model_network(satisfaction_sensitivity=truth))


def test_maximum_likelihood_recovers_every_users_sensitivity(runtime, seed):
    truth, made = runtime
    estimates, errors = sensitivity_estimates(made.trajectory(6, seed=seed))
    assert estimates.shape == (5, 2000)
    assert errors[-1].max() < 0.002
    # The noise is so small that regressors are all but given: the estimates are normal about the
    # truth. 2,000 of them catch a bias of 0.21 standard errors with power 0.999.
    z = (estimates - truth) / errors
    statistical.assert_mean(z[-1], 0.0, 1.0, what="errors of the estimates")
    statistical.assert_mean(z[-1] ** 2, 1.0, np.sqrt(2), skewness=np.sqrt(8), what="their squares")
    with statistical.must_catch():
        statistical.assert_mean((estimates - truth - 0.001)[-1] / errors[-1], 0.0, 1.0)


def test_the_estimate_is_where_the_models_likelihood_is_flat(runtime, seed):
    truth, made = runtime
    run = made.trajectory(6, seed=seed)
    estimates, errors = sensitivity_estimates(run)
    config = {"num_users": 2000, "num_topics": 3, "slate_size": 4}

    def gradient(at):
        sensitivity = tf.Variable(at, dtype=tf.float32)
        user = ModelLearningDemoUser({**config, "satisfaction_sensitivity": sensitivity})
        with tf.GradientTape() as tape:
            total = 0.0
            for t in range(5):
                before, after = run.at_step(t), run.at_step(t + 1)
                seen = {("user state", "satisfaction"): after["user state"].get("satisfaction")}
                with Condition(seen), Record() as record, behaviour("user state"):
                    user.next_state(
                        before["user state"], before["user response"], before["slate docs"]
                    )
                site = record.sites[("user state", "satisfaction")]
                total += tf.reduce_sum(site.distribution.log_prob(site.value))
        return tape.gradient(total, sensitivity).numpy()

    # The slope of the score is -1 / error^2; rounding of the satisfactions (2^-23 of 5) is worth
    # less than a thousandth of a standard error.
    scale = 1 / errors[-1]
    assert np.abs(gradient(estimates[-1]) / scale).max() < 0.02
    moved = gradient(estimates[-1] + errors[-1]) / scale
    np.testing.assert_allclose(moved, -1.0, atol=0.05)


def test_headline_metrics_have_one_number_a_step(seed):
    run = PythonRuntime(story(Config(satisfaction_sensitivity=0.5))).trajectory(4, seed=seed)
    found = {metric.name: metric.compute(run) for metric in STUDY.metrics}
    assert all(x.shape == (4,) for x in found.values())
    assert found["satisfaction"][0] == 5
    assert found["sensitivity_estimate"][0] == 0
    np.testing.assert_allclose(found["sensitivity_estimate"][1:], 0.5, atol=0.02)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_users": 0}, "num_users must be a whole number of at least 1, got 0"),
        (
            {"satisfaction_sensitivity": 2.0},
            "satisfaction_sensitivity must be a number within [-1.0, 1.0], got 2.0",
        ),
    ],
)
def test_settings_out_of_range_are_refused(change, message):
    with pytest.raises(ValueError) as error:
        Config(**change)
    assert str(error.value) == f"latent_satisfaction: {message}"


def test_an_unknown_sensitivity_is_drawn_and_the_rest_is_as_before(seed):
    config = Config(num_users=4, unknown_sensitivity=True, satisfaction_sensitivity=0.1)
    run = PythonRuntime(story(config)).trajectory(4, seed=seed)
    drawn = np.asarray(run["sensitivity"]["value"])
    assert drawn.shape == (4, 4) and np.all((drawn > 0) & (drawn < 1)) and np.ptp(drawn[0]) > 0
    known = Config(num_users=4)
    with Condition({("sensitivity", "value"): np.full(4, 0.8, np.float32)}):
        given = PythonRuntime(story(config)).trajectory(4, seed=seed)
    plain = PythonRuntime(story(known)).trajectory(4, seed=seed)
    for name in ("user state", "user response"):
        for field, x in plain[name].as_dict.items():
            if field in given[name].as_dict:
                np.testing.assert_allclose(given[name][field], x, rtol=1e-6, err_msg=field)
