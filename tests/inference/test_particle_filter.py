"""The particle filter and its smoothers, against Kalman's filter and the forward algorithm."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, PythonRuntime, ed
from recsim_ng.core import Value, Variable
from recsim_ng.core.errors import ConfigError, DataError, FieldError
from recsim_ng.core.variable import value
from recsim_ng.inference import Target
from recsim_ng.inference.particle_filter import ParticleFilter, SmcSettings, filter_particles
from recsim_ng.stories import latent_satisfaction
from tests.inference.state_space import (
    forward_backward,
    hidden_markov,
    kalman,
    linear_gaussian,
    users,
)
from tests.small_networks import X
from tests.statistical import assert_mean, must_catch

# Y has a surprise at step 2, so that weights are uneven.
Y = np.array([[0.3, -0.8, 0.5], [1.2, 0.4, -0.9], [-1.5, 1.9, 1.0], [-0.4, 0.2, -0.1]], np.float32)
T = len(Y)
REPEATS = 2000  # users of each kind, each with particles of its own
HARD = SmcSettings(num_particles=30)
TRACES = []


def logs(count, y=Y):
    """Users of three kinds in turn, all of a kind with the same logs."""
    return {"seen": Value(x=tf.constant(y[:, np.arange(count) % 3]))}


def by_kind(x):
    """`[T, REPEATS, 3]` out of `[T, U]`."""
    return np.asarray(x).reshape(len(x), -1, 3)


@pytest.fixture(scope="module")
def gaussian():
    return ParticleFilter(linear_gaussian(3 * REPEATS, TRACES), HARD)


@pytest.fixture(scope="module")
def filtered(gaussian):
    return gaussian.run(logs(3 * REPEATS), seed=5)


def test_the_likelihood_estimate_is_unbiased(filtered, gaussian, seed):
    found = gaussian.run(logs(3 * REPEATS), seed)
    assert found.users == 3 * REPEATS
    ratio = np.exp(found.log_likelihood_by_user.reshape(-1, 3) - kalman(Y)[0])
    # The deviation is estimated from the draws themselves, at 2,000 to within 10 %.
    sd, skewness = 1.1 * ratio.std(axis=0), 4.0
    assert_mean(ratio, 1.0, sd, skewness=skewness, what="estimated over exact likelihood")
    with must_catch():  # in logarithms the estimate is too low, by half its variance
        assert_mean(1.0 + np.log(ratio), 1.0, sd, skewness=skewness)


def test_filtered_moments_are_kalmans(filtered):
    _, means, variances, _, _ = kalman(Y)
    # Bias is of the order of 1/P times the variance of the weights.
    np.testing.assert_allclose(by_kind(filtered.mean("level.x")).mean(1), means, atol=0.05)
    within = by_kind(filtered.variance("level.x")).mean(1)
    np.testing.assert_allclose(within, variances, rtol=0.15)
    assert filtered.particles["level"]["x"].shape == (T, 30, 3 * REPEATS)
    np.testing.assert_allclose(filtered.weights.sum(axis=1), 1.0, rtol=1e-5)
    assert filtered.ess.shape == (T, 3 * REPEATS)
    assert filtered.ess.min() >= 1.0


@pytest.mark.parametrize("method", ["backward", "genealogy"])
def test_smoothed_moments_are_those_of_rauch_tung_and_striebel(filtered, method):
    _, means, _, smooth, variances = kalman(Y)
    draws = np.asarray(filtered.smoothed(4, 1, method)["level"]["x"])
    assert draws.shape == (4, T, 3 * REPEATS)
    draws = draws.reshape(4, T, REPEATS, 3).swapaxes(1, 2).reshape(-1, T, 3)
    np.testing.assert_allclose(draws.mean(0), smooth, atol=0.1)
    np.testing.assert_allclose(draws.var(0), variances, rtol=0.2)
    assert abs(means - smooth).max() > 0.3  # so that filtering would not do


def test_backward_draws_are_diverse_where_genealogies_are_not(filtered):
    distinct = {}
    for method in ("backward", "genealogy"):
        first = np.asarray(filtered.smoothed(40, 0, method)["level"]["x"])[:, 0]
        distinct[method] = np.mean([len(np.unique(x)) for x in first.T])
    assert distinct["backward"] > 1.2 * distinct["genealogy"]


def test_discrete_states_are_those_of_the_forward_backward_algorithm(seed):
    y = Y[:, 0]
    story = hidden_markov(REPEATS)
    found = filter_particles(
        story, {"seen": Value(x=tf.tile(y[:, None], [1, REPEATS]))}, HARD, seed
    )
    log_likelihood, filtering, smoothing = forward_backward(y)
    ratio = np.exp(found.log_likelihood_by_user - log_likelihood)
    assert_mean(ratio, 1.0, 1.1 * ratio.std(), skewness=1.0, what="hidden Markov likelihood")
    np.testing.assert_allclose(found.mean("chain.x").mean(1), filtering, atol=0.02)
    draws = np.asarray(found.smoothed(4, seed)["chain"]["x"])
    assert draws.dtype == np.int32
    # 8,000 draws, each user's four alike: 0.05 is over seven standard errors.
    np.testing.assert_allclose(draws.mean((0, 2)), smoothing, atol=0.05)


def shared_mean():
    """A mean that is drawn once, for two users: m ~ N(0, 1), y_t ~ N(m, 1)."""
    mean, seen = Variable("mean", X), Variable("seen", users((2,)))
    mean.initial_value = value(lambda: Value(x=ed.Normal(0.0, 1.0, name="x")))
    seen.value = value(
        lambda m: Value(x=ed.Normal(m.get("x") * tf.ones(2), 1.0, name="x")), (mean,)
    )
    return Network([mean, seen])


def test_what_never_changes_is_weighted_as_a_whole():
    y = Y[:, :2].astype(np.float64)
    settings = SmcSettings(num_particles=5_000, resample_below=0.3)
    run = ParticleFilter(shared_mean(), settings)
    found = run.run({"seen": Value(x=tf.constant(Y[:, :2]))}, seed=1)
    assert found.users is None
    assert found.log_likelihood_by_user is None
    counts = 2 * np.arange(1, T + 1)
    means, precision = y.sum(1).cumsum() / (1 + counts), 1 + counts
    # At least 0.3 P = 1,500 effective draws, of deviation 0.58 at most: seven standard errors.
    np.testing.assert_allclose(found.mean("mean.x"), means, atol=0.1)
    np.testing.assert_allclose(found.variance("mean.x"), 1 / precision, rtol=0.25)
    flat, n = y.ravel(), y.size
    exact = -0.5 * (n * np.log(2 * np.pi) + np.log(1 + n) + flat @ flat - flat.sum() ** 2 / (1 + n))
    assert found.log_likelihood == pytest.approx(exact, abs=0.3)
    for method in ("backward", "genealogy"):
        draws = np.asarray(found.smoothed(100, 3, method)["mean"]["x"])
        assert draws.shape == (100,)
        assert draws.mean() == pytest.approx(means[-1], abs=7 / np.sqrt(100 * precision[-1]))


def test_the_same_seed_draws_the_same_and_more_users_change_nobodys_draws(filtered):
    few = ParticleFilter(linear_gaussian(6), HARD)
    one, other = few.run(logs(6), seed=5), few.run(logs(6), seed=6)
    np.testing.assert_array_equal(one.kept[0], few.run(logs(6), seed=5).kept[0])
    assert not np.array_equal(one.kept[0], other.kept[0])
    many = np.asarray(filtered.kept[0])[..., :6]
    np.testing.assert_allclose(one.kept[0], many, rtol=1e-5, atol=1e-5)
    before = filtered.log_likelihood_by_user[:6]
    np.testing.assert_allclose(one.log_likelihood_by_user, before, rtol=1e-4)


def test_other_logs_and_seeds_of_the_same_shapes_trace_nothing(gaussian, filtered):
    before = len(TRACES)
    assert before > 0
    found = gaussian.run(logs(3 * REPEATS, -Y), seed=7)
    assert len(TRACES) == before
    np.testing.assert_allclose(
        by_kind(found.mean("level.x")).mean(1), -by_kind(filtered.mean("level.x")).mean(1), atol=0.1
    )


def test_results_go_to_arviz_with_named_axes(filtered):
    data = filtered.inference_data(5, method="genealogy")
    assert data.posterior["level.x"].dims == ("chain", "draw", "time", "user")
    assert data.observed_data["seen.x"].dims == ("time", "user")
    assert data.filter_stats["ess"].dims == ("time", "user")
    total = float(data.filter_stats["log_likelihood"].sum())
    assert total == pytest.approx(filtered.log_likelihood, rel=1e-5)
    # Its draws are of the shapes that a target takes.
    target = Target(linear_gaussian(3 * REPEATS), logs(3 * REPEATS))
    draw = filtered.smoothed(1, method="genealogy")["level"]["x"][0]
    assert np.isfinite(target.log_joint([draw]))


@pytest.mark.slow
def test_a_story_with_two_kinds_of_unknowns_is_filtered_user_by_user():
    story = latent_satisfaction.create_latent_variable_model_network(4)
    run = PythonRuntime(story).trajectory(6, seed=2)
    held = {name: run[name] for name in ("slate docs", "user response")}
    particles = ParticleFilter(story, SmcSettings(500))
    found = [particles.run(held, seed) for seed in (1, 2)]
    assert found[0].users == 4
    by_user = [one.log_likelihood_by_user for one in found]
    np.testing.assert_allclose(*by_user, atol=0.5)
    draws = found[0].smoothed(2, seed=3, method="genealogy")["user state"]
    assert draws["intent"].shape == (2, 4, 3)  # drawn once
    assert draws["satisfaction"].shape == (2, 5, 4)  # from step 1 on


def test_an_observation_that_nothing_explains_is_named():
    level, seen = Variable("level", X), Variable("seen", users((2,)))
    level.initial_value = value(lambda: Value(x=ed.Uniform(0.0, 1.0, name="x")))
    seen.value = value(
        lambda v: Value(x=ed.Uniform(tf.zeros(2), v.get("x") + tf.ones(2), name="x")), (level,)
    )
    y = tf.constant([[0.5, 0.5], [0.5, 3.0]])
    text = (
        r"filter_particles: at every step some particle must explain what was observed, got "
        r"probability 0 in all 30 at step 1, field \['seen.x'\]; take more particles, or look "
        r"whether the story can make these logs; \['level.x'\], drawn once, hardly move: fit them "
        r"by 'mcmc' or 'em' first and put them into the logs"
    )
    with pytest.raises(DataError, match=text):
        filter_particles([level, seen], {"seen": Value(x=y)}, HARD)


def test_what_cannot_be_filtered_is_refused():
    story = linear_gaussian(3)
    everything = {**logs(3), "level": Value(x=tf.zeros([T, 3]))}
    with pytest.raises(DataError, match="filter_particles: the story must draw something that"):
        filter_particles(story, everything)
    with pytest.raises(ConfigError, match=r"SmcSettings: num_particles must be a whole number"):
        SmcSettings(num_particles=0)
    with pytest.raises(ConfigError, match=r"SmcSettings: resample_below must be a number within"):
        SmcSettings(resample_below=1.5)
    with pytest.raises(ConfigError, match=r"independent must be one of \['auto', 'none', 'user'\]"):
        SmcSettings(independent="all")


def test_what_is_not_in_the_result_is_refused(filtered):
    with pytest.raises(FieldError, match=r"Filtered: the name must be one of \['level.x'\], got"):
        filtered.mean("seen.x")
    with pytest.raises(ConfigError, match=r"smoothed: method must be one of \['backward', 'gene"):
        filtered.smoothed(1, method="x")
    with pytest.raises(ConfigError, match=r"smoothed: num_draws must be a whole number"):
        filtered.smoothed(0)
