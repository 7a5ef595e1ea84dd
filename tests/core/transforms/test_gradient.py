"""Draws are reparameterised: their gradients, at the same noise, are finite differences."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core import noise, sampling
from tests.core.transforms.families import FAMILIES, tfd

KEY = noise.site_key(3, 1, "v", "s")
STEP = 1e-6


def trainable(distribution):
    """Name -> value of the floating parameters that the distribution was made of."""
    return {
        name: value
        for name, value in distribution.parameters.items()
        if tf.is_tensor(value) and value.dtype.is_floating
    }


@pytest.mark.parametrize("name", FAMILIES)
def test_gradient_of_a_draw_is_its_finite_difference(name):
    distribution = FAMILIES[name].make(tf.float64)
    if distribution.reparameterization_type != tfd.FULLY_REPARAMETERIZED:
        pytest.skip("TFP does not call it reparameterised")
    drawn = sampling.draw_noise(distribution, KEY, (50,))
    # Cauchy draws of a thousand would hide the others.
    centre = 1.0 + tf.abs(sampling.transform(distribution, drawn))
    weights = tf.constant(np.random.default_rng(1).normal(size=50))
    for parameter, value in trainable(distribution).items():

        def total(x, parameter=parameter):
            draws = sampling.transform(distribution.copy(**{parameter: x}), drawn)
            return tf.tensordot(weights, tf.tanh(draws / centre), 1)

        direction = tf.constant(np.random.default_rng(2).uniform(0.5, 1.0, value.shape))
        if parameter == "scale_tril":
            direction = tf.linalg.band_part(direction, -1, 0)
        with tf.GradientTape() as tape:
            tape.watch(value)
            result = total(value)
        gradient = tape.gradient(result, value)
        assert np.isfinite(gradient).all(), parameter
        difference = total(value + STEP * direction) - total(value - STEP * direction)
        along = tf.reduce_sum(gradient * direction)
        expected = tf.reduce_sum(difference) / (2 * STEP)
        np.testing.assert_allclose(along, expected, rtol=1e-4, atol=1e-6, err_msg=parameter)


def test_single_precision_gradients_are_finite_for_all_families():
    for name, case in FAMILIES.items():
        distribution = case.make(tf.float32)
        if distribution.reparameterization_type != tfd.FULLY_REPARAMETERIZED:
            continue
        for parameter, value in trainable(distribution).items():
            with tf.GradientTape() as tape:
                tape.watch(value)
                draws = sampling.sample(distribution.copy(**{parameter: value}), KEY, (200,))
            assert np.isfinite(tape.gradient(draws, value)).all(), f"{name}, {parameter}"


def test_gradients_go_through_wrappers_and_compile():
    loc, scale = tf.constant([0.5, -1.0]), tf.constant([[1.0, 0.0], [0.3, 2.0]])

    def draws(loc, scale):
        normal = tfd.Independent(tfd.Normal(loc, 1.0), 1)
        joined = tfd.Blockwise([normal, tfd.MultivariateNormalTriL(loc, scale)])
        repeated = tfd.Sample(tfd.Gamma(tf.exp(loc), 1.0), 3)
        return [sampling.sample(d, KEY) for d in (joined, repeated)]

    def gradients(loc, scale):
        with tf.GradientTape() as tape:
            tape.watch([loc, scale])
            results = draws(loc, scale)
        return tape.gradient(results, [loc, scale])

    eager = gradients(loc, scale)
    assert all(np.any(g != 0) for g in eager)
    compiled = tf.function(gradients, jit_compile=True)(loc, scale)
    for one, other in zip(eager, compiled, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_mixtures_pass_gradients_to_the_components_drawn():
    loc = tf.constant([0.0, 10.0])

    def mixture(loc):
        return tfd.MixtureSameFamily(tfd.Categorical(logits=[0.0, 0.0]), tfd.Normal(loc, 1.0))

    with tf.GradientTape() as tape:
        tape.watch(loc)
        draws = sampling.sample(mixture(loc), KEY, (100,))
    shares = [np.mean(draws < 5), np.mean(draws >= 5)]
    found = tf.convert_to_tensor(tape.gradient(draws, loc))
    np.testing.assert_allclose(found, 100 * np.array(shares))
