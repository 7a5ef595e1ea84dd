"""Mixtures draw the chosen component's parameters, whatever axes these have."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core import noise, sampling
from recsim_ng.core.transforms.mixture import component
from recsim_ng.core.transforms.parameter import can_map
from tests import statistical
from tests.core.transforms.families import tfb, tfd

KEY = noise.site_key(1, 2, "v", "s")
B, K = 3, 4


def full(shape, seed):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


SHAPES = [(B, K), (K,), (1,), (), (B, 1), (1, K), (1, 1)]


@pytest.mark.parametrize("loc_shape", SHAPES)
@pytest.mark.parametrize("scale_shape", [(B, K), (K,), ()])
@pytest.mark.parametrize("sample_shape", [(), (5,), (2, 5)])
def test_parameters_of_the_indexed_component_are_picked(loc_shape, scale_shape, sample_shape):
    loc, scale = full(loc_shape, 1), tf.exp(full(scale_shape, 2))
    index = np.random.default_rng(3).integers(0, K, (*sample_shape, B))
    chosen = component(tfd.Normal(loc, scale), tf.constant(index))
    users = np.broadcast_to(np.arange(B), index.shape)
    for found, given in ((chosen.loc, loc), (chosen.scale, scale)):
        expected = np.broadcast_to(given, (B, K))[users, index]
        np.testing.assert_array_equal(np.broadcast_to(found, index.shape), expected)


def operators():
    matrix, vector = np.eye(2) + 0.1, np.array([1.0, 2.0])
    many = tf.constant(np.arange(1.0, K + 1)[:, None, None] * matrix, tf.float32)
    several = tf.constant(np.arange(1.0, K + 1)[:, None] * vector, tf.float32)
    multipliers = tf.constant(np.arange(1.0, K + 1), tf.float32)
    return {
        "diagonal": tf.linalg.LinearOperatorDiag(several),
        "one for all": tf.linalg.LinearOperatorDiag(tf.constant(vector, tf.float32)),
        "full": tf.linalg.LinearOperatorFullMatrix(many),
        "triangular": tf.linalg.LinearOperatorLowerTriangular(many),
        "scaled identity": tf.linalg.LinearOperatorScaledIdentity(2, multipliers),
        "identity": tf.linalg.LinearOperatorIdentity(2),
        "product": tf.linalg.LinearOperatorComposition(
            [tf.linalg.LinearOperatorDiag(several), tf.linalg.LinearOperatorFullMatrix(many)]
        ),
    }


@pytest.mark.parametrize("name", operators())
def test_scales_of_the_indexed_component_are_picked_and_stay_what_they_are(name):
    operator = operators()[name]
    components = tfd.MultivariateNormalLinearOperator(full((K, 2), 1), operator)
    index = tf.constant([[3, 0], [1, 1]])
    chosen = component(components, index)
    dense = np.broadcast_to(operator.to_dense(), (K, 2, 2))[index]
    found = np.broadcast_to(chosen.scale.to_dense(), dense.shape)
    np.testing.assert_allclose(found, dense, rtol=1e-6)
    if name != "product":
        assert type(chosen.scale) is type(operator)


def test_nested_components_are_picked():
    loc = full((B, K, 2), 1)
    components = tfd.Independent(tfd.Normal(loc, 1.0), 1)
    index = tf.constant([3, 0, 1])
    chosen = component(components, index)
    assert chosen.batch_shape == [B] and chosen.event_shape == [2]
    np.testing.assert_array_equal(chosen.distribution.loc, tf.gather(loc, index, batch_dims=1))
    default = component(tfd.Independent(tfd.Normal(full((K, 2), 1), 1.0)), index)
    assert default.batch_shape == [B] and default.event_shape == [2]


def test_mixtures_of_mixtures_draw_from_their_components():
    inner = tfd.MixtureSameFamily(
        tfd.Categorical(logits=[[0.0, -50.0], [-50.0, 0.0]]),
        tfd.Normal([[0.0, 1.0], [2.0, 3.0]], 1e-3),
    )
    outer = tfd.MixtureSameFamily(tfd.Categorical(logits=[0.0, 0.0]), inner)
    draws = sampling.sample(outer, KEY, 200).numpy()
    assert set(np.round(draws)) == {0.0, 3.0}


def test_a_mixture_draws_no_more_noise_than_one_component_needs():
    mixture = tfd.MixtureSameFamily(
        tfd.Categorical(logits=tf.zeros([B, K])),
        tfd.MultivariateNormalDiag(tf.zeros([B, K, 2]), tf.ones([2])),
    )
    which, inner = sampling.draw_noise(mixture, KEY, (7,))
    assert which.shape == [7, B, K] and inner.shape == [7, B, 2]


@pytest.mark.parametrize(
    ("components", "mapped"),
    [
        (lambda: tfd.Normal([0.0, 1.0], 1.0), True),
        (lambda: tfd.TransformedDistribution(tfd.Normal([0.0, 1.0], 1.0), tfb.Exp()), True),
        (lambda: tfd.TransformedDistribution(tfd.Normal(0.0, 1.0), tfb.Shift([0.0, 1.0])), False),
        (lambda: tfd.Blockwise([tfd.Normal([0.0, 1.0], 1.0)] * 2), False),
        (lambda: tfd.Sample(tfd.Gamma([1.0, 2.0], 1.0), 3), True),
    ],
)
def test_it_is_known_which_parameters_can_be_picked(components, mapped):
    assert can_map(components()) == mapped


def test_the_component_behind_a_value_is_drawn_from_its_posterior():
    mixture = tfd.MixtureSameFamily(
        tfd.Categorical(logits=[0.0, 0.0]), tfd.Normal([-1.0, 1.0], 1.0)
    )
    value = tf.fill([20_000], 0.5)
    which, _ = sampling.invert(mixture, value, KEY)
    # e^(2 x) to 1 in favour of the second, x = 0.5; catches 0.03 more or less (power 0.999).
    second, exact = np.sum(np.argmax(which, -1)), 1 / (1 + np.exp(-1.0))
    statistical.assert_proportion(second, 20_000, exact, what="second component")
    with statistical.must_catch():
        statistical.assert_proportion(second, 20_000, exact + 0.04, what="second component")
