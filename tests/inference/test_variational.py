"""Surrogates fitted to stories, against closed forms and quadrature."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from recsim_ng import Network, PythonRuntime, ed
from recsim_ng.core import Space, Value, ValueSpec, Variable
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.given import Condition
from recsim_ng.core.variable import value
from recsim_ng.inference.fitting import Fitter, fit
from recsim_ng.inference.variational import ViSettings
from tests.inference.test_fitting import STEPS as WALK_STEPS
from tests.inference.test_fitting import quadrature
from tests.walk import walk_story

USERS, STEPS, NOISE = 3, 5, 0.5
MIX = np.array([[1.0, 0.6], [0.2, 0.9]], np.float32)


def box(users):
    return ValueSpec(x=Space.box(-np.inf, np.inf, (users, 2), dims=("user", "part")))


TRACED = []


def mixed_story(users, mix=MIX):
    """taste_u ~ N(0, 1), seen_tu ~ N(mix taste_u, NOISE): users are independent blocks."""

    def preferred(v):
        if not tf.executing_eagerly():
            TRACED.append(users)
        return tf.linalg.matvec(mix, v.get("x"))

    taste, seen = Variable("taste", box(users)), Variable("seen", box(users))
    taste.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros([users, 2]), 1.0, name="x")))
    seen.value = value(lambda v: Value(x=ed.Normal(preferred(v), NOISE, name="x")), (taste,))
    return Network([taste, seen])


def seen(users, seed, steps=STEPS):
    rng = np.random.default_rng(seed)
    taste = rng.normal(size=(users, 2))
    return (taste @ MIX.T + NOISE * rng.normal(size=(steps, users, 2))).astype(np.float32)


def logs_of(y):
    return {"seen": Value(x=tf.constant(y))}


def posterior(y):
    """(means `[U, 2]`, precision, log evidence `[U]`) in closed form."""
    steps, users, _ = y.shape
    precision = np.eye(2) + steps * MIX.T @ MIX / NOISE**2
    mean = np.linalg.solve(precision, MIX.T @ y.sum(axis=0).T / NOISE**2).T
    joint = np.kron(np.ones((steps, steps)), MIX @ MIX.T) + NOISE**2 * np.eye(2 * steps)
    each = y.transpose(1, 0, 2).reshape(users, -1)
    return mean, precision, stats.multivariate_normal(cov=joint).logpdf(each)


def moments(found):
    """(means `[B, n]`, covariances `[B, n, n]`) of a normal surrogate, without its draws' noise."""
    learnt, surrogate = found.details["learnt"], found.details["surrogate"]
    own, outer = surrogate.bijector(learnt.parameters, learnt.frame.features), learnt.frame
    size = outer.loc.shape[1]
    points = tf.concat([tf.zeros([1, size]), tf.eye(size)], axis=0)[:, None]
    z = outer.bijector().forward(own.forward(points)).numpy()
    lower = np.moveaxis(z[1:] - z[0], 0, -1)
    return z[0], lower @ lower.swapaxes(-1, -2)


@pytest.fixture(scope="module")
def full_rank():
    settings = ViSettings(family="full_rank", num_draws=2000)
    return Fitter(mixed_story(USERS), logs_of(seen(USERS, 0)), method="vi", settings=settings)


def test_full_rank_is_a_normal_posterior_exactly_and_its_elbo_the_evidence(full_rank):
    fit_ = full_rank.fit(seed=1)
    _, found = full_rank.infer(logs_of(seen(USERS, 0)), seed=1)
    assert fit_.is_trusted, fit_
    mean, precision, evidence = posterior(seen(USERS, 0))
    at, covariance = moments(found)
    np.testing.assert_allclose(at, mean, atol=1e-4)
    np.testing.assert_allclose(covariance, np.tile(np.linalg.inv(precision), [3, 1, 1]), atol=1e-4)
    np.testing.assert_allclose(found.details["elbo"], evidence, atol=1e-3)
    np.testing.assert_array_less(found.details["pareto_k"], 0.7)
    assert found.details["elbo_trace"].shape[1] == USERS
    draws = fit_.data.posterior["taste.x"]
    assert draws.shape == (1, 2000, USERS, 2)
    away = (draws.values[0] - mean) @ np.linalg.cholesky(precision)
    # Means of 2,000 draws; six deviations come by chance once in 10^8.
    np.testing.assert_allclose(away.mean(axis=0), 0.0, atol=6 / np.sqrt(2000))
    np.testing.assert_array_equal(fit_.data.sample_stats["lp"].dims, ("chain", "draw", "user"))


def test_other_logs_of_the_form_are_fitted_without_another_trace(full_rank):
    full_rank.fit(seed=1)
    y = seen(USERS, 7)
    traced = len(TRACED)
    _, found = full_rank.infer(logs_of(y), seed=2)
    assert len(TRACED) == traced > 0
    mean, _, evidence = posterior(y)
    np.testing.assert_allclose(moments(found)[0], mean, atol=1e-4)
    np.testing.assert_allclose(found.details["elbo"], evidence, atol=1e-3)


