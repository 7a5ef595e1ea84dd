"""Users of latent satisfaction: every formula by hand, and the law of the intents."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.site import Record, Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.entities.users.model_learning import ModelLearningDemoUser
from tests import statistical

U, K, S = 4, 3, 2
CONFIG = {"num_users": U, "num_topics": K, "slate_size": S}


def run(fn, *args, seed=0):
    with Seed(seed), Record() as record, behaviour("user"):
        return fn(*args), record.sites


@pytest.fixture
def intent(rng):
    return rng.normal(size=(U, K)).astype(np.float32)


@pytest.fixture
def features(rng):
    return rng.normal(size=(U, S, K)).astype(np.float32)


def state(intent, satisfaction=5.0, best=0.0):
    filled = [tf.fill([U], x) for x in (satisfaction, best)]
    return Value(intent=tf.constant(intent), satisfaction=filled[0], max_slate_utility=filled[1])


def utilities(intent, features):
    return 2.0 - np.linalg.norm(intent[:, None] - features, axis=-1)


def test_users_begin_with_satisfaction_5_and_no_slate():
    first, _ = run(ModelLearningDemoUser(CONFIG).initial_state)
    np.testing.assert_array_equal(first.get("satisfaction"), np.full(U, 5.0))
    np.testing.assert_array_equal(first.get("max_slate_utility"), np.zeros(U))


@pytest.mark.parametrize("given", [None, 0.5, np.array([0.1, 0.2, 0.3, 0.4])])
def test_satisfaction_follows_the_gain_in_the_best_document(given, intent, features):
    user = ModelLearningDemoUser({**CONFIG, "satisfaction_sensitivity": given})
    before, slates = state(intent, 3.0, 0.25), Value(features=tf.constant(features))
    after, sites = run(user.next_state, before, Value(choice=tf.zeros(U, tf.int32)), slates)
    best = utilities(intent, features).max(axis=1)
    law = sites[("user", "satisfaction")].distribution
    np.testing.assert_allclose(after.get("max_slate_utility"), best, rtol=1e-5)
    sensitivity = 0.8 if given is None else given
    np.testing.assert_allclose(law.mean(), sensitivity * 3.0 + best - 0.25, rtol=1e-5)
    np.testing.assert_allclose(law.stddev(), np.full(U, 0.01), rtol=1e-6)
    np.testing.assert_array_equal(after.get("intent"), intent)


def test_choice_is_a_logit_on_utility_and_satisfaction(intent, features):
    user = ModelLearningDemoUser(CONFIG)
    slates = Value(features=tf.constant(features))
    response, sites = run(user.next_response, state(intent, -1.0), slates)
    (site,) = sites.values()
    weights = np.exp(np.pad(utilities(intent, features) - 1.0, ((0, 0), (0, 1))))
    expected = weights / weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(site.distribution.probs_parameter(), expected, rtol=1e-5)
    assert set(response) == {"choice"}


def test_intents_are_near_a_unit_vector_each(seed):
    users = 20_000
    user = ModelLearningDemoUser({**CONFIG, "num_users": users})
    drawn, _ = run(user.initial_state, seed=seed)
    intent = drawn.get("intent").value.numpy().astype(np.float64)
    # The mixture: mean 1/K, variance 0.1 + (1/K)(1 - 1/K) along each axis.
    variance = 0.1 + (1 / K) * (1 - 1 / K)
    # Caught with power 0.999: means 0.04 off, variances 10 % off.
    statistical.assert_mean(intent, 1 / K, np.sqrt(variance), what="intent")
    squares = (intent - 1 / K) ** 2
    statistical.assert_mean(squares, variance, 1.2 * squares.std(axis=0), what="squares")
    with statistical.must_catch():  # 0.1 as a deviation
        wrong = 0.01 + (1 / K) * (1 - 1 / K)
        statistical.assert_mean(squares, wrong, 1.2 * squares.std(axis=0))


def test_values_are_as_specified(features):
    user = ModelLearningDemoUser(CONFIG)
    slates = Value(features=tf.constant(features))
    first, _ = run(user.initial_state)
    response, _ = run(user.next_response, first, slates)
    following, _ = run(user.next_state, first, response, slates)
    specs = user.specs()
    observed = user.observation(first)
    pairs = (("state", first), ("state", following), ("response", response))
    for name, x in (*pairs, ("observation", observed)):
        Variable(name, specs.get(name)).typecheck(x)
    assert set(observed) == {"user_id"}


def test_a_sensitivity_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError) as error:
        ModelLearningDemoUser({**CONFIG, "satisfaction_sensitivity": np.ones(3)})
    assert str(error.value) == (
        "ModelLearningDemoUser: satisfaction_sensitivity must broadcast to the shape [4], got [3]"
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            {"satisfaction_sensitivity": np.nan},
            "satisfaction_sensitivity must be within (-inf, inf)",
        ),
        (
            {"satisfaction_sensitivity": "x"},
            "satisfaction_sensitivity must be an array of real numbe",
        ),
        ({"slate_size": 1.5}, "slate_size must be a whole number of at least 1, got 1.5"),
    ],
)
def test_settings_out_of_range_are_refused(setting, message):
    with pytest.raises(ValueError) as error:
        ModelLearningDemoUser({**CONFIG, **setting})
    assert str(error.value).startswith(f"ModelLearningDemoUser: {message}")
