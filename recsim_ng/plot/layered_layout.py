"""Layered drawing of a directed graph: edges lead from layer to layer and around the nodes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from recsim_ng.plot.spread import spread

_SWEEPS = 24
_STRAIGHTNESS = (8.0, 2.0, 1.0)  # of an edge's part with no node at its ends, one, two


@dataclasses.dataclass
class _Slot:
    """A place in a layer: a node's, or where an edge passes."""

    key: tuple[str, ...]
    size: float
    before: list[_Slot] = dataclasses.field(default_factory=list)
    after: list[_Slot] = dataclasses.field(default_factory=list)
    y: float = 0.0
    index: int = 0

    @property
    def is_node(self) -> bool:
        return len(self.key) == 1


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where nodes are and where edges pass.

    Attributes:
      y: node -> its centre; layers run in x, so this is all that is to be found.
      paths: edge -> y in every layer strictly between its ends, in order. No two things of a
        layer overlap, edges that pass included.
    """

    y: dict[str, float]
    paths: dict[tuple[str, str], list[float]]


def layered_layout(
    layers: Sequence[Sequence[str]],
    sizes: Mapping[str, float],
    edges: Sequence[tuple[str, str]],
    edge_size: float,
) -> Layout:
    """Orders every layer for few crossings and places everything for short, straight edges.

    Edges of one source that pass the same layer share their place there.

    Args:
      layers: nodes, layer by layer, in the order to begin with.
      sizes: node -> the room that it takes, gap included.
      edges: (source, target); the target's layer is a later one.
      edge_size: the room that a passing edge takes.

    Returns:
      The layout; the centre of the picture is at y = 0.

    Source: Sugiyama, Tagawa and Toda, IEEE Transactions on Systems, Man and Cybernetics 11, 1981;
      Gansner et al., IEEE Transactions on Software Engineering 19, 1993.
    """
    slots, rows = _slots(layers, sizes, edges, edge_size)
    _order(rows)
    _place(rows)
    middle = (max(s.y for row in rows for s in row) + min(s.y for row in rows for s in row)) / 2
    layer_of = {name: i for i, row in enumerate(layers) for name in row}
    return Layout(
        {name: slots[name,].y - middle for row in layers for name in row},
        {
            (a, b): [slots[a, str(i)].y - middle for i in range(layer_of[a] + 1, layer_of[b])]
            for a, b in edges
        },
    )


def _slots(
    layers: Sequence[Sequence[str]],
    sizes: Mapping[str, float],
    edges: Sequence[tuple[str, str]],
    edge_size: float,
) -> tuple[dict[tuple[str, ...], _Slot], list[list[_Slot]]]:
    slots: dict[tuple[str, ...], _Slot] = {}
    for row in layers:
        slots.update({(name,): _Slot((name,), sizes[name]) for name in row})
    rows = [[slots[name,] for name in row] for row in layers]
    layer_of = {name: i for i, row in enumerate(layers) for name in row}
    for source, target in edges:
        last = slots[source,]
        for i in range(layer_of[source] + 1, layer_of[target]):
            key = (source, str(i))
            if key not in slots:
                slots[key] = _Slot(key, edge_size, [last])
                last.after.append(slots[key])
                rows[i].append(slots[key])
            last = slots[key]
        last.after.append(slots[target,])
        slots[target,].before.append(last)
    return slots, rows


def _order(rows: list[list[_Slot]]) -> None:
    """Sorts layers by the mean place of their neighbours, to and fro, and keeps the best order."""
    for row in rows:
        _number(row)
    best, fewest = [list(row) for row in rows], _crossings(rows)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for row in rows if forward else rows[::-1]:
            row.sort(key=lambda slot: _mean_index(slot.before if forward else slot.after, slot))
            _number(row)
        _swap(rows)
        crossings = _crossings(rows)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    for row, order in zip(rows, best, strict=True):
        row[:] = order
        _number(row)


def _swap(rows: list[list[_Slot]]) -> None:
    """Swaps neighbours while that undoes crossings."""
    for row in rows:
        improved = True
        while improved:
            improved = False
            for i in range(len(row) - 1):
                a, b = row[i], row[i + 1]
                if _crossings_of(a, b) > _crossings_of(b, a):
                    row[i], row[i + 1] = b, a
                    improved = True
            _number(row)


def _crossings_of(upper: _Slot, lower: _Slot) -> int:
    return sum(
        u.index > v.index
        for mine, theirs in ((upper.before, lower.before), (upper.after, lower.after))
        for u in mine
        for v in theirs
    )


def _crossings(rows: list[list[_Slot]]) -> int:
    return sum(
        u.index > v.index
        for row in rows
        for i, a in enumerate(row)
        for b in row[i + 1 :]
        for u in a.after
        for v in b.after
    )


def _number(row: list[_Slot]) -> None:
    for index, slot in enumerate(row):
        slot.index = index


def _mean_index(neighbours: list[_Slot], slot: _Slot) -> float:
    if not neighbours:
        return slot.index
    return sum(n.index for n in neighbours) / len(neighbours)


def _place(rows: list[list[_Slot]]) -> None:
    for row in rows:
        ys = spread([0.0] * len(row), [slot.size for slot in row])
        for slot, y in zip(row, ys, strict=True):
            slot.y = y
    for _ in range(_SWEEPS):
        for row in rows + rows[::-1]:
            wanted = [_mean_y(slot) for slot in row]
            weights = [1.0 if slot.is_node else 4.0 for slot in row]
            ys = spread(wanted, [slot.size for slot in row], weights)
            for slot, y in zip(row, ys, strict=True):
                slot.y = y


def _mean_y(slot: _Slot) -> float:
    """The weighted mean of the neighbours' places: what passes a layer should pass it straight."""
    neighbours = slot.before + slot.after
    if not neighbours:
        return slot.y
    weights = [_STRAIGHTNESS[slot.is_node + other.is_node] for other in neighbours]
    pulls = sum(weight * other.y for weight, other in zip(weights, neighbours, strict=True))
    return pulls / sum(weights)
