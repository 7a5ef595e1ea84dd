"""Discrete unknowns of every step summed out, against the forward-backward algorithm."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, ed
from recsim_ng.core import Value, Variable
from recsim_ng.core.errors import DataError
from recsim_ng.core.variable import value
from recsim_ng.inference import Target
from recsim_ng.inference.gradient import with_gradient
from recsim_ng.inference.marginal_chain import MarginalChain
from tests.inference.state_space import (
    LEVELS,
    forward_backward,
    hidden_markov,
    linear_gaussian,
    markov_chain,
    users,
)
from tests.small_networks import X

U = 2
Y = np.array([[0.3, -1.2], [1.5, -0.4], [0.8, -1.9], [-2.0, 0.1]], np.float32)
LOGS = {"seen": Value(x=tf.constant(Y))}


def unknown_level(shape):
    """Chains of users, or one for all, whose observations are shifted by theta ~ N(0, 1)."""
    chain = markov_chain(shape)
    theta, seen = Variable("theta", X), Variable("seen", users((U,)))
    theta.initial_value = value(lambda: Value(x=ed.Normal(0.0, 1.0, name="x")))
    levels = tf.constant(LEVELS, tf.float32)
    seen.value = value(
        lambda z, t: Value(
            x=ed.Normal(tf.gather(levels, z.get("x")) + t.get("x") * tf.ones(U), 1.0, name="x")
        ),
        (chain, theta),
    )
    return Network([theta, chain, seen])


def prior(theta):
    return -0.5 * theta**2 - 0.5 * np.log(2 * np.pi)


@pytest.fixture(scope="module")
def chain():
    return MarginalChain(Target(unknown_level((U,)), LOGS))


def exact(theta):
    return prior(theta) + sum(forward_backward(y - theta)[0] for y in Y.T.astype(np.float64))


def test_the_density_and_its_gradient_are_the_forward_algorithms(chain):
    assert [u.name for u in chain.unknowns] == ["theta.x"]
    assert [u.name for u in chain.discrete] == ["chain.x"]
    density = tf.function(
        with_gradient(chain.log_prob, tf.TensorSpec([], tf.float32)),
        jit_compile=True,
        autograph=False,
    )
    theta = tf.constant(0.4)
    with tf.GradientTape() as tape:
        tape.watch(theta)
        found = density(theta)
    assert float(found) == pytest.approx(exact(0.4), rel=1e-5)
    slope = (exact(0.401) - exact(0.399)) / 0.002
    assert float(tape.gradient(found, theta)) == pytest.approx(slope, rel=1e-3)


def test_the_posterior_is_that_of_the_forward_backward_algorithm(chain):
    found = chain.probabilities([tf.constant(0.4)])["chain.x"]
    assert found.shape == (len(Y), U, 2)
    expected = np.stack([forward_backward(y - np.float64(np.float32(0.4)))[2] for y in Y.T], axis=1)
    np.testing.assert_allclose(found[..., 1], expected, rtol=1e-4)
    np.testing.assert_allclose(np.sum(found, axis=-1), 1.0, rtol=1e-5)


def test_a_chain_that_all_users_share_is_summed_as_a_whole():
    found = MarginalChain(Target(unknown_level(()), LOGS))
    both = Y.astype(np.float64) - 0.4
    like = np.exp(-0.5 * ((both[:, :, None] - LEVELS) ** 2).sum(1)) / (2 * np.pi)
    expected = forward_backward(both[:, 0], like)[0]
    got = float(found.log_joint([tf.constant(0.4)]))
    assert got == pytest.approx(prior(0.4) + expected, rel=1e-5)


def test_what_is_no_chain_is_refused():
    with pytest.raises(
        DataError, match="the discrete unknowns must be drawn at every step, got none; use Marginal"
    ):
        MarginalChain(Target(linear_gaussian(3), {"seen": Value(x=tf.zeros([4, 3]))}))
    with pytest.raises(
        DataError,
        match=r"MarginalChain: \['chain.x'\] must have at most 1 values of a user to be summed out,"
        r" got 2; put them into the logs, or use method='smc'",
    ):
        MarginalChain(Target(hidden_markov(U), LOGS), max_values=1)
