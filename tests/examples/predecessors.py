"""The least predecessors of a state of the Game of Life, counted exactly."""

import numpy as np


def least_predecessors(state, margin=2, most=7):
    """The fewest living cells of a predecessor, and how many predecessors have as many.

    Cells are decided one after the other, row by row; of all beginnings that agree in the last two
    rows only the least are kept, with their number. A cell of `state` is compared as soon as the
    nine cells that make it are decided.

    Args:
        state: `[H, W]` cells, not all dead.
        margin: how far beyond the box of the living cells a predecessor may have living ones; all
            around must stay dead there too.
        most: living cells of a predecessor, at most.
    """
    i, j = np.nonzero(state)
    box = np.pad(state[i.min() : i.max() + 1, j.min() : j.max() + 1].astype(int), margin + 2)
    height, width = box.shape
    beginnings = {0: (0, 1)}
    keep = (1 << (2 * width + 2)) - 1
    flat = box.ravel()
    for cell in range(height * width):
        row, column = divmod(cell, width)
        is_free = 2 <= row < height - 2 and 2 <= column < width - 2
        centre = cell - width - 1
        found = {}
        for bits, (count, number) in beginnings.items():
            for alive in (0, 1) if is_free else (0,):
                now = bits << 1 | alive
                if centre >= 0 and _next(now, width) != flat[centre]:
                    continue
                if count + alive > most:
                    continue
                key = now & keep
                less, others = found.get(key, (most + 1, 0))
                if count + alive < less:
                    found[key] = (count + alive, number)
                elif count + alive == less:
                    found[key] = (less, others + number)
        beginnings = found
    return beginnings[0]


def _next(bits, width):
    """What becomes of the cell that is one row and one column before the last one."""
    rows = [bits >> k & 7 for k in (0, width, 2 * width)]
    count = sum(int(row).bit_count() for row in rows)
    return int(count == 3 or (count == 4 and bool(rows[1] & 2)))
