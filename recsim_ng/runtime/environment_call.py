"""Calls of compiled functions, past what a public call spends on looking at its arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf


def flat_call(concrete: Any, private: bool = True) -> Callable[..., Any]:
    """Returns a function that calls a concrete function of flat tensors with one output.

    TensorFlow's public call costs about as much again as the rest of a small step. The private
    one is taken where this TensorFlow has it and it gives the same result.

    Args:
      concrete: a `ConcreteFunction` whose arguments are tensors and whose result is one.
      private: whether to try the private call.
    """
    flat = getattr(getattr(concrete, "_inference_function", None), "call_flat", None)
    captured = list(concrete.captured_inputs)
    if not private or flat is None or captured:
        return concrete
    try:
        zeros = [tf.zeros(x.shape, x.dtype) for x in concrete.inputs]
        found = flat(*zeros)
        fits = len(found) == 1 and np.array_equal(
            np.asarray(found[0]), np.asarray(concrete(*zeros))
        )
    except (TypeError, ValueError, AttributeError):  # a TensorFlow that has changed
        return concrete
    return (lambda *tensors: flat(*tensors)[0]) if fits else concrete


def tensor_maker(dtype: tf.DType) -> Callable[[np.ndarray], Any]:
    """Returns a function that makes tensors on the CPU of arrays of one type.

    Args:
      dtype: of the arrays and the tensors.
    """
    example = np.ones([2], dtype.as_numpy_dtype)
    device, number = tf.constant(example).device, dtype.as_datatype_enum

    def private(x: np.ndarray) -> Any:
        return made(x, device, number)

    made: Any = type(tf.constant(example))
    try:
        if np.array_equal(np.asarray(private(example)), example):
            return private
    except (TypeError, ValueError):  # a TensorFlow that has changed
        pass
    return lambda x: tf.constant(x, dtype)
