"""The edges of a network's picture: around the boxes, from port to port."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsim_ng.plot.layered_layout import Layout
from recsim_ng.plot.two_slices import Box, Edge

KINDS = {
    "previous": ("#0072B2", "value at the step before"),
    "current": ("#444444", "value at the same step"),
    "static": ("#999999", "value that never changes"),
}
"""Kind of an edge -> its colour and what is read along it."""

_LEVEL = 0.12  # what is shorter is drawn as part of the curve


def draw_edges(
    axes: Any,
    boxes: Mapping[str, Box],
    edges: list[Edge],
    layout: Layout,
    columns: list[tuple[float, float]],
) -> None:
    """Draws each edge from port to port: level inside a column, an S between columns.

    Args:
      axes: matplotlib axes in inches.
      boxes: by key, placed.
      edges: what to draw.
      layout: where edges pass the layers between their ends.
      columns: centre and width of each layer.
    """
    starts, ends = _ports(boxes, edges, layout)
    for edge in sorted(edges, key=lambda edge: edge.kind != "previous"):
        a, b = boxes[edge.source], boxes[edge.target]
        points = [(a.x + a.width / 2, starts[edge])]
        passed = layout.paths[edge.source, edge.target]
        for i, y in enumerate(passed, start=a.layer + 1):
            x, width = columns[i]
            points += [(x - width / 2, y), (x + width / 2, y)]
        points.append((b.x - b.width / 2, ends[edge]))
        _draw_edge(axes, points, [columns[a.layer], columns[b.layer]], KINDS[edge.kind][0])


def _draw_edge(
    axes: Any, points: list[tuple[float, float]], ends: list[tuple[float, float]], colour: str
) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    (x0, y0), (x1, y1) = points[0], points[-1]
    # Level from a box that is narrower than its column to the column's side, and back.
    leave, arrive = ends[0][0] + ends[0][1] / 2, ends[1][0] - ends[1][1] / 2
    turns = [(leave, y0), *points[1:-1], (arrive if x1 - arrive > _LEVEL else x1, y1)]
    vertices, codes = [(x0, y0)], [Path.MOVETO]
    if leave - x0 > _LEVEL:
        vertices.append(turns[0])
        codes.append(Path.LINETO)
    else:
        turns[0] = (x0, y0)
    for i, ((xa, ya), (xb, yb)) in enumerate(zip(turns, turns[1:], strict=False)):
        bend = 0.5 * (xb - xa)
        if i % 2 == 1:
            vertices.append((xb, yb))
            codes.append(Path.LINETO)
        else:
            vertices += [(xa + bend, ya), (xb - bend, yb), (xb, yb)]
            codes += [Path.CURVE4] * 3
    if turns[-1] != (x1, y1):
        vertices.append((x1, y1))
        codes.append(Path.LINETO)
    axes.add_patch(
        FancyArrowPatch(
            path=Path(vertices, codes),
            arrowstyle="-|>",
            mutation_scale=9,
            linewidth=1.1,
            color=colour,
            shrinkA=0,
            shrinkB=0,
            capstyle="butt",
            zorder=3,
        )
    )


def _ports(
    boxes: Mapping[str, Box], edges: list[Edge], layout: Layout
) -> tuple[dict[Edge, float], dict[Edge, float]]:
    """Where edges leave and reach their boxes: spread over the side, ordered as they come."""
    starts: dict[Edge, float] = {}
    ends: dict[Edge, float] = {}
    for key, box in boxes.items():
        leaving = [edge for edge in edges if edge.source == key]
        reaching = [edge for edge in edges if edge.target == key]
        firsts = {e: [*layout.paths[e.source, e.target], boxes[e.target].y][0] for e in leaving}
        lasts = {e: [boxes[e.source].y, *layout.paths[e.source, e.target]][-1] for e in reaching}
        # Edges that share their way from here share the port.
        ways = sorted(set(firsts.values()))
        out = [[edge for edge in leaving if firsts[edge] == y] for y in ways]
        into = [[edge] for edge in sorted(reaching, key=lasts.__getitem__)]
        for side, ports in ((out, starts), (into, ends)):
            room = min(box.height - 0.16, 0.16 * (len(side) - 1))
            for i, group in enumerate(side):
                share = i / (len(side) - 1) - 0.5 if len(side) > 1 else 0.0
                ports.update(dict.fromkeys(group, box.y + share * room))
    return starts, ends
