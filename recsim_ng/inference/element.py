"""Elements: what the numbers of a density's blocks are called."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from recsim_ng.inference.blocks import Blocks
from recsim_ng.inference.unknown import Unknown


def element_names(
    blocks: Blocks, unknowns: Sequence[Unknown], shapes: Sequence[tuple[int, ...]]
) -> np.ndarray:
    """Returns `[B, n]` names such as "user state.intent[3, 1]", as ArviZ's tables have them.

    Args:
      blocks: in which the unknowns are laid out.
      unknowns: of a target.
      shapes: of the unknowns on the real line, in which elements are counted.
    """
    named: list[str] = []
    numbers = []
    for unknown, shape in zip(unknowns, shapes, strict=True):
        size = math.prod(shape)
        numbers.append(np.arange(len(named), len(named) + size, dtype=np.int32).reshape(shape))
        named += [_named(unknown.name, index) for index in np.ndindex(*shape)]
    return np.asarray(named, object)[np.asarray(blocks.pack(numbers))]


def pooled_names(
    blocks: Blocks, unknowns: Sequence[Unknown], shapes: Sequence[tuple[int, ...]]
) -> list[str]:
    """Returns n names such as "user state.intent[*, 1]": the blocks' index is left open.

    Args:
      blocks: as for `element_names`.
      unknowns: as for `element_names`.
      shapes: as for `element_names`.
    """
    names = element_names(blocks, unknowns, shapes)
    if blocks.count == 1:
        return names[0].tolist()
    return [_open(str(first), str(last)) for first, last in zip(names[0], names[-1], strict=True)]


def _named(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def _open(first: str, last: str) -> str:
    """The name with a star where two blocks' names differ."""
    name, _, index = first.rpartition("[")
    pairs = zip(index[:-1].split(", "), last.rpartition("[")[2][:-1].split(", "), strict=True)
    return f"{name}[{', '.join(a if a == b else '*' for a, b in pairs)}]"
