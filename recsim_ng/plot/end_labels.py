"""Names of lines, written beside their ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recsim_ng.plot import style
from recsim_ng.plot.spread import spread


def label_ends(
    axes: Any, names: Sequence[str], ends: Sequence[float], points: float, height: float
) -> None:
    """Writes each line's name to the right of its end, moved apart where they would overlap.

    Args:
      axes: matplotlib axes whose limits are final; line i has the style of index i.
      names: one for each line.
      ends: y of each line's end.
      points: size of the type.
      height: of the axes, in inches.
    """
    low, high = axes.get_ylim()
    room = 1.35 * points / 72 / height * (high - low)
    ends = [float(end) if np.isfinite(end) else (low + high) / 2 for end in ends]
    order = sorted(range(len(names)), key=ends.__getitem__)
    beside = axes.get_yaxis_transform()
    for i, y in zip(order, spread([ends[i] for i in order], [room] * len(order)), strict=True):
        colour = style.line_style(i)["color"]
        way = [1.0, 1.018], [ends[i], y]
        axes.plot(*way, transform=beside, color=colour, linewidth=0.8, clip_on=False)
        axes.text(1.025, y, names[i], transform=beside, color=colour, fontsize=points, va="center")
    axes.set_ylim(low, high)
