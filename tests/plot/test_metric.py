"""A metric over time: lines are means, bands intervals, names stand beside the lines."""

import numpy as np
import pytest

from recsim_ng.core import errors
from recsim_ng.core.study import HeadlineMetric
from recsim_ng.plot import plot_metric
from recsim_ng.runtime.results import Results

METRIC = HeadlineMetric("x", "mean of x, metres", (), None)


def results(rng, arms, seeds=4, steps=9):
    runs = {(arm, s): {"x": rng.normal(size=steps)} for arm in arms for s in range(seeds)}
    return Results.of(runs, arms, range(seeds), [METRIC], steps, {})


def words(figure):
    return [t.get_text() for t in [*figure.texts, *figure.axes[0].texts]]


def test_lines_are_means_and_bands_are_their_intervals(rng):
    found = results(rng, ["a", "b"])
    axes = plot_metric(found, "x").axes[0]
    lines = [line for line in axes.lines if len(line.get_xdata()) == 9]
    for arm, line, band in zip("ab", lines, axes.collections, strict=True):
        estimate = found.estimate("x", arm)
        np.testing.assert_allclose(line.get_ydata(), estimate.mean)
        ys = band.get_paths()[0].vertices[:, 1]
        assert np.isclose(ys.max(), estimate.high.max()) and np.isclose(
            ys.min(), estimate.low.min()
        )


def test_arms_of_one_field_are_named_by_their_values_below_the_field(rng):
    figure = plot_metric(results(rng, ["cap=0", "cap=0.6", "cap=1.2"]), "x")
    assert {"0", "0.6", "1.2", "cap", "Mean of x, metres"} <= set(words(figure))


def test_names_beside_the_lines_do_not_overlap(rng):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    arms = [f"an arm with a long name {i}" for i in range(9)]
    runs = {(arm, s): {"x": np.full(5, 1.0 + 1e-3 * s)} for arm in arms for s in range(2)}
    figure = plot_metric(Results.of(runs, arms, range(2), [METRIC], 5, {}), "x")
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = sorted(
        (t.get_window_extent(renderer) for t in figure.axes[0].texts), key=lambda b: b.y0
    )
    assert len(boxes) == 9
    for below, above in zip(boxes, boxes[1:], strict=False):
        assert below.y1 <= above.y0 + 1
    assert all(box.x1 <= figure.bbox.x1 for box in boxes)
    colours = {(line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines[:9]}
    assert len(colours) == 9


@pytest.mark.parametrize(("seeds", "steps"), [(1, 9), (3, 1), (1, 1)])
def test_one_seed_or_one_step_can_be_drawn(rng, seeds, steps):
    figure = plot_metric(results(rng, ["toy"], seeds, steps), "x")
    assert any(f"{seeds} seed" in text for text in words(figure))
    ticks = figure.axes[0].get_xticks()
    assert np.array_equal(ticks, np.round(ticks))  # there is no step 0.45


def test_nothing_finished_in_an_arm_can_be_drawn(rng):
    runs = {("a", 0): {"x": rng.normal(size=4)}}
    figure = plot_metric(Results.of(runs, ["a", "b"], [0, 1], [METRIC], 4, {}), "x")
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), runs["a", 0]["x"])


def test_an_unknown_metric_is_an_error(rng):
    with pytest.raises(errors.FieldError, match="no metric 'y'"):
        plot_metric(results(rng, ["a"]), "y")


def test_drawing_leaves_pyplot_and_its_settings_alone(rng, tmp_path):
    import matplotlib
    from matplotlib import _pylab_helpers

    before = dict(matplotlib.rcParams)
    plot_metric(results(rng, ["a", "b"]), "x", tmp_path / "x.png")
    assert dict(matplotlib.rcParams) == before
    assert not _pylab_helpers.Gcf.get_all_fig_managers()
    assert (tmp_path / "x.png").stat().st_size > 1000
