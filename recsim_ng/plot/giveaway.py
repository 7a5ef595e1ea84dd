"""Giveaways: the features by which simulated trajectories are told from real ones."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from recsim_ng.plot import style

_LETTERS = 40  # in one line of a feature's name


def plot_giveaways(names: Sequence[str], differences: Sequence[float], path: Any = None) -> Any:
    """Plots how far the means of features are apart, one bar each.

    Args:
      names: of the features.
      differences: real minus simulated, standard deviations.
      path: file to write, by its ending PNG, PDF or SVG; none if None.

    Returns:
      The matplotlib figure.
    """
    figure, axes = style.new_panel(style.WIDTH, 0.9 + 0.4 * len(names))
    axes.grid(axis="y", visible=False)
    axes.barh(range(len(names)), differences, height=0.6, color=style.PALETTE[0])
    axes.axvline(0.0, color=style.FAINT, linewidth=1.0)
    axes.set_yticks(range(len(names)), [textwrap.fill(name, _LETTERS) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    reach = 1.1 * max([0.5, *(abs(x) for x in differences)])
    axes.set_xlim(-reach, reach)
    # Below the figure, since names leave the panel narrower than this is long.
    label = "mean of real minus simulated, standard deviations"
    figure.supxlabel(label, fontsize=10, color=style.INK)
    return style.save(figure, path)
