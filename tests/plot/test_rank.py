"""Pictures of calibrations."""

import numpy as np
import pytest

from recsim_ng.inference.calibration import Calibration
from recsim_ng.plot import plot_calibration


@pytest.fixture
def calibration(rng):
    ranks = {"good.x": (np.arange(80) + 0.5) / 80, "bad.x": rng.beta(3, 12, 80)}
    return Calibration(ranks, "mcmc", 40, 0, 0.05, "user")


def test_what_is_off_is_the_first_row_and_stands_out(calibration, tmp_path):
    figure = plot_calibration(calibration, tmp_path / "ranks.png")
    assert (tmp_path / "ranks.png").stat().st_size > 0
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[0] == "bad.x"
    assert titles[1].startswith("OFF: draws are too high, p = ")
    assert titles[2] == "good.x"
    assert titles[3].startswith("nothing is off, p = ")
    said = [text.get_text() for text in figure.texts]
    assert said[0] == "Calibration of mcmc: 1 of 2 numbers is off"
    assert said[1].startswith("40 data sets, ranks of each user pooled; bands: ")
    assert figure.axes[0].patches[1].get_facecolor() != figure.axes[2].patches[1].get_facecolor()


def test_the_line_and_the_bars_are_the_ranks(calibration):
    figure = plot_calibration(calibration, most=1)
    bars, difference = figure.axes
    heights = [patch.get_height() for patch in bars.patches[1:]]
    np.testing.assert_array_equal(heights, calibration.histogram("bad.x")[1])
    np.testing.assert_allclose(
        difference.lines[1].get_ydata()[1:-1], calibration.ecdf_difference("bad.x")[1]
    )
