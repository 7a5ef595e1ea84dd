"""Calibration: points and bars are where the numbers say, those outside the band in red."""

import numpy as np

from recsim_ng.plot import style
from recsim_ng.plot.calibration import plot_probability_integral, plot_reliability
from recsim_ng.report.calibration import ProbabilityIntegral, Reliability


def test_points_are_shares_over_predictions_and_those_outside_are_red():
    p, share = np.array([0.1, 0.4, 0.8]), np.array([0.1, 0.6, 0.8])
    found = Reliability(p, share, p - 0.05, p + 0.05, np.ones(3), 0.1, (0.0, 0.2), 0.1)
    axes = plot_reliability(found).axes[0]
    within, outside = axes.lines[-2:]
    assert within.get_ydata().tolist() == [0.1, 0.8] and outside.get_ydata().tolist() == [0.6]
    assert outside.get_color() == style.PALETTE[1]


def test_bars_are_counts_and_those_outside_the_band_are_red():
    found = ProbabilityIntegral(np.array([5, 9, 4, 5]), 2.0, 8.0, 0.3)
    bars = plot_probability_integral(found).axes[0].patches[-4:]
    assert [bar.get_height() for bar in bars] == [5, 9, 4, 5]
    assert bars[1].get_facecolor() != bars[0].get_facecolor() == bars[3].get_facecolor()
