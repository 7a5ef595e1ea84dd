"""Hidden states that follow one after the other: fits, against closed forms."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, ed
from recsim_ng.core import FieldSpec, Space, Value, ValueSpec, Variable
from recsim_ng.core.variable import value
from recsim_ng.inference import GibbsSettings, McmcSettings, Target, fit
from tests.small_networks import X

DECAY, STEPS = 0.9, 12


def seen_by(state, fields=()):
    """y_t ~ N(state_t, 1)."""
    seen = Variable("seen", X)
    seen.initial_value = value(
        lambda s: Value(x=ed.Normal(s.get("x") + tf.zeros(fields), 1.0, name="x")), (state,)
    )
    return seen


def drift_story():
    """Theta ~ N(0, 1); s_0 = 1, s_t = 0.9 s_{t-1} + theta; y_t ~ N(s_t, 1)."""
    drift = Variable("drift", X)
    state = Variable("state", ValueSpec(x=FieldSpec(), last=FieldSpec()))
    drift.initial_value = value(lambda: Value(x=ed.Normal(0.0, 1.0, name="x")))
    seen = seen_by(state)
    seen.value = seen.initial_value
    state.initial_value = value(lambda: Value(x=tf.ones([]), last=tf.zeros([])))
    state.value = value(
        lambda p, d, y: Value(
            x=DECAY * p.get("x") + d.get("x") + 0.0 * p.get("last"), last=2.0 * y.get("x")
        ),
        (state.previous, drift, seen.previous),
    )
    return Network([drift, state, seen])


def decay_story(users):
    """s_0 ~ N(0, 1), s_t = 0.9 s_{t-1}, y_t ~ N(s_t, 1), `[users]` each."""
    spec = ValueSpec(x=Space.box(-np.inf, np.inf, (users,), dims=("user",)))
    state, seen = Variable("state", spec), Variable("seen", spec)
    state.initial_value = value(lambda: Value(x=ed.Normal(tf.zeros(users), 1.0, name="x")))
    state.value = value(lambda p: Value(x=DECAY * p.get("x")), (state.previous,))
    seen.value = value(lambda s: Value(x=ed.Normal(s.get("x"), 1.0, name="x")), (state,))
    return Network([state, seen])


def posterior(y, slopes, known):
    """Mean and standard deviation of a with a ~ N(0, 1), y_t ~ N(known_t + slopes_t a, 1)."""
    precision = 1.0 + slopes @ slopes
    return slopes @ (y - known) / precision, precision**-0.5


def powers():
    return DECAY ** np.arange(STEPS)


@pytest.mark.slow
def test_the_drift_of_a_hidden_state_is_found(rng):
    y = rng.normal(0.8, 1.0, STEPS).astype(np.float32)
    mean, sd = posterior(y, (1 - powers()) / (1 - DECAY), powers())
    logs = {"seen": Value(x=tf.constant(y))}
    settings = McmcSettings(num_draws=300, num_warmup=200)
    chains = fit(drift_story(), logs, settings=settings, seed=1, log_likelihood=True)
    draws = chains.data.posterior["drift.x"].values
    # Of draws worth 400 independent ones at the least: seven standard errors.
    assert abs(draws.mean() - mean) < 0.35 * sd
    assert draws.std() == pytest.approx(sd, rel=0.25)
    state = powers()[:, None, None] + ((1 - powers()) / (1 - DECAY))[:, None, None] * draws
    expected = -0.5 * (y[:, None, None] - state) ** 2 - 0.5 * np.log(2 * np.pi)
    likelihood = np.moveaxis(chains.data.log_likelihood["seen.x"].values, -1, 0)
    np.testing.assert_allclose(likelihood, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["map", "vi"])
def test_the_start_of_states_that_follow_is_found(method, rng):
    y = rng.normal(0.5, 1.0, [STEPS, 3]).astype(np.float32)
    found = fit(decay_story(3), {"seen": Value(x=tf.constant(y))}, method=method)
    means, sd = posterior(y, powers(), 0.0)
    of = found.data.posterior["state.x"].values.mean((0, 1))
    np.testing.assert_allclose(of, means, atol=1e-3 if method == "map" else 0.3 * sd)


def test_the_score_of_a_hidden_state_has_the_gradient_of_finite_differences(rng):
    y = rng.normal(0.8, 1.0, STEPS).astype(np.float32)
    target = Target(drift_story(), {"seen": Value(x=tf.constant(y))})

    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            score = target.log_joint([x])
        return tape.gradient(score, x)

    found = tf.function(slope, jit_compile=True, autograph=False)(tf.constant(0.3))
    mean, sd = posterior(y, (1 - powers()) / (1 - DECAY), powers())
    assert float(found) == pytest.approx((mean - 0.3) / sd**2, rel=1e-4)


def regime_story():
    """A coin says which way a hidden state drifts, by how much is drawn too."""
    coin, size, state = (Variable(name, X) for name in ("coin", "size", "state"))
    coin.initial_value = value(lambda: Value(x=ed.Bernoulli(probs=0.5, name="x")))
    size.initial_value = value(lambda: Value(x=ed.Normal(0.0, 1.0, name="x")))
    state.initial_value = value(lambda: Value(x=tf.ones([])))
    state.value = value(
        lambda p, c, s: Value(x=DECAY * p.get("x") + tf.where(c.get("x") == 1, s.get("x"), 0.0)),
        (state.previous, coin, size),
    )
    seen = seen_by(state)
    seen.value = seen.initial_value
    return Network([coin, size, state, seen])


@pytest.mark.slow
def test_a_hidden_state_follows_what_is_summed_out(rng):
    y = rng.normal(0.8, 1.0, STEPS).astype(np.float32)
    logs = {"seen": Value(x=tf.constant(y))}
    found = fit(regime_story(), logs, method="map")
    s = np.linspace(-2.0, 2.0, 4001)
    slopes = (1 - powers()) / (1 - DECAY)
    log_p = [-0.5 * ((y - powers() - s[:, None] * c * slopes) ** 2).sum(1) for c in (0, 1)]
    best = s[np.argmax(np.logaddexp(*log_p) - 0.5 * s**2)]
    assert float(found.data.posterior["size.x"][0, 0]) == pytest.approx(best, abs=2e-3)
    held = {**logs, "size": Value(x=tf.fill([STEPS], 0.2))}
    settings = GibbsSettings(num_draws=500)
    coins = fit(regime_story(), held, method="gibbs", settings=settings).data.posterior["coin.x"]
    log_p = [-0.5 * ((y - powers() - 0.2 * c * slopes) ** 2).sum() for c in (0, 1)]
    # 2,000 draws, worth 500 or more: 0.022 each, seven times that.
    assert coins.values.mean() == pytest.approx(1 / (1 + np.exp(log_p[0] - log_p[1])), abs=0.16)
