"""Pictures of chains: every chain is drawn, and the elements that agree least."""

import numpy as np
import xarray as xr

from recsim_ng.plot.trace import plot_trace


def posterior(shape=()):
    x = np.random.default_rng(0).normal(size=(3, 50, *shape))
    names = ["chain", "draw", *(f"axis_{i}" for i in range(len(shape)))]
    return xr.Dataset({"a.x": (names, x), "b.y": (("chain", "draw"), x.reshape(3, 50, -1)[..., 0])})


def test_each_unknown_has_a_histogram_and_a_line_for_each_chain(tmp_path):
    data = posterior()
    figure = plot_trace(data, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000
    spread, trace = figure.axes[:2]
    assert len(figure.axes) == 4 and spread.get_title(loc="left") == "a.x"
    assert len(trace.lines) == 3 and len(spread.patches) == 3
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert told == ["chain 0", "chain 1", "chain 2"]
    for line, draws in zip(trace.lines, data["a.x"].values, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), draws)


def test_of_many_those_are_shown_whose_means_differ_most():
    data = posterior((4, 5))
    data["a.x"].values[1, :, 2, 3] += 9.0
    figure = plot_trace(data, most=3)
    titles = [axes.get_title(loc="left") for axes in figure.axes[::2]]
    assert len(titles) == 3 and "a.x[2, 3]" in titles
    assert "the 3 of 21 unknowns" in figure.texts[0].get_text()


def test_a_constant_can_be_drawn():
    data = xr.Dataset({"a": (("chain", "draw"), np.ones((2, 9)))})
    assert len(plot_trace(data).axes) == 2
