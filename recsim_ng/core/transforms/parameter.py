"""Distributions of the same family with other parameters: components picked, axes inserted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.transforms.transform import tfd

# Linear operators that are rebuilt as what they are, by their parameters' ranks without batch.
_OPERATORS = {
    tf.linalg.LinearOperatorDiag: {"diag": 1},
    tf.linalg.LinearOperatorFullMatrix: {"matrix": 2},
    tf.linalg.LinearOperatorLowerTriangular: {"tril": 2},
    tf.linalg.LinearOperatorScaledIdentity: {"multiplier": 0},
}


def _parts(distribution: Any) -> dict[str, Any] | None:
    """Name -> (parameter, rank without batch), None where that is not known."""
    try:
        properties = type(distribution).parameter_properties(dtype=distribution.dtype)
    except NotImplementedError:
        return None
    found: dict[str, Any] = {}
    for name, about in properties.items():
        parameter = distribution.parameters.get(name)
        if about.specifies_shape or parameter is None:
            continue
        if not about.is_tensor and isinstance(parameter, list | tuple | tfd.JointDistribution):
            return None
        found[name] = (parameter, about.instance_event_ndims(distribution))
    return found


def can_map(distribution: Any) -> bool:
    """Whether `map_parameters` knows how the distribution's parameters are laid out.

    Args:
      distribution: a TFP distribution.
    """
    parts = _parts(distribution)
    if parts is None or tf.nest.is_nested(distribution.dtype):
        return False
    for parameter, ndims in parts.values():
        if isinstance(parameter, tfd.Distribution):
            if not can_map(parameter):
                return False
        elif isinstance(parameter, tfp.bijectors.Bijector):
            batch = parameter.experimental_batch_shape(x_event_ndims=ndims)
            if batch.rank != 0:
                return False
        elif ndims is None and not isinstance(parameter, tf.linalg.LinearOperator):
            return False
    return True


def map_parameters(distribution: Any, fn: Callable[[Any, int], Any], below: int = 0) -> Any:
    """The distribution with `fn` applied to each of its parameters.

    Args:
      distribution: a TFP distribution for which `can_map`.
      fn: (parameter, rank of what is no batch axis of the whole) -> parameter.
      below: how many batch axes of the distribution are no batch axes of the whole.
    """
    parts = _parts(distribution)
    assert parts is not None, "callers ask can_map first"
    overrides: dict[str, Any] = {}
    for name, (parameter, ndims) in parts.items():
        if isinstance(parameter, tfd.Distribution):
            overrides[name] = map_parameters(parameter, fn, below + int(ndims or 0))
        elif isinstance(parameter, tf.linalg.LinearOperator):
            overrides[name] = _map_operator(parameter, fn, below)
        elif not isinstance(parameter, tfp.bijectors.Bijector):
            dtype = None if tf.is_tensor(parameter) else _dtype(distribution)
            overrides[name] = fn(tf.convert_to_tensor(parameter, dtype), int(ndims) + below)
    if isinstance(distribution, tfd.Independent | _base(tfd.Independent)):
        # Its default depends on the rank of the batch, which may have changed.
        overrides["reinterpreted_batch_ndims"] = int(parts["distribution"][1])
    return distribution.copy(**overrides)


def _base(family: type) -> type:
    return next((c for c in family.__mro__ if c.__name__ == f"_{family.__name__}"), family)


def _dtype(distribution: Any) -> Any:
    return distribution.dtype if distribution.dtype.is_floating else None


def _map_operator(operator: Any, fn: Callable[[Any, int], Any], below: int) -> Any:
    cls = type(operator)
    if cls is tf.linalg.LinearOperatorIdentity and operator.batch_shape.rank == 0:
        return operator
    names = _OPERATORS.get(cls)
    if names is None:
        return tf.linalg.LinearOperatorFullMatrix(fn(operator.to_dense(), 2 + below))
    parameters = dict(operator.parameters)
    for name, ndims in names.items():
        parameters[name] = fn(tf.convert_to_tensor(parameters[name]), ndims + below)
    return cls(**parameters)
