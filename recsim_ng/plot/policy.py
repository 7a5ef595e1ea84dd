"""Policies: values in the simulator beside values estimated from logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from recsim_ng.plot import style


def plot_policies(
    simulated: Mapping[str, float], estimates: Mapping[str, Mapping[str, Any]], path: Any = None
) -> Any:
    """Plots what policies are worth in the logs over what they are worth in the simulator.

    Args:
      simulated: policy -> value.
      estimates: estimator -> policy -> what has `mean`, `low` and `high`.
      path: file to write, by its ending PNG, PDF or SVG; none if None.

    Returns:
      The matplotlib figure.
    """
    figure, axes = style.new_panel(style.WIDTH, 3.8)
    values = np.array(list(simulated.values()))
    width = max(np.ptp(values), 1e-12) * 0.012
    for i, (estimator, found) in enumerate(estimates.items()):
        x = values + (i - (len(estimates) - 1) / 2) * width
        ends = np.array([[found[name].low, found[name].high] for name in simulated])
        colour = style.PALETTE[i]
        axes.vlines(x, *ends.T, color=colour, linewidth=1.5)
        means = [found[name].mean for name in simulated]
        axes.plot(x, means, "o", color=colour, markersize=4.5, label=estimator)
    top = axes.get_ylim()[1]
    for name, x in simulated.items():
        axes.text(x, top, name, rotation=30, fontsize=8, color=style.INK, va="bottom")
    axes.set_xlabel("value in the simulator, reward per decision", color=style.INK)
    axes.set_ylabel("value estimated from logs", color=style.INK)
    axes.legend(frameon=False, fontsize=8, loc="best")
    return style.save(figure, path)
