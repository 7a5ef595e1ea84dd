"""The Gaussian law of a mean and a linear factor of the covariance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.errors import ConfigError
from recsim_ng.entities.state_models.state_model import known
from recsim_ng.entities.state_models.static import constant

tfd = tfp.distributions
linalg = tf.linalg


def gaussian(mean: Any, scale: Any, batch_ndims: int) -> Any:
    """The law of x = mean + A z, z standard normal.

    Args:
      mean: `[B..., F]`.
      scale: A, a `tf.linalg.LinearOperator` of F x F; None for 0: always the mean.
      batch_ndims: number of the axes B.

    Returns:
      A TFP distribution of batch shape `[B...]` and event shape `[F]`. Where A is known to be
      singular, it can be drawn from but has no density.
    """
    if scale is None:
        return constant(mean, batch_ndims)
    if isinstance(scale, linalg.LinearOperatorFullMatrix) and not _is_singular(scale):
        # The law depends on A A' alone, and XLA has no determinant of a full matrix.
        covariance = scale.matmul(scale.to_dense(), adjoint_arg=True)
        scale = linalg.LinearOperatorLowerTriangular(linalg.cholesky(covariance))
    return tfd.MultivariateNormalLinearOperator(loc=mean, scale=scale)


def _is_singular(scale: Any) -> bool:
    matrix = known(scale.to_dense())
    return matrix is not None and bool((np.linalg.matrix_rank(matrix) < matrix.shape[-1]).any())


def operator_of(where: str, name: str, constructor: Callable[[Any], Any], x: Any) -> Any:
    """Makes a linear operator out of a parameter.

    Args:
      where: the model, for the message.
      name: what makes it, for the message.
      constructor: parameter -> `tf.linalg.LinearOperator`.
      x: the parameter.

    Raises:
      ConfigError: (also a ValueError) it cannot be made, or is no linear operator.
    """
    must = f"{where}: {name} must make a linear operator of it, got"
    try:
        operator = constructor(x)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{must} {getattr(x, 'shape', x)}: {error}") from error
    if not isinstance(operator, linalg.LinearOperator):
        raise ConfigError(f"{must} {operator!r}; return a tf.linalg.LinearOperator")
    return operator


def is_zero(scales: Any) -> bool:
    """Whether scales are 0 and will stay so.

    Args:
      scales: a number, array, tensor or variable.
    """
    if isinstance(scales, int | float):
        return scales == 0
    value = known(scales)
    return value is not None and not np.any(value)
