"""Checks of the checks: right models pass, wrong ones of the stated size are caught."""

import doctest

import numpy as np
import pytest
from scipy import stats

from tests import statistical
from tests.statistical import must_catch, smallest_detectable, uncounted

SIZE = 20_000
RUNS = 200
# Of 200 runs at power 0.999, fewer than 190 succeed with probability 1e-11.
CAUGHT = 190


def caught(check, *args, **kwargs):
    """Whether the check fails."""
    with uncounted():
        try:
            check(*args, **kwargs)
        except AssertionError:
            return True
    return False


def mean_check(rng, excess):
    draws = rng.exponential(size=SIZE) + excess
    return statistical.assert_mean, (draws, 1.0, 1.0), {"skewness": 2.0}


def proportion_check(rng, excess):
    return statistical.assert_proportion, (rng.binomial(SIZE, 0.3 + excess), SIZE, 0.3), {}


def frequencies_check(rng, excess):
    # The truth moves away from the model, along a line, until it is `excess` nats away.
    model = np.arange(1.0, 9.0) / 36
    other = model[::-1]
    low, high = 0.0, 1.0
    for _ in range(50):
        step = (low + high) / 2
        truth = (1 - step) * model + step * other
        if np.sum(truth * np.log(truth / model)) < excess:
            low = step
        else:
            high = step
    truth = (1 - high) * model + high * other if excess else model
    return statistical.assert_frequencies, (rng.multinomial(SIZE, truth), model), {}


def distribution_check(rng, excess):
    # Uniform, but some of the lower half is moved to the upper half: `excess` away at one half.
    draws = rng.uniform(size=SIZE)
    moved = (draws < 0.5) & (rng.uniform(size=SIZE) < 2 * excess)
    return statistical.assert_same_distribution, (draws + 0.5 * moved, stats.uniform.cdf), {}


def two_samples_check(rng, excess):
    _, (draws, _), _ = distribution_check(rng, excess)
    return statistical.assert_two_samples, (draws, rng.uniform(size=SIZE)), {}


def covariance_check(rng, excess):
    model = np.array([[2.0, 0.6, 0.0], [0.6, 1.0, -0.3], [0.0, -0.3, 0.5]])
    # More variance along the first axis of the coordinates in which the model is standard normal.
    standard = rng.normal(size=(SIZE, 3)) * np.sqrt([1 + excess, 1, 1])
    draws = standard @ np.linalg.cholesky(model).T + [1.0, 2.0, 3.0]
    return statistical.assert_covariance, (draws, model), {"mean": [1.0, 2.0, 3.0]}


