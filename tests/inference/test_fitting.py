"""Fits, against quadrature and closed forms; what is unknown; what is refused and what is said."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, PythonRuntime, ed
from recsim_ng.core import FieldSpec, Value, ValueSpec, Variable
from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.core.variable import value
from recsim_ng.inference import McmcSettings, Scorer, Target, fit
from recsim_ng.stories import latent_satisfaction
from tests.small_networks import X
from tests.walk import walk_logs, walk_story

USERS, STEPS = 3, 40


@pytest.fixture(scope="module")
def logs():
    return walk_logs(STEPS)


def quadrature(logs):
    """Posterior means, standard deviations and the mode of (rate, scale), on a grid."""
    x = np.asarray(logs["walk"]["x"], np.float64)
    a, b = x[:-1].ravel(), x[1:].ravel()
    r, s = np.meshgrid(np.linspace(0.3, 1.1, 400), np.linspace(0.3, 0.8, 400), indexing="ij")
    squares = (b @ b) - 2 * r * (a @ b) + r**2 * (a @ a)
    log_p = -0.5 * r**2 - 0.5 * s**2 - len(a) * np.log(s) - 0.5 * squares / s**2
    weight = np.exp(log_p - log_p.max())
    weight /= weight.sum()
    mean = np.array([(weight * g).sum() for g in (r, s)])
    sd = np.sqrt([(weight * g**2).sum() - m**2 for g, m in zip((r, s), mean, strict=True)])
    best = np.unravel_index(log_p.argmax(), log_p.shape)
    return mean, sd, np.array([r[best], s[best]])


def test_chains_have_the_moments_of_the_posterior(logs):
    settings = McmcSettings(num_draws=500, num_warmup=300)
    found = fit(walk_story(), logs, settings=settings, seed=1, log_likelihood=True)
    assert found.is_trusted, found
    assert "no diagnostic speaks against it" in repr(found)
    mean, sd, _ = quadrature(logs)
    draws = [found.data.posterior[name].values for name in ("rate.x", "scale.x")]
    # Of 2,000 draws worth 1,000 independent ones a mean is off by 0.032 sd; seven times that
    # comes by chance once in 10^11.
    np.testing.assert_allclose([d.mean() for d in draws], mean, atol=0.22 * sd.min())
    np.testing.assert_allclose([d.std() for d in draws], sd, rtol=0.16)
    likelihood = found.data.log_likelihood["walk.x"]
    assert likelihood.shape == (4, 500, STEPS - 1, USERS)
    held = {"rate": Value(x=tf.fill([STEPS], draws[0][2, 7])), **logs}
    held["scale"] = Value(x=tf.fill([STEPS], draws[1][2, 7]))
    expected = Scorer(walk_story()).score(held).fields["walk"]["x"]
    np.testing.assert_allclose(likelihood[2, 7], expected[1:], rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(found.data.observed_data["walk.x"], logs["walk"]["x"])
    assert found.data.observed_data["walk.x"].dims == ("time", "user")


@pytest.mark.slow
def test_the_mode_is_the_posteriors(logs):
    found = fit(walk_story(), logs, method="map")
    assert found.is_trusted
    mode = [float(found.data.posterior[name].values[0, 0]) for name in ("rate.x", "scale.x")]
    np.testing.assert_allclose(mode, quadrature(logs)[2], atol=0.002)


@pytest.mark.slow
def test_short_chains_say_what_is_wrong_first(logs):
    found = fit(walk_story(), logs, settings=McmcSettings(num_draws=10, num_warmup=25), seed=1)
    assert not found.is_trusted
    assert repr(found).startswith("Fit of rate.x, scale.x by mcmc: NOT TO BE TRUSTED: ")
    assert any("ESS" in problem for problem in found.problems)


@pytest.fixture(scope="module")
def satisfaction():
    story = latent_satisfaction.create_latent_variable_model_network(4)
    return story, PythonRuntime(story).trajectory(6, seed=2)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (("satisfaction",), [("user state.intent", "always", (4, 3))]),
        (
            (),
            [("user state.intent", "always", (4, 3)), ("user state.satisfaction", "later", (5, 4))],
        ),
    ],
)
def test_what_is_drawn_and_not_in_the_logs_is_unknown(held, expected, satisfaction):
    story, run = satisfaction
    logs = {name: run[name] for name in ("slate docs", "user response")}
    if held:
        logs["user state"] = run["user state"].at(*held)
    target = Target(story, logs)
    assert [(u.name, u.when, u.shape) for u in target.unknowns] == expected
    state = run["user state"]
    true = {"always": state["intent"][0], "later": state["satisfaction"][1:]}
    joint = float(target.log_joint([true[u.when] for u in target.unknowns]))
    assert joint == pytest.approx(float(Scorer(story).total(run)), rel=1e-5)


def test_unknown_paths_are_one_for_each_step():
    level, seen = Variable("level", X), Variable("seen", X)
    level.initial_value = value(lambda: Value(x=ed.Normal(0.0, 1.0, name="x")))
    level.value = value(lambda p: Value(x=ed.Normal(p.get("x"), 0.1, name="x")), (level.previous,))
    seen.value = value(lambda v: Value(x=ed.Normal(v.get("x"), 0.5, name="x")), (level,))
    (unknown,) = Target([level, seen], {"seen": Value(x=tf.zeros([7]))}).unknowns
    assert (unknown.name, unknown.when, unknown.shape) == ("level.x", "each", (7,))


def test_the_density_on_the_real_line_has_the_jacobian_of_the_supports(logs):
    target = Target(walk_story(), logs)
    rate, scale = tf.constant(0.6), tf.constant(0.4)
    z = target.unconstrain([rate, scale])
    jacobian = sum(
        float(u.bijector.forward_log_det_jacobian(at, event_ndims=0))
        for u, at in zip(target.unknowns, z, strict=True)
    )
    expected = float(target.log_joint([rate, scale])) + jacobian
    assert float(target.log_prob(*z)) == pytest.approx(expected, rel=1e-5)


def coin_story():
    coin, seen = Variable("coin", X), Variable("seen", X)
    coin.initial_value = value(lambda: Value(x=ed.Bernoulli(probs=0.5, name="x")))
    seen.value = value(
        lambda c: Value(x=ed.Normal(tf.cast(c.get("x"), tf.float32), 1.0, name="x")), (coin,)
    )
    return Network([coin, seen])


def test_what_cannot_be_fitted_is_refused(logs):
    seen = {"seen": Value(x=tf.zeros([4]))}
    with pytest.raises(DataError, match=r"what is inferred must be continuous, got \['coin.x'\]"):
        fit(coin_story(), seen)
    both = {"coin": Value(x=tf.zeros([4], tf.int32)), **seen}
    with pytest.raises(DataError, match="the story must draw something that the logs do not hold"):
        fit(coin_story(), both)
    with pytest.raises(
        ConfigError,
        match=r"fit: method must be one of \['em', 'gibbs', .* 'vi'\], got 'x'",
    ):
        fit(walk_story(), logs, method="x")
    with pytest.raises(
        DataError, match=r"parameters: .* is \['rate.x', 'scale.x'\], got \['rate.x'\]"
    ):
        fit(walk_story(), logs, parameters=["rate.x"])
    bad = np.zeros([4, USERS], np.float32)
    bad[2, 1] = np.inf
    with pytest.raises(
        DataError, match=r"no probability for variable 'walk', field 'x', step 2, element \(1,\);"
    ):
        fit(walk_story(), {"walk": Value(x=tf.constant(bad))}, method="map")
    bad[2, 1] = np.nan
    with pytest.raises(
        DataError, match=r"field 'x': logs must be numbers, got NaN at step 2, element \(1,\)"
    ):
        fit(walk_story(), {"walk": Value(x=tf.constant(bad))}, method="map")
    with pytest.raises(ConfigError, match="McmcSettings: num_draws must be a whole number"):
        McmcSettings(num_draws=0)


@pytest.mark.slow
def test_hmc_serves_as_well(logs):
    settings = McmcSettings(kernel="hmc", num_draws=500, num_warmup=300, num_leapfrogs=5)
    found = fit(walk_story(), logs, settings=settings, seed=1)
    mean, sd, _ = quadrature(logs)
    draws = [found.data.posterior[name].values for name in ("rate.x", "scale.x")]
    np.testing.assert_allclose([d.mean() for d in draws], mean, atol=0.4 * sd.min())


@pytest.mark.slow
def test_a_field_that_no_spec_labels_is_in_the_result_too():
    level, seen = Variable("level", ValueSpec(x=FieldSpec())), Variable("seen", X)
    level.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros(2), 1.0, name="x")))
    seen.value = value(lambda v: Value(x=ed.Normal(v.get("x"), 0.5, name="x")), (level,))
    y = np.array([[1.0, -1.0]] * 6, np.float32)
    found = fit([level, seen], {"seen": Value(x=tf.constant(y))}, method="map")
    # A normal mean with a standard normal prior: the mode is its posterior mean.
    expected = 6 * y[0] / 0.25 / (1 + 6 / 0.25)
    np.testing.assert_allclose(found.data.posterior["level.x"][0, 0], expected, atol=1e-3)
