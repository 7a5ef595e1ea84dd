"""Predictive checks: what is simulated as a histogram, what was observed as a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recsim_ng.plot import style

_COLUMNS = 3


def plot_predictive_checks(checks: Sequence[Any], path: Any = None) -> Any:
    """Plots statistics of simulated trajectories, and of the logs, one panel for each.

    Numbers are histograms; vectors are medians with bands of 50 % and 90 %.

    Args:
      checks: each with `name`, `observed` `[K]`, `simulated` `[R, K]` and `p_value`.
      path: file to write, by its ending PNG, PDF or SVG; none if None.

    Returns:
      The matplotlib figure.
    """
    columns = min(_COLUMNS, len(checks))
    rows = -(-len(checks) // columns)
    figure = style.new_figure(style.WIDTH, 2.3 * rows)
    figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.08)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, check in zip(panels, checks, strict=False):
        style.quieten(axes)
        title = f"{check.name}, p = {check.p_value:.2g}"
        axes.set_title(title, fontsize=9, color=style.INK, loc="left")
        if len(check.observed) == 1:
            axes.hist(check.simulated[:, 0], bins=20, color=style.PALETTE[0], alpha=0.5)
            axes.axvline(check.observed[0], color=style.PALETTE[1], linewidth=2)
            axes.set_yticks([])
        else:
            at = np.arange(len(check.observed))
            for low, high, alpha in ((5, 95, 0.16), (25, 75, 0.28)):
                edges = np.percentile(check.simulated, (low, high), axis=0)
                band = {"color": style.PALETTE[0], "alpha": alpha, "linewidth": 0}
                axes.fill_between(at, *edges, **band)
            axes.plot(at, np.median(check.simulated, axis=0), color=style.PALETTE[0])
            axes.plot(at, check.observed, color=style.PALETTE[1], linewidth=1.5)
            axes.set_xlabel("component", fontsize=9, color=style.INK)
    for axes in panels[len(checks) :]:
        axes.set_visible(False)
    return style.save(figure, path)
