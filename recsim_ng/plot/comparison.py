"""A fitted story beside baselines: one interval for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recsim_ng.plot import style


def plot_comparison(names: Sequence[str], estimates: Sequence[Any], path: Any = None) -> Any:
    """Plots by how much a story predicts better than each baseline, with 95 % intervals.

    Args:
      names: of the baselines.
      estimates: with `mean`, `low` and `high`, nats per interaction; what is above 0 is better.
      path: file to write, by its ending PNG, PDF or SVG; none if None.

    Returns:
      The matplotlib figure.
    """
    figure, axes = style.new_panel(style.WIDTH, 0.9 + 0.42 * len(names))
    axes.grid(axis="y", visible=False)
    axes.axvline(0.0, color=style.FAINT, linewidth=1.0)
    finite = [x for e in estimates for x in (e.mean, e.low, e.high) if np.isfinite(x)]
    reach = max((abs(x) for x in finite), default=1.0) or 1.0
    for y, estimate in enumerate(estimates):
        is_clear = estimate.low > 0 or estimate.high < 0
        colour = style.PALETTE[0 if estimate.low > 0 else 1] if is_clear else style.FAINT
        ends = np.clip([estimate.low, estimate.high], -1.1 * reach, 1.1 * reach)
        axes.plot(ends, [y, y], color=colour, linewidth=2.0)
        axes.plot([estimate.mean], [y], "o", color=colour, markersize=6)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.margins(x=0.08)
    axes.set_xlabel("advantage over the baseline, nats per interaction", color=style.INK)
    return style.save(figure, path)
