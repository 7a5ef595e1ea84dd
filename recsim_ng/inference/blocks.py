"""Blocks: parts of the unknowns that tell nothing of each other once the logs are given.

Where users do not touch, a posterior over all of them is as many small ones as there are users, and
whatever is done to it (sampling, ascending, approximating) is done to each by itself, all at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from recsim_ng.core.network import Network
from recsim_ng.core.value import Value
from recsim_ng.inference.unknown import Unknown


class Blocks:
    """Lays unknowns out as `[B, n]`, B blocks of n numbers on the real line.

    Args:
      network: the story.
      unknowns: of a target.
      shapes: of the unknowns on the real line.
      axis: name of the axis along which blocks are cut; None: all is one block.
    """

    def __init__(
        self,
        network: Network,
        unknowns: Sequence[Unknown],
        shapes: Sequence[tuple[int, ...]],
        axis: str | None = None,
    ) -> None:
        self._specs = {v.name: v.spec for v in network.variables}
        self._static = {v.name for v in network.variables if v.is_static}
        self._shapes = [tuple(shape) for shape in shapes]
        self.axis = axis
        self._places: list[int | None] = [None] * len(self._shapes)
        self.count = 1
        if axis is not None:
            self._places = [
                _place(self._specs[u.variable].get(u.field).dims, axis, u.is_path) for u in unknowns
            ]
            sizes = {s[p] for s, p in zip(self._shapes, self._places, strict=True)}  # type: ignore[index]
            (self.count,) = sizes
        self._sizes = [math.prod(shape) // self.count for shape in self._shapes]

    @property
    def size(self) -> int:
        """n, how many numbers a block has."""
        return sum(self._sizes)

    def places(self, index: int) -> list[int]:
        """Returns which of a block's n numbers are one unknown's.

        Args:
          index: of the unknown.
        """
        first = sum(self._sizes[:index])
        return list(range(first, first + self._sizes[index]))

    def pack(self, parts: Sequence[Any]) -> Any:
        """Returns `[..., B, n]` out of tensors `[..., *shape]`.

        Args:
          parts: one for each unknown, on the real line.
        """
        flat = []
        for x, shape, place, size in self._along(parts):
            x = tf.convert_to_tensor(x)
            lead = x.shape.rank - len(shape)
            if place:
                x = tf.transpose(x, _moved(x.shape.rank, lead + place, lead))
            flat.append(tf.reshape(x, [*x.shape[:lead], self.count, size]))
        return tf.concat(flat, axis=-1)

    def unpack(self, packed: Any) -> list[Any]:
        """Returns the tensors out of `[..., B, n]`.

        Args:
          packed: as `pack` makes it.
        """
        lead, found = packed.shape[:-2], []
        for x, shape, place, _ in self._along(tf.split(packed, self._sizes, axis=-1)):
            front = shape
            if place is not None:
                front = (shape[place], *shape[:place], *shape[place + 1 :])
            x = tf.reshape(x, [*lead, *front])
            if place:
                x = tf.transpose(x, _moved(x.shape.rank, len(lead), len(lead) + place))
            found.append(x)
        return found

    def _along(self, parts: Sequence[Any]) -> Any:
        return zip(parts, self._shapes, self._places, self._sizes, strict=True)

    def summed(self, x: Any, place: int | None) -> Any:
        """Returns `[B]` sums over all axes but one; shared among the blocks if there is none.

        Args:
          x: of any shape.
          place: the axis of the blocks, None if x has none.
        """
        x = tf.cast(x, tf.float32)
        if place is None:
            return tf.fill([self.count], tf.reduce_sum(x) / self.count)
        return tf.reduce_sum(x, axis=[i for i in range(x.shape.rank) if i != place])

    def jacobians(self, unknowns: Sequence[Unknown], z: Sequence[Any]) -> Any:
        """Returns `[B]` log |det db/dz| of the bijectors b.

        Args:
          unknowns: of the target.
          z: on the real line.
        """
        total = tf.zeros([self.count])
        for unknown, at, place in zip(unknowns, z, self._places, strict=True):
            least = unknown.bijector.forward_min_event_ndims
            jacobian = unknown.bijector.forward_log_det_jacobian(at, event_ndims=least)
            jacobian = tf.broadcast_to(jacobian, at.shape[: at.shape.rank - least])
            total += self.summed(jacobian, place)
        return total

    def of_users(self, x: Any) -> Any:
        """Returns `[B]` out of a term for each user, `[U]`, or for all together, `[1]`.

        Args:
          x: the terms.
        """
        is_mine = self.axis == "user" and x.shape[0] == self.count
        return self.summed(x, 0 if is_mine else None)

    def terms(self, scores: Mapping[str, Value]) -> Any:
        """Returns `[B]` sums of log-probabilities.

        Args:
          scores: variable name -> Value, as `log_probs` gives them.
        """
        total = tf.zeros([self.count])
        for name, value in scores.items():
            for field, x in value.as_dict.items():
                spec, place = self._specs[name].get(field), None
                if self.axis is not None and self.axis in (spec.dims or ()):
                    place = _place(spec.dims, self.axis, name not in self._static)
                    if x.shape.rank <= place or x.shape[place] != self.count:
                        place = None
                total += self.summed(x, place)
        return total


def block_axes(network: Network, unknowns: Sequence[Unknown]) -> list[str]:
    """Returns the names of axes that all unknowns have, along which blocks might be cut.

    Args:
      network: the story.
      unknowns: of a target.
    """
    specs = {v.name: v.spec for v in network.variables}
    dims = [specs[u.variable].get(u.field).dims or () for u in unknowns]
    found = [name for name in dims[0] if all(name in other for other in dims)] if dims else []
    sizes = {
        name: {u.shape[_place(d, name, u.is_path)] for u, d in zip(unknowns, dims, strict=True)}
        for name in found
    }
    return [name for name in found if len(sizes[name]) == 1 and sizes[name] != {1}]


def _place(dims: Sequence[str], axis: str, has_time: bool) -> int:
    return list(dims).index(axis) + int(has_time)


def _moved(rank: int, source: int, to: int) -> list[int]:
    order = [i for i in range(rank) if i != source]
    order.insert(to, source)
    return order
