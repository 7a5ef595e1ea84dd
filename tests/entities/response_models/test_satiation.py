"""Satiation: the linear dynamics in closed form, with and without noise."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from recsim_ng.core.site import Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.entities.response_models import Boredom, Satiation
from tests import statistical


def test_exposure_satiates_up_to_a_limit_and_abstinence_rebounds():
    model = Satiation((1,), 1, retention=0.8, influence=0.5)
    state = model.initial_state()
    for _ in range(5):
        state = model.next_state(state, np.float32([[1]]))
    limit = 0.8 / (1 - 0.8)
    np.testing.assert_allclose(state.get("satiation"), [[limit * (1 - 0.8**5)]], rtol=1e-6)
    np.testing.assert_allclose(model.effect(state), -0.5 * state.get("satiation"))
    rested = model.next_state(state, np.float32([[0]]))
    np.testing.assert_allclose(model.effect(rested), 0.8 * model.effect(state), rtol=1e-6)


def test_without_noise_it_is_boredom_one_decay_later():
    satiation = Satiation((2,), 3, retention=0.6, influence=2.0)
    boredom = Boredom((2,), 3, weight=2.0 * 0.6, decay=0.6)
    one, two = satiation.initial_state(), boredom.initial_state()
    rng = np.random.default_rng(1)
    for _ in range(4):
        diet = rng.random([2, 3]).astype(np.float32)
        one, two = satiation.next_state(one, diet), boredom.next_state(two, diet)
    alone = np.eye(3, dtype=np.float32)
    np.testing.assert_allclose(-satiation.effect(one), boredom.penalty(two, alone), rtol=1e-5)


def test_noise_adds_up_as_in_a_linear_gaussian_model(seed):
    size = 20_000
    model = Satiation((size,), 1, retention=0.5, noise_scale=0.3)
    state = model.initial_state()
    for t in range(4):
        with Seed(seed, t), behaviour("state"):
            state = model.next_state(state, np.ones([size, 1], np.float32))
        state = Value(satiation=tf.convert_to_tensor(state.get("satiation")))
    mean, variance = sum(0.5**i for i in range(1, 5)), 0.09 * sum(0.25**i for i in range(4))
    draws = state.get("satiation").numpy()
    # A shift of 0.1 standard deviations is caught at this size.
    law = stats.norm(mean, np.sqrt(variance))
    statistical.assert_same_distribution(draws, law.cdf, what="satiation")
    with statistical.must_catch():
        statistical.assert_same_distribution(draws, stats.norm(mean, 0.3).cdf)


def test_parameters_may_differ_by_topic_and_be_trained():
    retention = tf.Variable([0.5, 0.9])
    model = Satiation((1,), 2, retention, influence=[1.0, 2.0])
    with tf.GradientTape() as tape:
        state = model.next_state(model.initial_state(), np.float32([[1, 3]]))
        y = model.effect(state)
    np.testing.assert_allclose(y, [[-0.5, -5.4]], rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(y, retention), [-1.0, -6.0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_topics": 0}, "num_topics must be a whole number of at least 1, got 0"),
        ({"retention": 1.0}, "retention must be within [0, 1), got 1.0"),
        ({"retention": -0.1}, "retention must be within [0, 1), got -0.1"),
        ({"influence": -1.0}, "influence must be within [0, inf), got -1.0"),
        ({"noise_scale": -1.0}, "noise_scale must be within [0, inf), got -1.0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError) as error:
        Satiation((1,), **{"num_topics": 2, **settings})
    assert str(error.value) == f"Satiation: {message}"