CHECKS = {
    "mean": (mean_check, {}),
    "proportion": (proportion_check, {"probability": 0.3}),
    "frequencies": (frequencies_check, {"cells": 8}),
    "distribution": (distribution_check, {}),
    "two_samples": (two_samples_check, {}),
    "covariance": (covariance_check, {"dims": 3}),
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_passes_draws_of_the_right_model(name, rng):
    make, _ = CHECKS[name]
    for _ in range(RUNS):
        check, args, kwargs = make(rng, 0.0)
        assert not caught(check, *args, **kwargs)


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_catches_the_discrepancy_that_it_states(name, rng):
    make, options = CHECKS[name]
    excess = smallest_detectable(name, SIZE, **options)
    runs = [make(rng, excess) for _ in range(RUNS)]
    assert sum(caught(check, *args, **kwargs) for check, args, kwargs in runs) >= CAUGHT


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_does_not_catch_much_less_than_it_states(name, rng):
    # Otherwise its bound would be tighter than its false-alarm rate allows.
    make, options = CHECKS[name]
    excess = smallest_detectable(name, SIZE, **options) / 5
    runs = [make(rng, excess) for _ in range(RUNS)]
    assert sum(caught(check, *args, **kwargs) for check, args, kwargs in runs) <= RUNS - CAUGHT


@pytest.mark.parametrize("name", ["mean", "proportion", "frequencies", "covariance"])
def test_the_bound_has_the_false_alarm_rate_that_is_asked_for(name, rng, monkeypatch):
    # At a rate of one in ten, it can be seen. A right model is refused at that rate at most.
    monkeypatch.setattr(statistical, "FALSE_ALARM", 0.1)
    make, _ = CHECKS[name]
    runs = [make(rng, 0.0) for _ in range(1000)]
    alarms = sum(caught(check, *args, **kwargs) for check, args, kwargs in runs)
    assert alarms <= stats.binom.isf(1e-9, 1000, 0.1)
    if name == "mean":  # its bound is an equality
        assert alarms >= stats.binom.ppf(1e-9, 1000, 0.1)


def test_the_bound_on_frequencies_holds_where_few_draws_are_expected(rng, monkeypatch):
    monkeypatch.setattr(statistical, "FALSE_ALARM", 0.1)
    model = np.array([0.9, 0.09, 0.009, 0.0009, 0.0001])
    counts = rng.multinomial(30, model, size=1000)
    alarms = sum(caught(statistical.assert_frequencies, row, model) for row in counts)
    assert alarms <= stats.binom.isf(1e-9, 1000, 0.1)


def test_a_category_of_probability_zero_must_not_occur():
    with must_catch():
        statistical.assert_frequencies([500, 500, 1], [0.5, 0.5, 0.0])
    assert not caught(statistical.assert_frequencies, [500, 500, 0], [0.5, 0.5, 0.0])


def test_a_draw_that_is_not_finite_is_caught(rng):
    draws = rng.normal(size=100)
    draws[3] = np.nan
    with pytest.raises(AssertionError, match="all draws must be finite, got 1 that are not"):
        statistical.assert_mean(draws, 0.0, 1.0)
    with pytest.raises(AssertionError, match="all draws must be finite"):
        statistical.assert_same_distribution(draws, stats.norm.cdf)


def test_the_worst_component_is_named(rng):
    draws = rng.normal(size=(SIZE, 3, 2))
    draws[:, 2, 1] += 0.5
    with (
        uncounted(),
        pytest.raises(AssertionError, match=r"height: .* at \(2, 1\), one of 1 wrong"),
    ):
        statistical.assert_mean(draws, 0.0, 1.0, what="height")


def test_a_wrong_correlation_is_caught_along_the_diagonal(rng):
    draws = rng.multivariate_normal([0, 0], [[1, 0.1], [0.1, 1]], size=SIZE)
    with uncounted(), pytest.raises(AssertionError, match=r"along \[-?1\.0, 1\.0\]"):
        statistical.assert_covariance(draws, np.eye(2))


def test_a_twin_that_passes_is_an_error(rng):
    with pytest.raises(AssertionError, match="must fail on this wrong model, but it passed"):
        with must_catch():
            statistical.assert_mean(rng.normal(size=SIZE), 0.0, 1.0)


def test_impossible_models_are_refused():
    with pytest.raises(ValueError, match="sd must be positive"):
        statistical.assert_mean(np.zeros(10), 0.0, 0.0)
    with pytest.raises(ValueError, match="must sum to one"):
        statistical.assert_frequencies([1, 2], [0.5, 0.6])
    with pytest.raises(ValueError, match="must not be negative"):
        statistical.assert_frequencies([1, -2], [0.5, 0.5])
    with pytest.raises(ValueError, match="check must be mean"):
        smallest_detectable("median", 10)
    with pytest.raises(ValueError, match="mean knows no option"):
        smallest_detectable("mean", 10, cells=2)


def test_checks_count_and_those_of_twins_do_not(rng):
    draws = rng.normal(size=SIZE)
    before = statistical.checks_made()
    statistical.assert_mean(draws, 0.0, 1.0)
    assert statistical.checks_made() == before + 1
    with must_catch():
        statistical.assert_mean(draws, 1.0, 1.0)
    assert statistical.checks_made() == before + 1


def test_the_rates_add_up():
    assert statistical.FALSE_ALARM * statistical.MAX_CHECKS == pytest.approx(1e-6)


def test_the_stated_sizes_are_right():
    results = doctest.testmod(statistical)
    assert results.attempted > 0 and results.failed == 0
