"""What all pictures share: colours that colour-blind people can tell apart, and quiet axes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

INK = "#222222"
FAINT = "#8a8a8a"
GRID = "#e4e4e4"

WIDTH = 7.2
"""Of pictures that stand in one column of a page, inches."""

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D1F")
"""Source: Okabe and Ito, Color Universal Design, 2008; yellow, too light for lines, is brown."""

DASHES = ("-", "--", ":", "-.")


def line_style(index: int) -> dict[str, Any]:
    """Returns the colour of the line of that index; beyond the palette it is dashed.

    Args:
      index: from 0.
    """
    dash = DASHES[index // len(PALETTE) % len(DASHES)]
    return {"color": PALETTE[index % len(PALETTE)], "linestyle": dash}


def new_figure(width: float, height: float) -> Any:
    """Returns a matplotlib figure that pyplot knows nothing of.

    Args:
      width: in inches.
      height: in inches.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), facecolor="white", layout=None)


def new_panel(width: float, height: float) -> tuple[Any, Any]:
    """Returns a figure with one panel that fills it, and the panel's quiet axes.

    Args:
      width: in inches.
      height: in inches.
    """
    figure = new_figure(width, height)
    figure.set_layout_engine("constrained")
    axes = figure.add_subplot()
    quieten(axes)
    return figure, axes


def quieten(axes: Any) -> None:
    """Leaves of the frame of some axes only what is read.

    Args:
      axes: matplotlib axes.
    """
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=9, length=3, width=0.6)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def limit_steps(axes: Any, num_steps: int) -> None:
    """Lets the horizontal axis show the steps 0 ... T-1, and no fractions of them.

    Args:
      axes: matplotlib axes.
      num_steps: T.
    """
    from matplotlib.ticker import FixedLocator, MaxNLocator

    if num_steps == 1:
        axes.set_xlim(-0.5, 0.5)
        axes.xaxis.set_major_locator(FixedLocator([0]))
        return
    axes.set_xlim(0, num_steps - 1)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))


def save(figure: Any, path: Any) -> Any:
    """Writes a figure, by its ending PNG, PDF or SVG, and returns it.

    Args:
      figure: the figure.
      path: the file; none is written if None.
    """
    if path is not None:
        figure.savefig(Path(path), dpi=150)
    return figure
