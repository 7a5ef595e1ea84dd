"""Places along a line that keep their order and their distance: for nodes and for labels."""

from __future__ import annotations

from collections.abc import Sequence


def spread(
    wanted: Sequence[float], sizes: Sequence[float], weights: Sequence[float] | None = None
) -> list[float]:
    """Returns the centres nearest to those wanted at which things do not overlap.

    They minimise sum_i w_i (y_i - wanted_i)^2 with y_{i+1} - y_i >= (size_i + size_{i+1}) / 2: an
    isotonic regression once the sizes before each are taken off.

    Args:
      wanted: where each would be, in the order that they keep.
      sizes: the extent of each, gaps included.
      weights: how much each counts; all alike if None.

    Returns:
      The centres, in the same order.

    Source: Barlow et al., Statistical Inference under Order Restrictions, 1972 (pooling adjacent
      violators).
    """
    weights = [1.0] * len(wanted) if weights is None else weights
    offsets = [0.0]
    for before, after in zip(sizes, sizes[1:], strict=False):
        offsets.append(offsets[-1] + (before + after) / 2)
    blocks: list[tuple[float, float, int]] = []  # mean, weight, count
    for want, offset, weight in zip(wanted, offsets, weights, strict=False):
        mean, total, count = want - offset, weight, 1
        while blocks and blocks[-1][0] > mean:
            other, other_total, other_count = blocks.pop()
            mean = (other * other_total + mean * total) / (other_total + total)
            total, count = total + other_total, count + other_count
        blocks.append((mean, total, count))
    levels = [mean for mean, _, count in blocks for _ in range(count)]
    return [level + offset for level, offset in zip(levels, offsets, strict=False)]
