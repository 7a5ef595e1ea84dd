"""Ranks among draws that are independent, alike, equal or all the same."""

import numpy as np
from scipy import signal, stats

from recsim_ng.inference import ranking
from recsim_ng.inference.ranking import fractional_ranks
from tests.statistical import assert_same_distribution, must_catch

UNIFORM = stats.uniform.cdf


def chains(rng, coefficient, shape):
    """Stationary autoregressive chains `[C, N, E]` of variance 1."""
    noise = rng.standard_normal(shape) * np.sqrt(1 - coefficient**2)
    noise[:, 0] /= np.sqrt(1 - coefficient**2)
    return signal.lfilter([1.0], [1.0, -coefficient], noise, axis=1)


def test_the_rank_of_one_more_draw_is_uniform_also_among_draws_that_are_alike(rng, monkeypatch):
    # Distances of 0.11 between distribution functions are caught in 2,000 ranks.
    truth, draws = rng.standard_normal(2000), chains(rng, 0.99, (2, 150, 2000))
    assert_same_distribution(fractional_ranks(truth, draws, rng), UNIFORM)
    # Chains that are worth two draws, taken as 300.
    monkeypatch.setattr(ranking, "_effective_sizes", lambda x: np.full(x.shape[-1], 300.0))
    with must_catch():
        assert_same_distribution(fractional_ranks(truth, draws, rng), UNIFORM)


def test_ranks_among_equals_are_uniform_too(rng):
    draws = rng.integers(0, 3, (2, 50, 2000))
    truth = rng.integers(0, 3, 2000)
    assert_same_distribution(fractional_ranks(truth, draws, rng), UNIFORM)


def test_draws_that_are_all_the_same_are_a_point(rng):
    found = fractional_ranks(np.array([-1.0, 1.0, 0.0]), np.zeros((1, 1, 3)), rng)
    assert found[:2].tolist() == [0.0, 1.0]
    assert 0.0 < found[2] < 1.0
