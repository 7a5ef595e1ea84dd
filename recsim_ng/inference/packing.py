"""Packing: tensors of several shapes side by side in one vector."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf


class Packing:
    """Lays tensors side by side.

    Args:
      shapes: of the tensors.
    """

    def __init__(self, shapes: Sequence[tuple[int, ...]]) -> None:
        self._shapes = [tuple(shape) for shape in shapes]
        self._sizes = [math.prod(shape) for shape in self._shapes]

    @property
    def size(self) -> int:
        """N, how many numbers there are."""
        return sum(self._sizes)

    def pack(self, parts: Sequence[Any]) -> Any:
        """Returns `[..., N]` out of tensors `[..., *shape]`.

        Args:
          parts: one for each shape.
        """
        flat = []
        for x, shape, size in zip(parts, self._shapes, self._sizes, strict=True):
            x = tf.convert_to_tensor(x)
            lead = x.shape[: x.shape.rank - len(shape)]
            flat.append(tf.reshape(x, [*lead, size]))
        return tf.concat(flat, axis=-1)

    def unpack(self, packed: Any) -> list[Any]:
        """Returns the tensors out of `[..., N]`.

        Args:
          packed: as `pack` makes it.
        """
        lead = packed.shape[:-1]
        parts = tf.split(packed, self._sizes, axis=-1)
        return [tf.reshape(x, [*lead, *s]) for x, s in zip(parts, self._shapes, strict=True)]
