"""Pareto shapes, where they are known."""

import numpy as np
import pytest

from recsim_ng.inference.importance import pareto_shapes, shape_problems


def test_the_shape_is_that_of_the_weights_law():
    rng = np.random.default_rng(0)
    k = np.array([0.2, 0.5, 1.2])
    weights = rng.random(size=(20_000, 3)) ** -k  # Pareto of shape k
    # Of the 424 greatest: (1 + k) / sqrt(424) is one deviation, 0.11 at most.
    np.testing.assert_allclose(pareto_shapes(np.log(weights)), k, atol=0.4)


def test_weights_that_are_even_are_of_no_concern_and_lost_ones_of_all():
    rng = np.random.default_rng(0)
    log_weights = 1e-5 * rng.normal(size=(1000, 3))
    log_weights[7, 1] = np.inf
    log_weights[8, 2] = np.nan
    shapes = pareto_shapes(log_weights)
    assert shapes.tolist() == [0.0, np.inf, np.inf]
    assert shape_problems(shapes, log_weights) == (
        "Pareto k is inf, above 0.7 in 2 of 3 blocks: the surrogate lacks the posterior's shape; "
        "take a richer family, or mcmc",
    )


@pytest.mark.parametrize(("size", "count"), [(1.0, 1), (0.05, 0)])
def test_a_heavy_tail_of_weights_that_hardly_differ_is_no_problem(size, count):
    log_weights = size * np.random.default_rng(0).standard_cauchy(size=(1000, 1))
    log_weights = np.clip(log_weights, -10 * size, 10 * size)
    assert len(shape_problems(np.array([0.9]), log_weights / (1 if count else 2))) == count
