"""The least predecessors of a state of the Game of Life, counted exactly."""

import numpy as np


def least_predecessors(state, most, lonely=0.0, margin=2):
    """The least cost of a predecessor, and how many predecessors cost as little.

    A living cell costs 1, and `lonely` for each living neighbour that it lacks of three. Cells are
    decided one after the other, row by row; of all beginnings that agree in the last two rows only
    the least are kept, with their number. A cell of `state` is compared, and the cost of the one
    before it counted, as soon as the nine cells that make it are decided.

    Args:
        state: `[H, W]` cells, not all dead.
        most: the cost of a predecessor, at most.
        lonely: cost of a neighbour lacking.
        margin: how far beyond the box of the living cells a predecessor may have living ones; all
            around must stay dead there too.
    """
    i, j = np.nonzero(state)
    box = np.pad(state[i.min() : i.max() + 1, j.min() : j.max() + 1].astype(int), margin + 2)
    height, width = box.shape
    beginnings = {0: (0.0, 1)}
    keep = (1 << (2 * width + 2)) - 1
    flat = box.ravel()
    for cell in range(height * width):
        row, column = divmod(cell, width)
        is_free = 2 <= row < height - 2 and 2 <= column < width - 2
        centre = cell - width - 1
        found = {}
        for bits, (cost, number) in beginnings.items():
            for alive in (0, 1) if is_free else (0,):
                now, whole = bits << 1 | alive, cost
                if centre >= 0:
                    count, middle = _around(now, width)
                    if (count == 3 or (count == 4 and middle)) != flat[centre]:
                        continue
                    whole += middle * (1.0 + lonely * max(4 - count, 0))
                if whole > most + 1e-9:
                    continue
                key = now & keep
                less, others = found.get(key, (np.inf, 0))
                if whole < less - 1e-9:
                    found[key] = (whole, number)
                elif whole < less + 1e-9:
                    found[key] = (less, others + number)
        beginnings = found
    return beginnings[0]


def _around(bits, width):
    """How many of nine cells live, and whether the middle one does, a row and a column back."""
    rows = [bits >> k & 7 for k in (0, width, 2 * width)]
    return sum(row.bit_count() for row in rows), bool(rows[1] & 2)
