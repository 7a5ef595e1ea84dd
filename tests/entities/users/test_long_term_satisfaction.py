"""Chocolate and kale: every formula by hand, and the laws of the draws."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.site import Record, Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.entities.users.long_term_satisfaction import LongTermSatisfactionUser
from tests import statistical

U, S = 5, 3
CONFIG = {
    "num_users": U,
    "num_topics": 1,
    "slate_size": S,
    "discount": 0.7,
    "sensitivity": 0.3,
    "innovation_noise": 0.05,
    "mu_choc": 5.0,
    "mu_kale": 4.0,
    "sd_choc": 1.0,
    "sd_kale": 0.5,
}
KALENESS = tf.constant(np.linspace(0, 1, U * S).reshape(U, S), tf.float32)
SLATE = Value(doc_kaleness=KALENESS)


def run(fn, *args, seed=0):
    with Seed(seed), Record() as record, behaviour("user"):
        return fn(*args), record.sites


def state(user, exposure):
    return user._state(tf.constant(exposure, tf.float32))


def test_values_are_as_specified():
    for observe in (False, True):
        user = LongTermSatisfactionUser({**CONFIG, "observe_exposure": observe})
        specs, (first, _) = user.specs(), run(user.initial_state)
        response, _ = run(user.next_response, first, SLATE)
        following, _ = run(user.next_state, first, response, SLATE)
        for name, x in (("state", first), ("state", following), ("response", response)):
            Variable(name, specs.get(name)).typecheck(x)
        Variable("o", specs.get("observation")).typecheck(user.observation(first))
        assert ("satisfaction" in user.observation(first)) == observe


def test_satisfaction_is_the_sigmoid_of_exposure():
    user, n = LongTermSatisfactionUser(CONFIG), np.linspace(-3, 3, U)
    found = state(user, n).get("satisfaction")
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-0.3 * n)), rtol=1e-6)


def test_exposure_moves_to_what_was_chosen():
    user, n = LongTermSatisfactionUser(CONFIG), np.linspace(-3, 3, U)
    choice = tf.constant([0, 1, 2, 1, 0])
    _, sites = run(user.next_state, state(user, n), Value(choice=choice), SLATE)
    law = sites[("user", "net_kale_exposure")].distribution
    k = KALENESS.numpy()[np.arange(U), choice]
    np.testing.assert_allclose(law.loc, 0.7 * n + 2 * (k - 0.5), rtol=1e-5)
    np.testing.assert_allclose(law.scale, 0.05, rtol=1e-6)


def test_without_noise_exposure_is_a_plain_recursion():
    user = LongTermSatisfactionUser({**CONFIG, "innovation_noise": 0.0})
    following, sites = run(user.next_state, state(user, np.ones(U)), Value(choice=[0] * U), SLATE)
    k = KALENESS.numpy()[:, 0]
    np.testing.assert_allclose(following.get("net_kale_exposure"), 0.7 + 2 * k - 1, rtol=1e-5)
    assert not sites


def test_engagement_is_a_log_normal_times_satisfaction():
    user, n = LongTermSatisfactionUser(CONFIG), np.linspace(-3, 3, U)
    response, sites = run(user.next_response, state(user, n), SLATE)
    k = KALENESS.numpy()[np.arange(U), response.get("choice").value]
    law, x = sites[("user", "engagement")].distribution, np.full(U, 70.0)
    location, scale = 5 - k, 1 - 0.5 * k
    satisfaction = 1 / (1 + np.exp(-0.3 * n))
    expected = stats.lognorm(scale, scale=np.exp(location) * satisfaction).logpdf(x)
    np.testing.assert_allclose(law.log_prob(x.astype(np.float32)), expected, rtol=1e-4)
    assert set(response) == {"choice", "engagement"}


def test_choices_prefer_chocolate_by_a_logit(seed):
    num_users = 20_000
    user = LongTermSatisfactionUser({**CONFIG, "num_users": num_users})
    kaleness = np.array([0.0, 0.5, 1.0])
    slate = Value(doc_kaleness=tf.tile(tf.constant(kaleness[None], tf.float32), [num_users, 1]))
    response, _ = run(user.next_response, state(user, np.zeros(num_users)), slate, seed=seed)
    counts = np.bincount(response.get("choice").value, minlength=3)
    weights = np.exp(1 - kaleness)
    # At 20,000 draws of three categories a relative entropy of 0.003 nats is caught.
    statistical.assert_frequencies(counts, weights / weights.sum(), what="choices")
    with statistical.must_catch():
        statistical.assert_frequencies(counts, np.full(3, 1 / 3))


@pytest.mark.parametrize(("discount", "half"), [(0.7, 1 / 0.6), (0.0, 0.5), (1.0, 0.0)])
def test_the_first_exposure_covers_half_of_what_diets_lead_to(discount, half, seed):
    user = LongTermSatisfactionUser({**CONFIG, "num_users": 1000, "discount": discount})
    first, _ = run(user.initial_state, seed=seed)
    n = first.get("net_kale_exposure").numpy() if half else np.asarray(first["net_kale_exposure"])
    assert np.abs(n).max() <= half * (1 + 1e-6)
    assert np.abs(n).max() >= 0.95 * half  # missed with probability 0.95^1000 < 1e-22


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"slate_size": 1.5}, "slate_size must be a whole number of at least 1, got 1.5"),
        ({"discount": np.nan}, "discount must be a number within [0.0, 1.0], got nan"),
        ({"discount": 1.5}, "discount must be a number within [0.0, 1.0], got 1.5"),
        ({"sensitivity": np.nan}, "sensitivity must be within (-inf, inf), got nan"),
        ({"sensitivity": [0.1] * 3}, "sensitivity must broadcast to the shape [5], got [3]"),
        ({"innovation_noise": -1}, "innovation_noise must be within [0, inf), got -1"),
        ({"mu_choc": np.inf}, "mu_choc must be within (-inf, inf), got inf"),
        ({"mu_kale": "x"}, "mu_kale must be an array of real numbers, got 'x'"),
        ({"sd_choc": -0.5}, "sd_choc must be within [0, inf), got -0.5"),
        ({"sd_kale": np.nan}, "sd_kale must be within [0, inf), got nan"),
        ({"observe_exposure": "no"}, "observe_exposure must be True or False, got 'no'"),
    ],
)
def test_settings_out_of_range_are_refused(setting, message):
    with pytest.raises(ConfigError) as error:
        LongTermSatisfactionUser({**CONFIG, **setting})
    assert str(error.value) == f"LongTermSatisfactionUser: {message}"


def test_how_users_feel_can_be_trained_and_differ():
    sensitivity, noise = tf.Variable(0.3), tf.Variable(0.0)
    config = {**CONFIG, "sensitivity": sensitivity, "innovation_noise": noise}
    user = LongTermSatisfactionUser({**config, "mu_kale": np.linspace(1, 4, U)})
    with tf.GradientTape() as tape:
        satisfaction = tf.reduce_sum(state(user, [2.0] * U).get("satisfaction"))
    p = 1 / (1 + np.exp(-0.6))
    np.testing.assert_allclose(tape.gradient(satisfaction, sensitivity), U * 2 * p * (1 - p), 1e-5)
    _, sites = run(user.next_state, state(user, [2.0] * U), Value(choice=[0] * U), SLATE)
    assert sites  # what training may make positive is drawn
