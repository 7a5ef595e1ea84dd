"""Comparisons with baselines: an interval for each, clear ones in colour."""

import numpy as np

from recsim_ng.plot import style
from recsim_ng.plot.comparison import plot_comparison
from recsim_ng.report.difference import Difference


def test_every_baseline_has_its_interval_and_unclear_ones_are_grey(tmp_path):
    estimates = [Difference(0.2, 0.1, 0.3), Difference(0.0, -0.1, 0.1), Difference(-1, -2, -0.5)]
    figure = plot_comparison(["a", "b", "c"], estimates, tmp_path / "x.png")
    axes = figure.axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["a", "b", "c"]
    lines = [line for line in axes.lines if len(line.get_xdata()) == 2][1:]
    np.testing.assert_allclose([line.get_xdata() for line in lines[:2]], [[0.1, 0.3], [-0.1, 0.1]])
    colours = [line.get_color() for line in lines]
    assert colours == [style.PALETTE[0], style.FAINT, style.PALETTE[1]]
    assert (tmp_path / "x.png").stat().st_size > 1000


def test_an_endless_interval_can_be_drawn():
    figure = plot_comparison(["a"], [Difference(-np.inf, -np.inf, np.inf)])
    assert np.isfinite(figure.axes[0].get_xlim()).all()
