"""Maximum likelihood of a story's own variables, against least squares."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.inference import OptimumSettings, fit
from tests.inference.latent_level import USERS, level_run, level_story


@pytest.fixture(scope="module")
def run():
    return level_run(1)


def least_squares(run):
    x = np.asarray(run["level"]["x"], np.float64)
    return (x[1:] * x[:-1]).sum(axis=0) / (x[:-1] ** 2).sum(axis=0)


def whole(run):
    return {"level": run["level"], "seen": run["seen"]}


@pytest.mark.parametrize("optimizer", ["lbfgs", "keras"])
def test_variables_end_at_the_maximum_of_the_likelihood(optimizer, run):
    rate = tf.Variable(np.zeros(USERS, np.float32), name="rate")
    settings = OptimumSettings()
    if optimizer == "keras":
        settings = OptimumSettings(tf.keras.optimizers.Adam(0.05), num_steps=300)
    found = fit(level_story(rate), whole(run), method="mle", settings=settings)
    assert found.is_trusted, found
    np.testing.assert_allclose(rate.numpy(), least_squares(run), atol=1e-4)
    np.testing.assert_array_equal(found.data.posterior["rate"].values[0, 0], rate.numpy())
    assert "Fit of rate by mle" in repr(found)


def test_an_optimizer_that_has_not_arrived_is_a_problem(run):
    rate = tf.Variable(np.zeros(USERS, np.float32), name="rate")
    settings = OptimumSettings(tf.keras.optimizers.SGD(1e-4), num_steps=10)
    found = fit(level_story(rate), whole(run), [rate], "mle", settings=settings)
    assert any("still rises" in problem for problem in found.problems)


@pytest.mark.slow
def test_unknowns_too_end_at_the_maximum_of_the_likelihood(run):
    found = fit(level_story(), whole(run), method="mle")
    np.testing.assert_allclose(
        found.data.posterior["rate.x"].values[0, 0], least_squares(run), atol=1e-4
    )


def test_what_cannot_be_estimated_is_refused(run):
    rate = tf.Variable(np.zeros(USERS, np.float32), name="rate")
    idle = tf.Variable(0.0, name="idle")
    with pytest.raises(DataError, match=r"must hold all that is drawn, got none of \['level.x'\]"):
        fit(level_story(rate), {"seen": run["seen"]}, method="mle")
    with pytest.raises(DataError, match=r"must depend on every parameter, got \['idle:0'\]"):
        fit(level_story(rate), whole(run), [idle], "mle")
    with pytest.raises(ConfigError, match="infers what is drawn, got 1 variables as parameters"):
        fit(level_story(rate), whole(run), [rate], "mcmc")
    fixed = tf.constant([0.5] * USERS)
    with pytest.raises(DataError, match="must draw something that the logs do not hold"):
        fit(level_story(fixed), whole(run), method="mle")
    with pytest.raises(ConfigError, match="optimizer must be 'lbfgs' or a Keras optimizer, got 3"):
        OptimumSettings(3)
