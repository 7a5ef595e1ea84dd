"""Systematic resampling, against its definition in float64."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.inference.resampling import (
    effective_size,
    normalized,
    systematic_ancestors,
    taken,
)


def weights(rng, count, groups):
    """Log-weights of which a third, the last among them, are nothing."""
    x = rng.normal(scale=2.0, size=(count, groups)).astype(np.float32)
    x[2::3] = x[-1] = -np.inf
    return normalized(tf.constant(x))[0]


@pytest.mark.parametrize(("count", "groups"), [(1, 1), (2, 3), (100, 4), (1001, 2)])
def test_ancestors_are_those_of_the_definition(count, groups, rng):
    log_weights = tf.zeros([1, 1]) if count == 1 else weights(rng, count, groups)
    uniform = rng.uniform(size=groups).astype(np.float32)
    found = systematic_ancestors(log_weights, tf.constant(uniform)).numpy()
    sums = np.cumsum(np.exp(log_weights.numpy().astype(np.float64)), axis=0)
    for g in range(groups):
        points = (np.arange(count) + np.float64(uniform[g])) / count
        expected = np.searchsorted(sums[:, g] / sums[-1, g], points, side="right")
        # A point within rounding of a boundary may fall to either side.
        assert np.mean(found[:, g] != expected) <= 0.002
    assert np.all(np.isfinite(np.take_along_axis(log_weights.numpy(), found, axis=0)))


@pytest.mark.parametrize("uniform", [2.0**-126, 1.0 - 2.0**-24])
def test_extreme_points_stay_within_the_particles_that_have_weight(uniform, rng):
    log_weights = weights(rng, 64, 1)
    found = systematic_ancestors(log_weights, tf.constant([uniform])).numpy()
    assert np.all(np.isfinite(log_weights.numpy()[found[:, 0]]))


def test_descendants_are_as_many_as_the_weight_says(rng):
    log_weights = weights(rng, 50, 3)
    found = systematic_ancestors(log_weights, tf.constant([0.1, 0.5, 0.9])).numpy()
    share = 50 * np.exp(log_weights.numpy().astype(np.float64))
    for g in range(3):
        number = np.bincount(found[:, g], minlength=50)
        assert np.all(np.abs(number - share[:, g]) < 1.0 + 1e-4)


def test_equal_weights_leave_everybody_in_place():
    found = systematic_ancestors(tf.fill([64, 1], -np.log(64.0)), tf.constant([0.5]))
    np.testing.assert_array_equal(found[:, 0], np.arange(64))


def test_weights_are_normalised_in_logarithms():
    inf = np.inf
    log_weights, total = normalized(tf.constant([[-500.0, -inf], [-500.0, -inf]]))
    np.testing.assert_allclose(log_weights, np.log(np.full((2, 2), 0.5)), rtol=1e-5)
    np.testing.assert_allclose(total, [-500.0 + np.log(2.0), -inf], rtol=1e-6)


def test_the_effective_size_is_one_over_the_sum_of_squares():
    log_weights = tf.constant(np.log([[0.5, 1.0, 0.25], [0.5, 1e-30, 0.75]]), tf.float32)
    np.testing.assert_allclose(effective_size(log_weights), [2.0, 1.0, 1 / 0.625], rtol=1e-5)


def test_parts_are_taken_group_by_group():
    x = tf.reshape(tf.range(12), [3, 2, 2])
    ancestors = tf.constant([[2, 0], [1, 1]])
    by_group = [[[8, 9], [2, 3]], [[4, 5], [6, 7]]]
    np.testing.assert_array_equal(taken(x, ancestors, True), by_group)
    np.testing.assert_array_equal(taken(x, ancestors, False), x.numpy()[[2, 1]])
