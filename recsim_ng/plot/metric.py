"""A metric of an experiment over time: one line with a band for each arm."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsim_ng.plot import style
from recsim_ng.plot.end_labels import label_ends


def plot_metric(results: Any, metric: str, path: Any = None) -> Any:
    """Plots a metric's mean over seeds at every step, with its 95 % interval as a band.

    Arms are labelled beside the ends of their lines; where all are named "field=value" the field
    stands above the values.

    Args:
      results: a `recsim_ng.runtime.results.Results`.
      metric: name of the metric.
      path: file to write, by its ending PNG, PDF or SVG; none if None.

    Returns:
      The matplotlib figure.

    Raises:
      FieldError: (also a ValueError) there is no such metric.
    """
    label = results.label(metric)
    estimates = {arm: results.estimate(metric, arm) for arm in results.arms}
    figure = style.new_figure(7.2, 4.2)
    figure.subplots_adjust(left=0.11, right=0.97, top=0.86, bottom=0.13)
    axes = figure.add_subplot()
    style.quieten(axes)
    steps = np.arange(results.num_steps)
    for i, estimate in enumerate(estimates.values()):
        look = style.line_style(i)
        band = {"color": look["color"], "alpha": 0.18, "linewidth": 0}
        axes.fill_between(steps, estimate.low, estimate.high, **band)
        axes.plot(steps, estimate.mean, linewidth=1.6, **look)
        if results.num_steps == 1:
            half = estimate.high - estimate.mean
            axes.errorbar([0], estimate.mean, half, fmt="o", capsize=3, color=look["color"])
    style.limit_steps(axes, results.num_steps)
    axes.margins(y=0.06)
    axes.set_xlabel("step", fontsize=10, color=style.INK)
    figure.text(0.02, 0.955, _capital(label), fontsize=12, color=style.INK, va="center")
    figure.text(0.02, 0.9, _seeds(estimates), fontsize=9, color=style.FAINT, va="center")
    if len(estimates) > 1:
        _label_arms(figure, axes, list(estimates), [e.mean[-1] for e in estimates.values()])
    return style.save(figure, path)


def _seeds(estimates: dict[str, Any]) -> str:
    counts = sorted({estimate.count for estimate in estimates.values()})
    words = " to ".join(str(count) for count in {counts[0]: None, counts[-1]: None})
    if counts[-1] < 2:
        return f"{words} seed"
    return f"mean of {words} seeds, band: 95 % interval for the mean"


def _label_arms(figure: Any, axes: Any, arms: list[str], ends: list[float]) -> None:
    """Writes the arms' names beside their lines' ends, moved apart where they would overlap."""
    field, names = _common_field(arms)
    wide = max(len(name) for name in names) + 2
    figure.subplots_adjust(right=max(0.6, 0.975 - 0.0122 * wide))
    height = figure.get_size_inches()[1] * axes.get_position().height
    label_ends(axes, names, ends, 9.5, height)
    if field:
        figure.text(0.975, 0.9, field, fontsize=9, color=style.INK, va="center", ha="right")


def _common_field(arms: list[str]) -> tuple[str, list[str]]:
    fields = {arm.partition("=")[0] for arm in arms}
    if len(fields) == 1 and all("=" in arm for arm in arms):
        return fields.pop(), [arm.partition("=")[2] for arm in arms]
    return "", arms


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
