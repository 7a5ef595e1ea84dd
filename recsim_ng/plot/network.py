"""The picture of a network: a dynamic Bayesian network as two slices of time."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from recsim_ng.core.network import Network
from recsim_ng.core.variable import Variable
from recsim_ng.plot import style
from recsim_ng.plot.layered_layout import Layout, layered_layout
from recsim_ng.plot.network_edges import KINDS, draw_edges
from recsim_ng.plot.two_slices import Box, Edge, boxes_of, edges_of

_ROLES = {
    "state": ("#cfe6f5", "#0072B2", "reads the step before"),
    "momentary": ("#fdebd3", "#D55E00", "made anew at each step"),
    "outcome": ("#d5efe6", "#009E73", "only observed: no other variable reads it"),
    "static": ("#ececec", "#666666", "never changes"),
}
_NAME_POINTS, _FIELD_POINTS, _HEAD_POINTS = 10.0, 8.0, 11.0
_LINE = 1.28 / 72  # inches of height for a point of type
_PAD, _NODE_GAP, _EDGE_SIZE = 0.1, 0.26, 0.2
_MAX_FIELDS = 5
_LEGEND_WIDTH = 6.4


def draw_network(network: Network | Sequence[Variable], path: Any = None) -> Any:
    """Draws a network as two slices of time, from left to right.

    In the middle the variables of step t - 1 whose value is read at step t; at the right all
    variables of step t, each to the right of those that it reads at the same step; at the left
    those that never change. No edge runs through a variable.

    Args:
      network: a Network, or its variables.
      path: file to write, by its ending PNG, PDF or SVG; none if None.

    Returns:
      The matplotlib figure.
    """
    network = network if isinstance(network, Network) else Network(network)
    graph = network.graph
    boxes, edges = boxes_of(graph), edges_of(graph)
    figure = style.new_figure(1, 1)
    _measure(figure, boxes)
    layers: list[list[str]] = [[] for _ in range(max(box.layer for box in boxes.values()) + 1)]
    for box in boxes.values():
        layers[box.layer].append(box.key)
    sizes = {key: box.height + _NODE_GAP for key, box in boxes.items()}
    layout = layered_layout(
        layers, sizes, [(edge.source, edge.target) for edge in edges], _EDGE_SIZE
    )
    columns = _columns(boxes, layers, edges)
    for key, box in boxes.items():
        box.x, box.y = columns[box.layer][0], layout.y[key]
    _draw(figure, boxes, layers, edges, layout, columns)
    return style.save(figure, path)


def _measure(figure: Any, boxes: Mapping[str, Box]) -> None:
    """Breaks names into lines and finds how much room each box needs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer = FigureCanvasAgg(figure).get_renderer()

    def width(text: str, points: float, weight: str) -> float:
        drawn = figure.text(0, 0, text, fontsize=points, fontweight=weight)
        inches = drawn.get_window_extent(renderer).width / figure.dpi
        drawn.remove()
        return inches

    for box in boxes.values():
        lines = textwrap.wrap(box.name, 18, break_long_words=False) or [box.name]
        box.name = "\n".join(lines)
        if len(box.fields) > _MAX_FIELDS:
            hidden = len(box.fields) - _MAX_FIELDS + 1
            box.fields = [*box.fields[: _MAX_FIELDS - 1], f"and {hidden} more"]
        widths = [width(line, _NAME_POINTS, "bold") for line in lines]
        widths += [width(field, _FIELD_POINTS, "normal") for field in box.fields]
        box.width = max(widths) + 2 * _PAD
        points = len(lines) * _NAME_POINTS + len(box.fields) * _FIELD_POINTS
        box.height = points * _LINE + 2 * _PAD


def _columns(
    boxes: Mapping[str, Box], layers: list[list[str]], edges: list[Edge]
) -> list[tuple[float, float]]:
    """The centre and the width of each layer; where more edges pass there is more room."""
    found, x = [], 0.0
    for i, layer in enumerate(layers):
        crossing = sum(boxes[e.source].layer < i <= boxes[e.target].layer for e in edges)
        x += min(2.0, 0.55 + 0.09 * crossing) if i else 0.0
        width = max(boxes[key].width for key in layer)
        found.append((x + width / 2, width))
        x += width
    return found


