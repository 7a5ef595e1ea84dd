"""A calibration: histograms of ranks, and how far their distribution is from the uniform one."""

from __future__ import annotations

from typing import Any

from recsim_ng.plot import style

_ROW, _TOP = 1.75, 0.95  # inches


def plot_calibration(calibration: Any, path: Any = None, *, most: int = 8) -> Any:
    """Plots a row for each number, what is off most first.

    On the left the histogram of its ranks, on the right their distribution function less the
    uniform one. A right method stays within the bands, in all bins and at all points at once, but
    for the number's share of the false-alarm rate. Draws that are too narrow bend the difference
    from above to below, too wide ones from below to above; too low ones lower it throughout.

    Args:
      calibration: a `recsim_ng.inference.Calibration`.
      path: file to write, by its ending PNG, PDF or SVG; none if None.
      most: numbers that are shown.

    Returns:
      The matplotlib figure.
    """
    verdicts = calibration.verdicts[:most]
    height = _TOP + _ROW * len(verdicts) + 0.45
    figure = style.new_figure(7.2, height)
    figure.subplots_adjust(
        left=0.09, right=0.975, top=1 - (_TOP + 0.1) / height, bottom=0.5 / height, hspace=0.62
    )
    figure.text(
        0.02, 1 - 0.27 / height, _title(calibration), fontsize=12, color=style.INK, va="center"
    )
    figure.text(
        0.02, 1 - 0.52 / height, _subtitle(calibration), fontsize=9, color=style.FAINT, va="center"
    )
    for row, verdict in enumerate(verdicts):
        left = figure.add_subplot(len(verdicts), 2, 2 * row + 1)
        right = figure.add_subplot(len(verdicts), 2, 2 * row + 2)
        color = style.PALETTE[1 if verdict.is_off else 0]
        for axes in (left, right):
            style.quieten(axes)
            axes.set_xlim(0.0, 1.0)
        _draw_histogram(left, *calibration.histogram(verdict.name), color=color)
        _draw_difference(right, *calibration.ecdf_difference(verdict.name), color=color)
        left.set_title(verdict.name, fontsize=9.5, color=style.INK, loc="left")
        said = f"OFF: {verdict.shape}" if verdict.is_off else "nothing is off"
        right.set_title(
            f"{said}, p = {verdict.p_value:.2g}",
            fontsize=9.5,
            color=color if verdict.is_off else style.INK,
            loc="left",
        )
        if row == len(verdicts) - 1:
            left.set_xlabel("rank of the truth among the draws", fontsize=9.5, color=style.INK)
            right.set_xlabel(
                "rank: share of ranks below it, less itself", fontsize=9.5, color=style.INK
            )
    return style.save(figure, path)


def _title(calibration: Any) -> str:
    off = sum(v.is_off for v in calibration.verdicts)
    count = len(calibration.verdicts)
    if off:
        verb = "is" if off == 1 else "are"
        return f"Calibration of {calibration.method}: {off} of {count} numbers {verb} off"
    return f"Calibration of {calibration.method}: nothing is off"


def _subtitle(calibration: Any) -> str:
    rate = f"{100 * calibration.false_alarm:g} %"
    pooled = f", ranks of each {calibration.block_axis} pooled" if calibration.block_axis else ""
    return (
        f"{calibration.num_replicates} data sets{pooled}; bands: a right method leaves any of them "
        f"with a chance of {rate}"
    )


def _draw_histogram(axes: Any, edges: Any, counts: Any, low: int, high: int, *, color: str) -> None:
    axes.axhspan(low, high, color=style.GRID, linewidth=0)
    axes.axhline(counts.mean(), color=style.FAINT, linewidth=0.8)
    axes.bar(
        edges[:-1],
        counts,
        edges[1] - edges[0],
        align="edge",
        color=color,
        alpha=0.75,
        edgecolor="white",
        linewidth=0.6,
    )
    axes.set_ylim(0, 1.08 * max(high, counts.max()))


def _draw_difference(
    axes: Any, x: Any, difference: Any, low: Any, high: Any, *, color: str
) -> None:
    ends = ([0.0, *x, 1.0], [0.0, *low, 0.0], [0.0, *high, 0.0])
    axes.fill_between(*ends, color=style.GRID, linewidth=0)
    axes.axhline(0.0, color=style.FAINT, linewidth=0.8)
    axes.plot([0.0, *x, 1.0], [0.0, *difference, 0.0], color=color, linewidth=1.6)
    axes.grid(visible=False)
