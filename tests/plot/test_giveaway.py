"""Giveaways: a bar for each feature, the first on top."""

from recsim_ng.plot.giveaway import plot_giveaways


def test_bars_are_the_differences_in_order():
    axes = plot_giveaways(["a: mean", "b: mean"], [0.7, -0.2]).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [0.7, -0.2]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    assert axes.get_xlim()[1] == -axes.get_xlim()[0]
