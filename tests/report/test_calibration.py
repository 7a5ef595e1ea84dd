"""Calibration: bands hold right predictions, wrong ones are found."""

import numpy as np
import pytest

from recsim_ng.report.calibration import calibrate, probability_integral, reliability
from recsim_ng.report.interaction import Interactions
from recsim_ng.report.prediction import Prediction
from tests.statistical import assert_proportion, must_catch

RUNS = 120


def predicted(rng, size=400, users=40):
    p = rng.dirichlet([0.7, 1.0, 2.0], size=size)
    return p, (rng.random((size, 1)) > p.cumsum(axis=1)).sum(axis=1), rng.integers(users, size=size)


def sharper(p):
    q = p**1.7
    return q / q.sum(axis=1, keepdims=True)


def outside(rng, change):
    count = 0
    for i in range(RUNS):
        p, y, user = predicted(rng)
        count += not reliability(change(p), y, user, i).is_calibrated
    return count


def test_the_band_of_all_bins_holds_right_predictions_and_not_overconfident_ones(rng):
    # Of 120 runs, 0.35 outside in place of 0.05 at most are found with probability 0.999.
    count = outside(rng, lambda p: p)
    if count > 0.05 * RUNS:
        assert_proportion(count, RUNS, 0.05, what="bins outside the band of all")
    with must_catch():
        assert_proportion(outside(rng, sharper), RUNS, 0.05, what="overconfident")


def test_bins_are_of_equal_mass_and_the_error_is_the_mean_gap(rng):
    p, y, user = predicted(rng, 300)
    found = reliability(p, y, user)
    happened = np.eye(3)[y].ravel()
    order = np.argsort(p.ravel(), kind="stable").reshape(10, 90)
    np.testing.assert_array_equal(found.counts, 90)
    np.testing.assert_allclose(found.predicted, p.ravel()[order].mean(axis=1))
    np.testing.assert_allclose(found.happened, happened[order].mean(axis=1))
    gaps = np.abs(p.ravel()[order].mean(axis=1) - happened[order].mean(axis=1))
    assert found.error == pytest.approx(gaps.mean())
    assert found.interval[0] <= found.interval[1] and found.by_chance > 0


def test_chance_alone_makes_the_error_that_it_says(rng):
    over = 0
    for i in range(RUNS):
        p, y, user = predicted(rng)
        found = reliability(p, y, user, i)
        over += found.error > found.by_chance
    # A rate of 0.05, from 200 replicates, is known to 0.03.
    assert_proportion(over, RUNS, np.clip(over / RUNS, 0.02, 0.08), what="errors beyond chance")


def test_predictions_of_one_probability_are_one_bin():
    found = reliability(np.full((50, 2), 0.5), np.arange(50) % 2, np.arange(50))
    assert found.counts.tolist() == [100] and found.error == 0.0 and found.is_calibrated


def test_the_probability_integral_is_flat_if_predictions_are_right(rng):
    off = sum(not probability_integral(rng.random(400)).is_calibrated for _ in range(RUNS))
    if off > 0.05 * RUNS:
        assert_proportion(off, RUNS, 0.05, what="histograms outside the band")
    too_wide = probability_integral(rng.beta(2, 2, size=400))
    assert not too_wide.is_calibrated and too_wide.p_value < 1e-3


def test_what_has_no_law_to_look_at_is_not_looked_at(rng):
    x = Interactions(rng.normal(size=4), np.arange(4), np.arange(4))
    assert calibrate(Prediction("a.x", x, np.zeros(4), None, None, 1, 0)) is None
