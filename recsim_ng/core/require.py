"""Checks of parameters: numbers, arrays, tensors, or variables that training changes.

They are checked as far as they are known: of a variable the shape and the type, not the values. The
errors name the argument, what it must be and what came.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import is_random_variable
from recsim_ng.core.errors import ConfigError

GREATEST = float(np.finfo(np.float32).max)
"""The greatest finite number of a float32."""


def numbers(
    where: str,
    name: str,
    x: Any,
    least: float = -math.inf,
    most: float = math.inf,
    *,
    shape: Sequence[int | None] | None = None,
    exact: bool = False,
    infinite: bool = False,
    ends: str = "[]",
) -> Any:
    """Requires a parameter: real numbers within a range, as far as they are known.

    Args:
      where: the class or function that takes the parameter.
      name: of the parameter.
      x: a number, a list, an array, a tensor or a variable.
      least: the smallest allowed.
      most: the greatest allowed.
      shape: what it must broadcast to; None: any.
      exact: the shape itself is required; an axis of None is of any length but 0.
      infinite: an infinity within the range is allowed; NaN never is.
      ends: "[]" with both ends of the range, "(]" without the least, "[)" without the most.

    Returns:
      `x` itself; lists as float32 arrays.

    Raises:
      ConfigError: (also a ValueError) it is no array of real numbers, some number is outside, or
        the shape is another.
    """
    value = _array(where, name, x)
    if value is not None:
        right = value > least if ends[0] == "(" else value >= least
        right = right & (value < most if ends[1] == ")" else value <= most)
        if not infinite:
            right = right & np.isfinite(value)
        if not np.all(right):
            raise ConfigError(
                f"{where}: {name} must be within {_interval(least, most, infinite, ends)}, "
                f"got {value[~right].flat[0]}"
            )
    if shape is not None:
        require = _require_shape if exact else _require_broadcast
        require(where, name, tuple(x.shape if value is None else value.shape), shape)
    return np.asarray(x, np.float32) if isinstance(x, list | tuple) else x


def probabilities(where: str, name: str, x: Any, *, shape: Sequence[int] | None = None) -> Any:
    """Requires probabilities, as far as they are known.

    Args:
      where: the class or function that takes the parameter.
      name: of the parameter.
      x: a number, a list, an array, a tensor or a variable.
      shape: what it must broadcast to; None: any.

    Returns:
      `x` itself; lists as float32 arrays.

    Raises:
      ConfigError: (also a ValueError) some number is outside [0, 1], or as `numbers` does.
    """
    return numbers(where, name, x, 0.0, 1.0, shape=shape)


def logits(where: str, name: str, x: Any, *, shape: Sequence[int] | None = None) -> Any:
    """Requires logits: real numbers or minus infinity, as far as they are known.

    Args:
      where: the class or function that takes the parameter.
      name: of the parameter.
      x: a number, a list, an array, a tensor or a variable.
      shape: what it must broadcast to; None: any.

    Returns:
      `x` itself; lists as float32 arrays.

    Raises:
      ConfigError: (also a ValueError) some number is NaN or plus infinity, or as `numbers` does.
    """
    return numbers(where, name, x, most=GREATEST, shape=shape, infinite=True)


def laws(where: str, name: str, x: Any) -> Any:
    """Requires logits of laws in the last axis: as `logits`, and not minus infinity everywhere.

    Args:
      where: the class or function that takes the parameter.
      name: of the parameter.
      x: a number, a list, an array, a tensor or a variable.

    Returns:
      `x` itself; lists as float32 arrays.

    Raises:
      ConfigError: (also a ValueError) a row is minus infinity everywhere, or as `logits` does.
    """
    checked, value = logits(where, name, x), static_value(x)
    if value is not None and value.ndim and np.isneginf(value).all(axis=-1).any():
        raise ConfigError(
            f"{where}: {name} must have a finite number in each row of its last axis, got a row of "
            f"{'minus infinity' if value.shape[-1] else 'no number'}"
        )
    return checked


def static_value(x: Any) -> np.ndarray | None:
    """Returns a parameter's value if it will never change, else None.

    Args:
      x: a number, a list, an array, a tensor, a variable (which training may change) or a random
        variable.
    """
    if isinstance(x, tf.Variable) or is_random_variable(x):
        return None
    value = tf.get_static_value(x) if tf.is_tensor(x) else x
    return None if value is None else np.asarray(value)


def _interval(least: float, most: float, infinite: bool, ends: str) -> str:
    left = "(" if least == -math.inf and not infinite else ends[0]
    right = ")" if most == math.inf and not infinite else ends[1]
    return f"{left}{least:g}, {most:g}{right}"


def _array(where: str, name: str, x: Any) -> np.ndarray | None:
    """The value of a parameter as real numbers; None where it is not known."""
    try:
        value = static_value(x)
    except ValueError:  # rows of different lengths
        raise ConfigError(f"{where}: {name} must be an array of real numbers, got {x!r}") from None
    known = value.dtype if value is not None else getattr(x, "dtype", None)
    if not _is_real(known):
        raise ConfigError(f"{where}: {name} must be an array of real numbers, got {x!r}")
    return value


def _is_real(dtype: Any) -> bool:
    try:
        known = tf.as_dtype(dtype)
    except TypeError:
        return False
    return bool(known.is_floating or known.is_integer)


def _require_shape(where: str, name: str, own: Sequence[Any], shape: Sequence[Any]) -> None:
    fits = len(own) == len(shape)
    if not fits or any(
        n != m and (m is not None or n == 0) for n, m in zip(own, shape, strict=True)
    ):
        sizes = ", ".join("any" if n is None else str(n) for n in shape)
        raise ConfigError(f"{where}: {name} must be of shape [{sizes}], got {list(own)}")


def _require_broadcast(where: str, name: str, own: Sequence[Any], shape: Sequence[Any]) -> None:
    fits = len(own) <= len(shape)
    tail = shape[len(shape) - len(own) :]
    if not fits or any(n not in (1, None, size) for n, size in zip(own, tail, strict=True)):
        want = f"broadcast to the shape {list(shape)}" if shape else "be a scalar"
        raise ConfigError(f"{where}: {name} must {want}, got {list(own)}")
