"""TwoSlices: the variables and edges that the picture of a network shows, layer by layer."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass
class Box:
    """A variable in a slice of time.

    Attributes:
      key: the slice ("static", "before", "now") and the name.
      name: of the variable.
      fields: names of its fields; none in the earlier slice.
      role: "state", "momentary", "outcome" or "static".
      layer: from left to right; a box reads boxes of earlier layers only.
      width: in inches, once measured.
      height: in inches, once measured.
      x: the centre, once placed.
      y: the centre, once placed.
    """

    key: str
    name: str
    fields: list[str]
    role: str
    layer: int
    width: float = 0.0
    height: float = 0.0
    x: float = 0.0
    y: float = 0.0


@dataclasses.dataclass(frozen=True)
class Edge:
    """A box read by another.

    Attributes:
      source: key of the box that is read.
      target: key of the box that reads.
      kind: "previous", "current" or "static".
    """

    source: str
    target: str
    kind: str


def edges_of(graph: Any) -> list[Edge]:
    """Returns the edges of a network's picture.

    Args:
      graph: `Network.graph`.
    """
    found = []
    for source, target, reads in graph.edges(data=True):
        if graph.nodes[source]["static"]:
            found.append(Edge(f"static {source}", _now(graph, target), "static"))
            continue
        if reads["previous"]:
            found.append(Edge(f"before {source}", _now(graph, target), "previous"))
        if reads["current"]:
            found.append(Edge(f"now {source}", _now(graph, target), "current"))
    return found


def _now(graph: Any, name: str) -> str:
    return f"static {name}" if graph.nodes[name]["static"] else f"now {name}"


def boxes_of(graph: Any) -> dict[str, Box]:
    """Returns the boxes of a network's picture by key: what is static, then t - 1, then t.

    Args:
      graph: `Network.graph`.
    """
    static = {n for n, data in graph.nodes(data=True) if data["static"]}
    reads: dict[str, dict[str, set[str]]] = {
        n: {"current": set(), "previous": set()} for n in graph
    }
    for source, target, kinds in graph.edges(data=True):
        for kind in ("current", "previous"):
            if kinds[kind] and source not in static and target not in static:
                reads[target][kind].add(source)
    inside_static = {n: {a for a, _ in graph.in_edges(n) if a in static} for n in static}
    static_depth = _depths(inside_static)
    depth = _depths({n: reads[n]["current"] for n in graph if n not in static})
    before = {a for n in reads for a in reads[n]["previous"]}
    read = {a for n in reads for kind in reads[n].values() for a in kind if a != n}
    first = 1 + max(static_depth.values()) if static else 0
    found = {}
    for name, data in graph.nodes(data=True):
        if name in static:
            key, layer, role = f"static {name}", static_depth[name], "static"
        else:
            key, layer = f"now {name}", first + bool(before) + depth[name]
            role = "state" if reads[name]["previous"] else "momentary"
            role = role if name in read or len(graph) == 1 else "outcome"
        found[key] = Box(key, name, data["fields"], role, layer)
        if name in before:
            found[f"before {name}"] = Box(f"before {name}", name, [], role, first)
    return found


def _depths(parents: Mapping[str, set[str]]) -> dict[str, int]:
    """The length of the longest path to each node of an acyclic graph."""
    depths: dict[str, int] = {}
    while len(depths) < len(parents):
        for name, above in parents.items():
            if name not in depths and above <= set(depths):
                depths[name] = max((depths[a] + 1 for a in above), default=0)
    return depths
