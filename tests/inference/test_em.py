"""EM, against the maximum of an exact marginal likelihood."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import minimize_scalar

from recsim_ng.core.errors import ConfigError
from recsim_ng.inference import EmSettings, Fitter, em, fit
from tests.inference.latent_level import PRIOR, USERS, level_run, level_story, log_likelihood


@pytest.fixture(scope="module")
def seen():
    return level_run(1)["seen"]


def best(seen, prior):
    found = []
    for u in range(USERS):
        y = np.asarray(seen["x"])[:, u]
        lowest = minimize_scalar(
            lambda r, y=y: -log_likelihood(r, y) + prior * 0.5 * (r / PRIOR) ** 2,
            bounds=(-2.0, 2.0),
            method="bounded",
        )
        found.append(lowest.x)
    return np.array(found)


@pytest.mark.slow
def test_unknowns_that_are_parameters_end_at_their_marginal_mode(seen):
    found = fit(level_story(), {"seen": seen}, ["rate.x"], "em")
    assert found.is_trusted, found
    estimate = found.data.posterior["rate.x"].values
    assert np.ptp(estimate, axis=(0, 1)).max() == 0.0
    # The iterates wander by 0.01 or so; thirty of them average to 0.002.
    np.testing.assert_allclose(estimate[0, 0], best(seen, 1.0), atol=0.01)
    assert found.data.posterior["level.x"].dims == ("chain", "draw", "time", "user")


@pytest.mark.slow
def test_variables_end_at_the_maximum_of_the_marginal_likelihood(seen):
    rate = tf.Variable(np.full(USERS, 0.2, np.float32), name="rate")
    found = fit(level_story(rate), {"seen": seen}, method="em")
    assert found.is_trusted, found
    np.testing.assert_allclose(rate.numpy(), best(seen, 0.0), atol=0.01)


@pytest.mark.slow
def test_an_interrupted_run_goes_on_to_the_same_iterates(seen, tmp_path):
    def stop(done, whole):
        if done == 5:
            raise KeyboardInterrupt

    path, told = tmp_path / "fit.checkpoint", []
    settings = EmSettings(num_iterations=8, num_chains=1)
    fitter = Fitter(level_story(), {"seen": seen}, ["rate.x"], "em", settings=settings)
    expected = fitter.fit(seed=3).details["iterates"]
    with pytest.raises(KeyboardInterrupt):
        fitter.fit(seed=3, progress=stop, checkpoint=path)
    found = fitter.fit(seed=3, progress=lambda *at: told.append(at), checkpoint=path)
    np.testing.assert_array_equal(found.details["iterates"], expected)
    assert told == [(6, 8), (7, 8), (8, 8)] and not path.exists()


def test_iterates_that_still_move_are_a_problem():
    noise = np.random.default_rng(0).normal(0.0, 0.01, (60, 5))
    assert em.problems_of(noise) == ()
    drift = noise + np.array([0.0, 0.0, 0.002, 0.0, 0.0]) * np.arange(60)[:, None]
    assert em.problems_of(drift) == ("1 of 5 parameters still move: take more iterations",)


def test_em_needs_parameters_and_latents(seen):
    with pytest.raises(
        ConfigError, match="em must have parameters to estimate, got a story without"
    ):
        fit(level_story(), {"seen": seen}, method="em")
    with pytest.raises(ConfigError, match="must be some of the unknowns, but not all"):
        fit(level_story(), {"seen": seen}, ["rate.x", "level.x"], "em")
    with pytest.raises(ConfigError, match=r"must be some of the unknowns.*got \['speed.x'\]"):
        fit(level_story(), {"seen": seen}, ["speed.x"], "em")
    with pytest.raises(ConfigError, match="num_iterations must be a whole number"):
        EmSettings(num_iterations=1)