def _draw(
    figure: Any,
    boxes: Mapping[str, Box],
    layers: list[list[str]],
    edges: list[Edge],
    layout: Layout,
    columns: list[tuple[float, float]],
) -> None:
    tops = [box.y + box.height / 2 for box in boxes.values()]
    bottoms = [box.y - box.height / 2 for box in boxes.values()]
    passing = [y for path in layout.paths.values() for y in path]
    top, bottom = max(tops + passing) + 0.2, min(bottoms + passing) - 0.2
    roles = [role for role in _ROLES if any(box.role == role for box in boxes.values())]
    left, right = columns[0][0] - columns[0][1] / 2 - 0.3, columns[-1][0] + columns[-1][1] / 2 + 0.3
    right = max(right, left + _LEGEND_WIDTH)
    legend = 0.24 * len(roles) + 0.15
    height = top - bottom + 0.45 + legend
    figure.set_size_inches(right - left, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(left, right)
    axes.set_ylim(bottom - legend, top + 0.45)
    axes.set_aspect("equal")
    axes.axis("off")
    _draw_panels(axes, boxes, columns, top, bottom)
    draw_edges(axes, boxes, edges, layout, columns)
    for box in boxes.values():
        _draw_box(axes, box)
    _draw_legend(axes, roles, edges, left + 0.3, bottom - 0.12)


def _draw_panels(
    axes: Any,
    boxes: Mapping[str, Box],
    columns: list[tuple[float, float]],
    top: float,
    bottom: float,
) -> None:
    from matplotlib.patches import Rectangle

    for kind, title in (
        ("static", "always"),
        ("before", "step t \N{MINUS SIGN} 1"),
        ("now", "step t"),
    ):
        inside = [box.layer for box in boxes.values() if box.key.startswith(f"{kind} ")]
        if not inside:
            continue
        first, last = columns[min(inside)], columns[max(inside)]
        left, right = first[0] - first[1] / 2 - 0.14, last[0] + last[1] / 2 + 0.14
        frame = (left, bottom), right - left, top - bottom
        axes.add_patch(Rectangle(*frame, facecolor="#f7f7f7", edgecolor="none", zorder=0))
        axes.text(
            (left + right) / 2,
            top + 0.12,
            title,
            ha="center",
            va="bottom",
            fontsize=_HEAD_POINTS,
            color=style.INK,
        )


def _draw_box(axes: Any, box: Box) -> None:
    from matplotlib.patches import FancyBboxPatch

    fill, line, _ = _ROLES[box.role]
    corner = (box.x - box.width / 2 + 0.05, box.y - box.height / 2 + 0.05)
    axes.add_patch(
        FancyBboxPatch(
            corner,
            box.width - 0.1,
            box.height - 0.1,
            boxstyle="round,pad=0.05,rounding_size=0.08",
            facecolor=fill,
            edgecolor=line,
            linewidth=1.1,
            zorder=4,
        )
    )
    y = box.y + box.height / 2 - _PAD
    lines = [(text, _NAME_POINTS, "bold") for text in box.name.split("\n")]
    lines += [(field, _FIELD_POINTS, "normal") for field in box.fields]
    for text, points, weight in lines:
        y -= points * _LINE
        axes.text(
            box.x,
            y + points * _LINE * 0.24,
            text,
            ha="center",
            va="baseline",
            fontsize=points,
            fontweight=weight,
            color=style.INK if weight == "bold" else "#555555",
            zorder=5,
        )


def _draw_legend(axes: Any, roles: list[str], edges: list[Edge], x: float, y: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    for i, role in enumerate(roles):
        fill, line, words = _ROLES[role]
        middle = y - 0.24 * (i + 0.5)
        axes.add_patch(
            FancyBboxPatch(
                (x, middle - 0.05),
                0.2,
                0.1,
                boxstyle="round,pad=0.02,rounding_size=0.03",
                facecolor=fill,
                edgecolor=line,
                linewidth=1.0,
            )
        )
        axes.text(x + 0.32, middle, words, va="center", fontsize=9, color=style.INK)
    used = {edge.kind for edge in edges}
    kinds = [look for kind, look in KINDS.items() if kind in used]
    second = x + _LEGEND_WIDTH / 2
    for i, (colour, words) in enumerate(kinds):
        middle = y - 0.24 * (i + 0.5)
        axes.annotate(
            "",
            (second + 0.3, middle),
            (second, middle),
            arrowprops={
                "arrowstyle": "-|>",
                "color": colour,
                "linewidth": 1.1,
                "mutation_scale": 9,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )
        axes.text(second + 0.4, middle, words, va="center", fontsize=9, color=style.INK)
