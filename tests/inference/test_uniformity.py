"""Bands of uniform ranks, against simulated ones; what they catch."""

import numpy as np
import pytest
from scipy import stats

from recsim_ng.inference.uniformity import histogram_band, uniformity
from tests.statistical import assert_proportion, must_catch

RUNS = 20_000


def simulated(rng, count, chances=None):
    """`[RUNS, 49]` distribution functions of numbers that fall into 50 bins with given chances."""
    chances = np.full(50, 0.02) if chances is None else chances
    return rng.multinomial(count, chances, RUNS).cumsum(axis=1)[:, :-1] / count


def outside(functions, count, false_alarm):
    low, high = uniformity(count).band(false_alarm)
    return int(((functions < low - 1e-9) | (functions > high + 1e-9)).any(axis=1).sum())


@pytest.mark.parametrize("count", [1, 7, 60, 1000])
def test_uniform_numbers_leave_the_band_as_often_as_it_says(count, rng):
    of = uniformity(count)
    chance = of.chance(of.level(0.05))
    assert chance <= 0.05
    assert_proportion(outside(simulated(rng, count), count, 0.05), RUNS, chance)
    # Ranks of posteriors that are a tenth too narrow.
    ends = stats.norm.cdf(0.9 * stats.norm.ppf(np.linspace(0, 1, 51)))
    if count == 1000:
        with must_catch():
            wrong = simulated(rng, count, np.diff(ends))
            assert_proportion(outside(wrong, count, 0.05), RUNS, chance)


def test_the_band_of_few_numbers_is_nearly_as_wide_as_it_may_be():
    # With one number of 49 places it takes is at an end: the first chance that is at most 5 %.
    assert uniformity(60).chance(uniformity(60).level(0.05)) > 0.04


def test_a_band_of_many_numbers_has_nearly_the_right_chance(rng):
    found = outside(simulated(rng, 30_000), 30_000, 0.05) / RUNS
    # Taken from 2,000 numbers; 0.0031 is twice the simulation's standard error.
    assert found == pytest.approx(0.05, abs=0.012)


def test_p_values_are_the_chances_of_what_is_further_out(rng):
    of, runs = uniformity(40), 1000
    p = np.array([of.p_value(x) for x in rng.random((runs, 40))])
    for level in (0.01, 0.1, 0.5):
        # Discrete: the chance is at most the level, and of many values not far below.
        share = (p <= level).mean()
        assert 0.6 * level - 0.05 < share < level + 6.2 * np.sqrt(level / runs)


def test_what_is_beyond_the_band_has_a_small_p_value_and_else_not(rng):
    of = uniformity(100)
    low, high = of.band(0.02)
    met = set()
    for power in np.linspace(0.6, 1.6, 60):
        x = rng.random(100) ** power
        is_out = bool(((of.at(x) < low - 1e-9) | (of.at(x) > high + 1e-9)).any())
        assert is_out == (of.p_value(x) <= of.chance(of.level(0.02)) + 1e-12)
        met.add(is_out)
    assert met == {True, False}


def test_bins_of_uniform_numbers_are_within_their_band(rng):
    low, high = histogram_band(300, 20, 0.05)
    counts = rng.multinomial(300, np.full(20, 0.05), RUNS)
    share = ((counts < low) | (counts > high)).any(axis=1).mean()
    assert 0.01 < share < 0.05 + 6.2 * np.sqrt(0.05 / RUNS)
