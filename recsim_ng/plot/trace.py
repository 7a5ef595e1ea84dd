"""Chains of a fit: where they went, and how what they drew is spread."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsim_ng.plot import style

_BINS = 40


def plot_trace(posterior: Any, path: Any = None, most: int = 8) -> Any:
    """Plots draws of unknowns, a row for each element: a histogram and a trace for each chain.

    Where there are more elements than fit, those are shown whose chains' means lie
    furthest apart, relative to how far the chains themselves spread.

    Args:
      posterior: an xarray Dataset of `[chain, draw, ...]` unknowns, such as an InferenceData's.
      path: file to write, by its ending PNG, PDF or SVG; none if None.
      most: rows, at most.

    Returns:
      The matplotlib figure.
    """
    rows, count = _elements(posterior, most)
    figure = style.new_figure(9.0, 0.9 + 1.35 * len(rows))
    height = figure.get_size_inches()[1]
    figure.subplots_adjust(
        left=0.06, right=0.98, top=1 - 0.62 / height, bottom=0.5 / height, hspace=0.75, wspace=0.12
    )
    title = "Draws of each chain"
    if count > len(rows):
        title += f": the {len(rows)} of {count:,} unknowns whose means differ most among chains"
    figure.text(0.02, 1 - 0.2 / height, title, fontsize=12, color=style.INK, va="center")
    for i, (label, x) in enumerate(rows):
        spread = figure.add_subplot(len(rows), 2, 2 * i + 1)
        trace = figure.add_subplot(len(rows), 2, 2 * i + 2)
        edges = np.linspace(x.min(), x.max(), _BINS + 1) if np.ptp(x) > 0 else 3
        for chain, draws in enumerate(x):
            look = style.line_style(chain)
            spread.hist(draws, edges, histtype="step", linewidth=1.1, **look)
            trace.plot(draws, linewidth=0.5, alpha=0.8, color=look["color"], label=f"chain {chain}")
        for axes in (spread, trace):
            style.quieten(axes)
            axes.tick_params(labelsize=8)
        spread.set_yticks([])
        spread.spines["left"].set_visible(False)
        spread.set_title(label, fontsize=9, color=style.INK, loc="left")
        trace.set_xlim(0, x.shape[1] - 1)
        if i == len(rows) - 1:
            trace.set_xlabel("draw", fontsize=9, color=style.INK)
    lines, labels = trace.get_legend_handles_labels()
    if 1 < len(lines) <= len(style.PALETTE):
        told = figure.legend(
            lines,
            labels,
            loc="lower left",
            bbox_to_anchor=(0.05, 0.0),
            ncols=len(lines),
            frameon=False,
            fontsize=8,
        )
        for line in told.get_lines():
            line.set(linewidth=1.5, alpha=1.0)
    return style.save(figure, path)


def _elements(posterior: Any, most: int) -> tuple[list[tuple[str, np.ndarray]], int]:
    """The elements to show as (label, `[C, N]`), in their order, and how many there are."""
    found: list[tuple[float, int, str, np.ndarray]] = []
    count = 0
    for name, array in posterior.data_vars.items():
        x = np.asarray(array.values, np.float64)
        shape, x = x.shape[2:], x.reshape(*x.shape[:2], -1)
        between = x.mean(axis=1).var(axis=0)
        within = x.var(axis=1).mean(axis=0)
        worst = between / np.maximum(within, np.finfo(float).tiny)
        for k in np.argsort(-worst, kind="stable")[:most]:
            at = ", ".join(str(int(n)) for n in np.unravel_index(k, shape)) if shape else ""
            label = f"{name}[{at}]" if shape else str(name)
            found.append((-float(worst[k]), count + int(k), label, x[..., k]))
        count += x.shape[-1]
    shown = sorted(sorted(found, key=lambda row: row[0])[:most], key=lambda row: row[1])
    return [(label, x) for _, _, label, x in shown], count
