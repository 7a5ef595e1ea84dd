"""Methods behind fit for stories with discrete unknowns: quadrature, enumeration, Kalman."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import norm

from recsim_ng import Network, TFRuntime, ed
from recsim_ng.core import Space, Value, ValueSpec, Variable
from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.core.variable import value
from recsim_ng.inference import GibbsSettings, McmcSettings, SmcSettings, fit
from tests.inference.latent_level import TRUE_RATE, USERS, level_run, level_story, log_likelihood

PROBABILITY, SHIFT, NOISE = 0.3, 2.0, 1.0
NUMBERS = ValueSpec(x=Space.box(-np.inf, np.inf, (USERS,), dims=("user",)))
COINS = ValueSpec(x=Space.box(0, 1, (USERS,), np.int32, dims=("user",)))
MEANS = np.linspace(-6.0, 6.0, 4001)


def coin_story(each):
    """seen_t ~ N(mean + 2 coin, 1); mean ~ N(0, 1); the coin once for all steps, or at each."""
    mean, coin, seen = Variable("mean", NUMBERS), Variable("coin", COINS), Variable("seen", NUMBERS)
    mean.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros(USERS), 1.0, name="x")))

    def toss():
        return Value(x=ed.Bernoulli(probs=tf.fill([USERS], PROBABILITY), name="x"))

    if each:
        coin.value = value(toss)
    else:
        coin.initial_value = value(toss)

    def look(mean, coin):
        shift = SHIFT * tf.cast(coin.get("x"), tf.float32)
        return Value(x=ed.Normal(mean.get("x") + shift, NOISE, name="x"))

    seen.value = value(look, (mean, coin))
    return Network([mean, coin, seen])


def moments(seen, each):
    """`[2, U]` means and standard deviations of the posterior of the mean, on a grid."""
    found = []
    for y in np.asarray(seen, np.float64).T:
        two = [norm.logpdf(y[:, None], MEANS + s, NOISE) for s in (0.0, SHIFT)]
        if not each:
            two = [x.sum(axis=0) for x in two]
        log_p = np.logaddexp(np.log(1 - PROBABILITY) + two[0], np.log(PROBABILITY) + two[1])
        log_p = (log_p.sum(axis=0) if each else log_p) + norm.logpdf(MEANS)
        weight = np.exp(log_p - log_p.max())
        weight /= weight.sum()
        first = weight @ MEANS
        found.append((first, np.sqrt(weight @ MEANS**2 - first**2)))
    return np.transpose(found)


@pytest.mark.slow
@pytest.mark.parametrize("each", [False, True])
def test_what_is_discrete_is_summed_out(each):
    story = coin_story(each)
    seen = TFRuntime(story).trajectory(4, seed=3)["seen"]
    settings = McmcSettings(num_draws=500, num_warmup=200)
    found = fit(story, {"seen": seen}, settings=settings, seed=1)
    draws = found.data.posterior["mean.x"].values
    assert list(found.data.posterior) == ["mean.x"]
    expected = moments(seen["x"], each)
    # Of 2,000 draws worth 700 a mean is off by 0.04 sd; seven times that never.
    np.testing.assert_allclose(draws.mean(axis=(0, 1)), expected[0], atol=0.27 * expected[1].max())
    np.testing.assert_allclose(draws.std(axis=(0, 1)), expected[1], rtol=0.2)
    with pytest.raises(ConfigError, match=r"log_likelihood needs draws .* \['coin.x'\] summed out"):
        fit(story, {"seen": seen}, method="map", log_likelihood=True)


def test_what_is_discrete_alone_is_drawn_by_gibbs():
    story = coin_story(False)
    run = TFRuntime(story).trajectory(2, seed=3)
    logs = {"seen": run["seen"], "mean": run["mean"]}
    with pytest.raises(DataError, match=r"continuous, got \['coin.x'\]; use method='gibbs'"):
        fit(story, logs)
    settings = GibbsSettings(num_draws=1000, num_warmup=50, num_chains=4)
    found = fit(story, logs, method="gibbs", settings=settings)
    y, mean = np.asarray(run["seen"]["x"]), np.asarray(run["mean"]["x"][0])
    odds = np.log(PROBABILITY / (1 - PROBABILITY))
    odds += (norm.logpdf(y, mean + SHIFT) - norm.logpdf(y, mean)).sum(axis=0)
    share = found.data.posterior["coin.x"].values.mean(axis=(0, 1))
    # Gibbs draws of independent coins are independent: 4,000 of them err by 0.008.
    np.testing.assert_allclose(share, 1 / (1 + np.exp(-odds)), atol=0.06)
    assert found.data.posterior["coin.x"].dims == ("chain", "draw", "user")


def test_what_evolves_unseen_is_filtered():
    run = level_run(1)
    rate = tf.fill([USERS], TRUE_RATE)
    settings = SmcSettings(num_particles=500, num_draws=200)
    found = fit(level_story(rate), {"seen": run["seen"]}, method="smc", settings=settings)
    assert found.is_trusted, found
    y = np.asarray(run["seen"]["x"])
    exact = sum(log_likelihood(TRUE_RATE, y[:, u]) for u in range(USERS))
    # A user's estimate errs by some 0.1 with 500 particles.
    assert found.details["filtered"].log_likelihood == pytest.approx(exact, abs=1.5)
    draws = found.data.posterior["level.x"]
    assert draws.dims == ("chain", "draw", "time", "user")
    assert np.abs(draws.values.mean(axis=(0, 1)) - np.asarray(run["level"]["x"])).mean() < 0.5
    assert found.data.attrs["method"] == "smc"


@pytest.mark.slow
def test_too_few_particles_say_so():
    settings = SmcSettings(num_particles=4, num_draws=10)
    story, logs = level_story(), {"seen": level_run(1)["seen"]}
    found = fit(story, logs, method="smc", settings=settings)
    assert any("particles count" in problem for problem in found.problems)
    assert any(
        "values of 'rate.x', which is drawn once, are left: fit it by 'mcmc' or 'em' first and put "
        "it into the logs, or take more particles" in problem
        for problem in found.problems
    )
    assert repr(found).endswith(
        "; level.x changes over time and is known at the steps of these logs alone: a report card "
        "needs it in the logs"
    )
