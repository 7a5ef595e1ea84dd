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
    found: list[str] = []
    numbers = []
    for unknown, shape in zip(unknowns, shapes, strict=True):
        size = math.prod(shape)
        numbers.append(np.arange(len(found), len(found) + size, dtype=np.int32).reshape(shape))
        found += named(unknown.name, shape)
    return np.asarray(found, object)[np.asarray(blocks.pack(numbers))]


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


def named(name: str, shape: Sequence[int]) -> list[str]:
    """Returns the names of an unknown's elements.

    Args:
      name: of the unknown.
      shape: of the unknown.
    """
    return [f"{name}[{', '.join(map(str, i))}]" if i else name for i in np.ndindex(*shape)]


def _open(first: str, last: str) -> str:
    """The name with a star where two blocks' names differ."""
    name, _, index = first.rpartition("[")
    pairs = zip(index[:-1].split(", "), last.rpartition("[")[2][:-1].split(", "), strict=True)
    return f"{name}[{', '.join(a if a == b else '*' for a, b in pairs)}]"
