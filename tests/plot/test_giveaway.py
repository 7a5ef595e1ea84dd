"""Giveaways: a bar for each feature, the first on top."""

from recsim_ng.plot.giveaway import plot_giveaways


def test_bars_are_the_differences_in_order():
    axes = plot_giveaways(["a: mean", "b: mean"], [0.7, -0.2]).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [0.7, -0.2]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    assert axes.get_xlim()[1] == -axes.get_xlim()[0]


def test_long_names_leave_the_label_whole():
    name = "user state.satisfaction of whoever was shown it: correlation with the step before"
    figure = plot_giveaways([name, name], [0.7, -0.2])
    figure.draw_without_rendering()
    label, (left, _, right, _) = figure.texts[0], figure.bbox.extents
    box = label.get_window_extent()
    assert left <= box.x0 and box.x1 <= right and label.get_text().endswith("standard deviations")
    assert figure.axes[0].get_position().width > 0.4
