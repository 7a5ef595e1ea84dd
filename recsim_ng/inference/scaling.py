"""Scaling: linear maps, one for each block, under which a cloud of points is round."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

MOST_DENSE = 32  # numbers in a block; correlations in greater ones would be learnt from too few
_LEAST_VARIANCE = 1e-3  # towards which few points are shrunk, relative to their own
_PRIOR_POINTS = 5.0


class Scaling(NamedTuple):
    """z = factor y, block by block.

    Attributes:
      factor: `[B, n, n]` lower triangles, or `[B, n]` diagonals.
    """

    factor: Any

    def forward(self, y: Any) -> Any:
        """Returns z.

        Args:
          y: `[..., B, n]`.
        """
        if self.factor.shape.rank == 2:
            return y * self.factor
        return tf.reduce_sum(self.factor * y[..., None, :], axis=-1)

    def inverse(self, z: Any) -> Any:
        """Returns y.

        Args:
          z: `[..., B, n]`.
        """
        if self.factor.shape.rank == 2:
            return z / self.factor
        inverse = tf.linalg.triangular_solve(
            self.factor, tf.eye(self.factor.shape[-1], batch_shape=self.factor.shape[:1])
        )
        return tf.reduce_sum(inverse * z[..., None, :], axis=-1)

    def of(self, places: Any) -> Scaling:
        """Returns the scaling of some of the numbers.

        Args:
          places: integers, which of the n.
        """
        if self.factor.shape.rank == 2:
            return Scaling(tf.gather(self.factor, places, axis=-1))
        rows = tf.gather(self.factor, places, axis=-2)
        return Scaling(tf.linalg.cholesky(tf.matmul(rows, rows, transpose_b=True)))


def scaling_of(points: Any) -> Scaling:
    """Returns the scaling of a cloud, its correlations and scales shrunk a little.

    Args:
      points: `[N, B, n]`.
    """
    number, size = float(points.shape[0]), points.shape[-1]
    away = points - tf.reduce_mean(points, axis=0)
    variance = tf.reduce_sum(away**2, axis=0) / (number - 1.0)
    # Points that coincide, as where a block never moved, would have no scale at all.
    variance = (number * variance + _PRIOR_POINTS * _LEAST_VARIANCE * variance) / (
        number + _PRIOR_POINTS
    ) + 1e-12
    scale = tf.sqrt(variance)
    if size > MOST_DENSE:
        return Scaling(scale)
    away = tf.transpose(away / scale, [1, 2, 0])
    correlation = tf.matmul(away, away, transpose_b=True) / (number - 1.0)
    weight = number / (number + size + _PRIOR_POINTS)
    correlation = weight * correlation + (1.0 - weight) * tf.eye(size)
    return Scaling(scale[..., None] * tf.linalg.cholesky(correlation))
