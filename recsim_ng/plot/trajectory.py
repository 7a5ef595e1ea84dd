"""Fields of a trajectory over time: the population as bands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recsim_ng.core.errors import FieldError
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.plot import style
from recsim_ng.plot.end_labels import label_ends

_MAX_PANELS = 12
_MAX_LINES = 4
_PANEL = 2.5  # height in inches
_BANDS = ((5, 95, 0.14), (25, 75, 0.22))


def plot_trajectory(
    trajectory: Trajectory, fields: Sequence[str] | None = None, path: Any = None
) -> Any:
    """Plots fields over time, one panel each.

    The first axis after time is a population, such as users: the line is its median, the bands
    hold half and nine tenths of it. A field without such an axis is one line. Of further axes each
    component is a line with a band of its own, up to four; more are taken into the population.

    Args:
      trajectory: what is drawn.
      fields: "variable.field"; all floating-point ones, up to twelve, if None.
      path: file to write, by its ending PNG, PDF or SVG; none if None.

    Returns:
      The matplotlib figure.

    Raises:
      FieldError: (also a ValueError) there is no such field, or none that is numeric.
    """
    arrays = _arrays(trajectory)
    real = [name for name, (array, _) in arrays.items() if array.dtype.kind == "f"]
    chosen = real[:_MAX_PANELS] if fields is None else list(fields)
    unknown = [name for name in chosen if name not in arrays]
    if unknown or not chosen:
        raise FieldError(
            f"plot_trajectory: fields must be among {list(arrays)}, got {unknown or 'none'}"
        )
    columns = min(len(chosen), 2)
    rows = -(-len(chosen) // columns)
    figure = style.new_figure(4.6 * columns, _PANEL * rows + 0.4)
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.1)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, name in zip(panels, chosen, strict=False):
        _draw(axes, name, *arrays[name])
    for axes in panels[len(chosen) :]:
        axes.set_visible(False)
    figure.supxlabel("step", fontsize=10, color=style.INK)
    return style.save(figure, path)


def _arrays(trajectory: Trajectory) -> dict[str, tuple[np.ndarray, tuple[str, ...]]]:
    """The numeric fields, with the names of their axes after time."""
    found = {}
    for variable, value in trajectory.items():
        for field, x in value.as_dict.items():
            if not hasattr(x, "numpy") and not isinstance(x, np.ndarray):
                continue
            array = np.asarray(x)
            if array.dtype.kind in "fiub" and array.size:
                dims = trajectory.dims.get(variable, {}).get(field, ())
                found[f"{variable}.{field}"] = (array, tuple(dims))
    return found


def _draw(axes: Any, name: str, array: np.ndarray, dims: tuple[str, ...]) -> None:
    style.quieten(axes)
    axes.set_title(name, fontsize=10, color=style.INK, loc="left", pad=17)
    lines = _lines(array)
    steps, members = np.arange(len(array)), lines[0].shape[1]
    marker = "o" if len(array) == 1 else None
    bands = _BANDS if len(lines) == 1 else _BANDS[1:]
    for i, population in enumerate(lines):
        look = style.line_style(i)
        for low, high, alpha in bands if members > 1 else ():
            edges = np.percentile(population, (low, high), axis=1)
            axes.fill_between(steps, *edges, color=look["color"], alpha=alpha, linewidth=0)
        axes.plot(steps, np.median(population, axis=1), linewidth=1.5, marker=marker, **look)
    style.limit_steps(axes, len(array))
    axes.margins(y=0.06)
    if len(lines) > 1:
        last = dims[1] if len(dims) == 2 else "component"
        names = [f"{last} {i}" for i in range(len(lines))]
        label_ends(axes, names, [float(np.median(x[-1])) for x in lines], 8.0, _PANEL * 0.7)
    if members > 1:
        pooled = array.ndim - 1 if len(lines) == 1 else 1
        who = " x ".join(dims[:pooled]) if len(dims) >= pooled else "member"
        shares = "50 %" if len(lines) > 1 else "50 % and 90 %"
        note = f"median of {members} ({who}), bands: {shares}"
        words = {"fontsize": 8, "color": style.FAINT, "va": "bottom"}
        axes.text(0.0, 1.03, note, transform=axes.transAxes, **words)


def _lines(array: np.ndarray) -> list[np.ndarray]:
    """The populations to draw, each `[T, members]`."""
    length = len(array)
    if array.ndim > 2:
        components = array.reshape(length, array.shape[1], -1)
        if components.shape[2] <= _MAX_LINES:
            return [components[:, :, i] for i in range(components.shape[2])]
    return [array.reshape(length, -1)]
