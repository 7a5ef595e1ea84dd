"""A target's density over packed points, in independent blocks, for any logs of one form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from recsim_ng.inference.blocks import Blocks, block_axes
from recsim_ng.inference.gradient import with_gradient
from recsim_ng.inference.target import Target
from recsim_ng.inference.user_terms import mixtures

_PROBES = 32  # points at which blocks are looked for, in pairs

Of = Literal["real line", "unknowns", "logs"]


class Density:
    """log p(z | logs) over points z `[B, n]`, which falls into B independent blocks.

    Sharpness s between 0 and 1 leads from the prior to the posterior, block by block:

        log p_s(z) = log p(x) + log |det dx/dz| + s log p(logs | x),            x = b(z)

    Blocks are cut along an axis that all unknowns have in their specs ("user"), if no block's term
    changes where others' unknowns do. That is tried to the bit, at points made of draws of the
    prior that are shuffled among blocks, and stretched so that rare influences show too.

    Args:
      target: of unknowns that are all continuous.
      points: for each unknown `[2 or more, ...]` draws of the prior, on the real line.
      is_joint: whether all is one block, whatever could be found out.
    """

    def __init__(self, target: Target, points: Sequence[Any], is_joint: bool = False) -> None:
        self._target = target
        self._mixed: Any = None
        self._batches: dict[tuple[int, Of], Callable[..., Any]] = {}
        shapes = target.unconstrained_shapes()
        self.blocks = Blocks(target.network, target.unknowns, shapes)
        for axis in [] if is_joint else block_axes(target.network, target.unknowns):
            whole, self.blocks = self.blocks, Blocks(target.network, target.unknowns, shapes, axis)
            if self.are_independent(_stretched(self.blocks.pack(points)), self.data()):
                return
            self.blocks, self._mixed = whole, None

    @property
    def target(self) -> Target:
        """That it is the density of."""
        return self._target

    @property
    def shape(self) -> tuple[int, int]:
        """(B, n): blocks, and numbers in each."""
        return self.blocks.count, self.blocks.size

    def data(self, target: Target | None = None) -> list[Any]:
        """Returns the logs as tensors, which are arguments of the functions below.

        Args:
          target: of logs of the same form; None: this density's.
        """
        return (target or self._target).data()

    def batch(self, count: int, of: Of = "real line") -> Callable[..., Any]:
        """Returns a function of (z `[C, B, n]`, sharpness `[B]`, *data): `[C, B]` log densities.

        Gradients reach z alone.

        Args:
          count: C.
          of: "real line": the density of z; "unknowns": that of the unknowns x, without the
            Jacobian, still as a function of z; "logs": without the prior too, the likelihood.
        """
        key = count, of
        if key not in self._batches:
            points = tf.TensorSpec([count, *self.shape], tf.float32)
            sharpness = tf.TensorSpec([self.blocks.count], tf.float32)

            def density(z: Any, sharpness: Any, *data: Any) -> Any:
                prior, jacobian, likelihood = self._parts(z, data)
                likelihood = _times(sharpness, likelihood)
                if of == "logs":
                    return likelihood
                return likelihood + (prior + jacobian if of == "real line" else prior)

            self._batches[key] = with_gradient(
                density, points, sharpness, *self._data_specs(), wrt=1
            )
        return self._batches[key]

    def tempered(self, count: int) -> Callable[..., Any]:
        """Returns the function of `batch`, which returns `[C, B]` log p(logs | x) beside it.

        Args:
          count: C.
        """
        points = tf.TensorSpec([count, *self.shape], tf.float32)
        sharpness = tf.TensorSpec([self.blocks.count], tf.float32)

        def tempered(z: Any, sharpness: Any, *data: Any) -> tuple[Any, Any]:
            prior, jacobian, likelihood = self._parts(z, data)
            return prior + jacobian + _times(sharpness, likelihood), likelihood

        return with_gradient(
            tempered, points, sharpness, *self._data_specs(), wrt=1, has_aside=True
        )

    def log_joint(self, z: Any, data: Sequence[Any]) -> Any:
        """Returns `[C]` log p(x, logs), with gradients to all that the story reads.

        Args:
          z: `[C, B, n]`.
          data: the logs.
        """
        prior, _, likelihood = self._parts(z, data)
        return tf.reduce_sum(prior + likelihood, axis=-1)

    def _data_specs(self) -> list[tf.TensorSpec]:
        return [tf.TensorSpec(x.shape, x.dtype) for x in self.data()]

    def _parts(self, z: Any, data: Sequence[Any]) -> tuple[Any, Any, Any]:
        """`[C, B]` of the prior, of the Jacobian and of the likelihood."""
        target = self._target
        given = target.given_of(data)
        x = tf.vectorized_map(
            lambda z: target.constrain(self.blocks.unpack(z)), z, fallback_to_while_loop=False
        )

        def of(point: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
            z, x, found = point
            prior, likelihood = target.block_terms(given, x, self.blocks, found)
            return prior, self.blocks.jacobians(target.unknowns, self.blocks.unpack(z)), likelihood

        points = (z, x, target.filled(given, x))
        return tf.vectorized_map(of, points, fallback_to_while_loop=False)

    def are_independent(self, z: Any, data: Sequence[Any]) -> bool:
        """Whether blocks' terms at mixtures of two points are what they are at the points.

        Args:
          z: `[2 P, B, n]` pairs of points.
          data: the logs.
        """
        if self._mixed is None:
            self._mixed = tf.function(self._parts, jit_compile=True, autograph=False)
        ways = mixtures(self.blocks.count)[2:]
        for k in range(max(len(ways), len(z) // 2)):
            first, second = z[2 * k % len(z)], z[(2 * k + 1) % len(z)]
            way = ways[k % len(ways)][:, None]
            mixed = np.where(way, second, first)
            # One after the other: all at once they would be a score's memory many times over.
            ends, other, between = (self._mixed(x[None], data) for x in (first, second, mixed))
            for x, y, found in zip(ends, other, between, strict=True):
                expected = np.where(way[:, 0], y, x)
                if not np.array_equal(found, expected, equal_nan=True):
                    return False
        return True


def _stretched(z: Any) -> np.ndarray:
    """`[32, B, n]` points out of `[N, B, n]`: shuffled among blocks, half of them stretched."""
    draws = np.asarray(z)
    centre, noise = draws.mean(axis=(0, 1)), np.random.default_rng(0)
    found = []
    for k in range(_PROBES):
        which = noise.integers(len(draws), size=draws.shape[1])
        point = draws[which, noise.permutation(draws.shape[1])]
        if k % 4 >= 2:
            stretch = noise.choice([-4.0, -1.0, 2.0, 4.0], size=point.shape)
            point = centre + stretch * (point - centre)
        found.append(point)
    return np.stack(found).astype(np.float32)


def _times(sharpness: Any, likelihood: Any) -> Any:
    """Their product, 0 where sharpness is, whatever the likelihood."""
    return tf.where(sharpness > 0.0, sharpness * likelihood, 0.0)
