"""Predictive checks: numbers as histograms, vectors as bands, the logs as a line."""

import numpy as np

from recsim_ng.plot.predictive_check import plot_predictive_checks
from recsim_ng.report.predictive_check import PredictiveCheck


def test_numbers_are_histograms_and_vectors_bands(rng):
    number = PredictiveCheck("n", np.array([0.5]), rng.normal(size=(30, 1)), np.ones(1), 0.4)
    vector = PredictiveCheck("v", np.arange(4.0), rng.normal(size=(30, 4)), np.ones(4), 0.4)
    figure = plot_predictive_checks([number, vector, number, vector])
    assert sum(axes.get_visible() for axes in figure.axes) == 4
    one, two = figure.axes[:2]
    assert one.get_title(loc="left") == "n, p = 0.4"
    assert sum(bar.get_height() for bar in one.patches) == 30
    assert one.lines[0].get_xdata()[0] == 0.5
    median, logs = two.lines
    np.testing.assert_allclose(median.get_ydata(), np.median(vector.simulated, axis=0))
    np.testing.assert_allclose(logs.get_ydata(), vector.observed)
