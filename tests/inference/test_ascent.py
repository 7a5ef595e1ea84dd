"""The ascent of the ELBO, on densities that are written down."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.inference.ascent import Ascent, Learnt
from recsim_ng.inference.flow import Flow
from recsim_ng.inference.scaling import Scaling
from recsim_ng.inference.surrogate import MeanField
from tests.inference.known_density import KnownDensity, banana

SEED = tf.constant([3, 4])


def normals(blocks, size):
    """N(3 b / B, (i + 1)^2) for number i of block b, normalised."""
    mean = 3.0 / blocks * tf.range(blocks, dtype=tf.float32)[:, None]
    sd = 1.0 + tf.range(size, dtype=tf.float32)

    def log_prob(z, *data):
        away = (z - mean) / sd
        return tf.reduce_sum(-0.5 * away**2 - tf.math.log(sd) - 0.9189385332, axis=-1)

    return KnownDensity((blocks, size), log_prob)


def ascent(density, surrogate, **kwargs):
    settings = {"num_steps": 1500, "num_samples": 4, "learning_rate": 0.05, "tolerance": 1e-4}
    return Ascent(density, surrogate, **settings | kwargs)


def learnt(found, shape, **kwargs):
    return found.learn(tf.zeros(shape), Scaling(tf.ones(shape)), [], SEED, **kwargs)


def test_blocks_by_the_thousand_are_each_fitted_exactly():
    shape = (2000, 3)
    found = ascent(normals(*shape), MeanField(shape))
    fitted = learnt(found, shape)
    mean, log_scale = (x.numpy() for x in fitted.parameters)
    np.testing.assert_allclose(np.exp(log_scale), np.tile([1.0, 2.0, 3.0], [2000, 1]), rtol=1e-3)
    expected = 3.0 / 2000 * np.arange(2000)[:, None] * np.ones(3)
    np.testing.assert_allclose(mean, expected, atol=1e-3)
    assert fitted.is_at_rest.all()
    _, p, q = found.draws(fitted, 50, [], SEED)
    np.testing.assert_allclose(p - q, 0.0, atol=5e-3)  # the evidence is one


@pytest.mark.slow
def test_a_flow_bends_and_a_block_comes_to_the_same_alone_and_among_others():
    elbos, settings = [], {"num_samples": 16, "learning_rate": 0.01, "num_steps": 3000}
    for blocks in (1, 3):
        shape = (blocks, 2)
        found = ascent(KnownDensity(shape, banana), Flow(shape, 2, 16), **settings)
        _, p, q = found.draws(learnt(found, shape), 2000, [], SEED)
        elbos += (p - q).mean(axis=0).tolist()
    # The evidence is one; normals, of full rank too, come to -0.46 and no higher.
    np.testing.assert_allclose(elbos, 0.0, atol=0.08)
    np.testing.assert_allclose(elbos, elbos[0], atol=0.06)


def test_draws_without_a_density_spoil_no_others():
    def halved(z, *data):
        is_inside = tf.reduce_all(z > 0.0, axis=-1)
        normal = -0.5 * tf.reduce_sum((z - 2.0) ** 2, axis=-1)
        return normal * tf.where(is_inside, 1.0, np.nan)  # so is the gradient

    shape = (1, 2)
    fitted = learnt(ascent(KnownDensity(shape, halved), MeanField(shape)), shape)
    np.testing.assert_allclose(fitted.parameters[0], [[2.0, 2.0]], atol=0.3)


def test_an_elbo_that_still_rises_is_said_and_which_is_not_finite():
    shape = (2, 1)
    found = ascent(normals(*shape), MeanField(shape), num_steps=300, learning_rate=1e-4)
    text = r"^the ELBO still rises in [12] of 2 blocks: take more steps \(num_steps\)$"
    (problem,) = learnt(found, shape).problems()
    with pytest.raises(AssertionError, match=text):
        raise AssertionError(problem)
    lost = Learnt((), None, np.array([[1.0, np.nan]]), np.array([True, True]))
    assert lost.problems() == (
        "the ELBO is not finite in 1 of 2 blocks: take a lower learning_rate",
    )
    one = Learnt((), None, np.array([[np.inf]]), np.array([True]))
    assert one.problems() == ("the ELBO is not finite: take a lower learning_rate",)


def test_progress_never_goes_back_and_ends_at_its_whole():
    seen, shape = [], (1, 2)
    learnt(ascent(normals(*shape), MeanField(shape)), shape, progress=lambda *at: seen.append(at))
    done = [a for a, _ in seen]
    assert done == sorted(done)
    assert seen[-1][0] == seen[-1][1]
    assert done[-1] < 1500  # it rested before
