"""Calibration: predicted probabilities beside shares, and the probability integral."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsim_ng.plot import style


def plot_reliability(found: Any, path: Any = None) -> Any:
    """Plots how often alternatives were chosen over the probability that was predicted.

    Args:
      found: with `[B]` arrays `predicted`, `happened`, `low` and `high`.
      path: file to write, by its ending PNG, PDF or SVG; none if None.

    Returns:
      The matplotlib figure.
    """
    figure, axes = style.new_panel(style.WIDTH, 4.2)
    top = 1.06 * max(found.predicted.max(), found.happened.max(), found.high.max())
    axes.plot([0, top], [0, top], color=style.FAINT, linewidth=1.0)
    axes.vlines(found.predicted, found.low, found.high, color=style.GRID, linewidth=7)
    within = (found.low <= found.happened) & (found.happened <= found.high)
    for which, colour in ((within, style.PALETTE[0]), (~within, style.PALETTE[1])):
        axes.plot(found.predicted[which], found.happened[which], "o", color=colour, markersize=5)
    axes.set_xlim(0, top)
    axes.set_ylim(0, top)
    axes.set_xlabel("predicted probability", color=style.INK)
    axes.set_ylabel("share that was chosen", color=style.INK)
    return style.save(figure, path)


def plot_probability_integral(found: Any, path: Any = None) -> Any:
    """Plots the histogram of the probability integral transform with its band.

    Args:
      found: with `counts`, `[B]`, and numbers `low` and `high`.
      path: file to write, by its ending PNG, PDF or SVG; none if None.

    Returns:
      The matplotlib figure.
    """
    figure, axes = style.new_panel(style.WIDTH, 3.2)
    edges = np.linspace(0, 1, len(found.counts) + 1)
    within = (found.low <= found.counts) & (found.counts <= found.high)
    colours = [style.PALETTE[0 if is_within else 1] for is_within in within]
    axes.axhspan(found.low, found.high, color=style.GRID, linewidth=0)
    axes.bar(edges[:-1], found.counts, np.diff(edges), align="edge", color=colours, alpha=0.75)
    for edge in (found.low, found.high):
        axes.axhline(edge, color=style.FAINT, linewidth=0.8)
    axes.set_xlim(0, 1)
    axes.set_xlabel("probability integral transform", color=style.INK)
    axes.set_ylabel("interactions", color=style.INK)
    return style.save(figure, path)