def test_an_interrupted_fit_goes_on_from_its_checkpoint_to_the_same_end(full_rank, tmp_path):
    path, steps = tmp_path / "vi.npz", []

    def stop(done, whole):
        steps.append((done, whole))
        if done == 300:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        full_rank.fit(seed=3, checkpoint=path, progress=stop)
    assert path.exists()
    resumed = full_rank.fit(seed=3, checkpoint=path, progress=lambda *at: steps.append(at))
    assert not path.exists()
    assert [done for done, _ in steps] == list(range(100, steps[-1][0] + 1, 100))
    assert steps[-1][0] == steps[-1][1]
    whole = full_rank.fit(seed=3)
    np.testing.assert_array_equal(
        resumed.data.posterior["taste.x"], whole.data.posterior["taste.x"]
    )


def test_mean_field_has_the_means_and_the_known_too_small_variances():
    settings = ViSettings(num_samples=16)
    y = seen(USERS, 0)
    fitter = Fitter(mixed_story(USERS), logs_of(y), method="vi", settings=settings)
    _, found = fitter.infer(logs_of(y), seed=1)
    mean, precision, evidence = posterior(y)
    at, covariance = moments(found)
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    np.testing.assert_allclose(at, mean, atol=0.02)
    np.testing.assert_allclose(variance, np.tile(1 / np.diag(precision), [3, 1]), rtol=0.05)
    assert np.all(variance < 0.8 * np.diag(np.linalg.inv(precision)))
    # KL(q || p) of two normals of one mean, q's variances 1 / P_ii.
    gap = 0.5 * (np.log(np.diag(precision)).sum() - np.linalg.slogdet(precision)[1])
    shortfall = evidence - found.details["elbo"]
    np.testing.assert_allclose(shortfall, gap, atol=0.02 + 6 * found.details["elbo_error"].max())


@pytest.mark.slow
def test_parameters_in_their_supports_have_the_moments_of_quadrature():
    with Condition({("rate", "x"): 0.7, ("scale", "x"): 0.5}):
        run = PythonRuntime(walk_story()).trajectory(WALK_STEPS, seed=3)
    logs = {"walk": run["walk"]}
    settings = ViSettings(family="full_rank", num_draws=4000)
    found = fit(walk_story(), logs, method="vi", settings=settings, seed=1)
    assert found.is_trusted, found
    assert repr(found).startswith("Fit of rate.x, scale.x by vi")
    mean, sd, _ = quadrature(logs)
    draws = [found.data.posterior[name].values for name in ("rate.x", "scale.x")]
    np.testing.assert_allclose([d.mean() for d in draws], mean, atol=0.15 * sd.min())
    np.testing.assert_allclose([d.std() for d in draws], sd, rtol=0.1)


@pytest.fixture(scope="module")
def amortised():
    users = 200
    settings = ViSettings(amortised=True, hidden_units=16, num_steps=1500)
    y = seen(users, 0)
    story = mixed_story(users, np.diag([1.0, 0.5]).astype(np.float32))
    return Fitter(story, logs_of(y), method="vi", settings=settings), y


@pytest.mark.slow
def test_a_network_reads_posteriors_off_logs_that_it_has_not_seen(amortised):
    fitter, y = amortised
    steps = []
    fitter.fit(seed=1, progress=lambda *at: steps.append(at))
    assert steps
    taken = len(steps)
    # Further logs of other users: no steps are taken.
    other = seen(200, 5)
    fitter.fit(logs_of(other), seed=2, progress=lambda *at: steps.append(at))
    assert len(steps) == taken
    _, found = fitter.infer(logs_of(other), seed=2)
    slope = np.array([1.0, 0.5])
    precision = 1 + STEPS * slope**2 / NOISE**2
    mean = slope * other.sum(axis=0) / NOISE**2 / precision
    at, covariance = moments(found)
    away = (at - mean) * np.sqrt(precision)
    assert np.sqrt(np.mean(away**2)) < 0.3  # deviations; without its logs a user is 3 off
    scales = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2) * precision)
    np.testing.assert_allclose(scales.mean(axis=0), 1.0, atol=0.1)


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(
        ConfigError, match="ViSettings: family must be one of .*'flow'.*, got 'normal'"
    ):
        ViSettings(family="normal")
    with pytest.raises(ConfigError, match="ViSettings: num_samples must be a whole number"):
        ViSettings(num_samples=0)
    with pytest.raises(
        ConfigError,
        match="ViSettings: amortised=True must have family 'mean_field', got 'flow'; change one",
    ):
        ViSettings(family="flow", amortised=True)
