"""Checks of settings and parameters: a clear error names the argument, its range and what came.

A setting is a Python number that never changes. A parameter may be an array or a tensor, for each
user say, or a variable that training changes.
"""

from __future__ import annotations

import dataclasses
import math
import numbers as abstract
from collections.abc import Sequence
from typing import Any

import numpy as np

from recsim_ng.core.errors import ConfigError

_MOST = 2**31 - 1  # indices, steps and counts are 32-bit integers throughout
GREATEST = float(np.finfo(np.float32).max)
"""The greatest finite number of a float32."""


def whole(where: str, name: str, x: Any, least: int, most: int = _MOST) -> None:
    """Requires a whole number within a range.

    Args:
      where: the class or function that takes the setting.
      name: of the setting.
      x: what came.
      least: the smallest allowed.
      most: the greatest allowed.

    Raises:
      ConfigError: (also a ValueError) it is not.
    """
    is_whole = _is(abstract.Integral, x)
    if not (is_whole and least <= x <= most):
        small = most == _MOST and not (is_whole and x > most)
        bound = f"of at least {least}" if small else f"within {least}..{most}"
        raise ConfigError(f"{where}: {name} must be a whole number {bound}, got {x!r}")


def real(where: str, name: str, x: Any, least: float = -math.inf, most: float = math.inf) -> None:
    """Requires a number within a closed range; NaN never is.

    Args:
      where: the class or function that takes the setting.
      name: of the setting.
      x: what came.
      least: the smallest allowed.
      most: the greatest allowed.

    Raises:
      ConfigError: (also a ValueError) it is not.
    """
    if not (_is(abstract.Real, x) and least <= x <= most):
        raise ConfigError(f"{where}: {name} must be a number within [{least}, {most}], got {x!r}")


def one_of(where: str, name: str, x: Any, choices: Any) -> None:
    """Requires one of some choices.

    Args:
      where: the class or function that takes the setting.
      name: of the setting.
      x: what came.
      choices: what is allowed.

    Raises:
      ConfigError: (also a ValueError) it is none of them.
    """
    if x not in tuple(choices):
        raise ConfigError(f"{where}: {name} must be one of {sorted(choices)}, got {x!r}")


def flag(where: str, name: str, x: Any) -> None:
    """Requires True or False.

    Args:
      where: the class or function that takes the setting.
      name: of the setting.
      x: what came.

    Raises:
      ConfigError: (also a ValueError) it is neither.
    """
    if not isinstance(x, bool | np.bool_):
        raise ConfigError(f"{where}: {name} must be True or False, got {x!r}")


def instance(where: str, name: str, x: Any, kind: type, remedy: str = "") -> None:
    """Requires an object of a class.

    Args:
      where: the class or function that takes the argument.
      name: of the argument.
      x: what came.
      kind: the class.
      remedy: what to do, if that is not plain.

    Raises:
      ConfigError: (also a ValueError) it is of another class.
    """
    if not isinstance(x, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        tail = f"; {remedy}" if remedy else ""
        raise ConfigError(f"{where}: {name} must be {article} {kind.__name__}, got {x!r}{tail}")


def function(where: str, name: str, x: Any, *, optional: bool = False, remedy: str = "") -> None:
    """Requires something that can be called.

    Args:
      where: the class or function that takes the argument.
      name: of the argument.
      x: what came.
      optional: None is allowed.
      remedy: what to do, if that is not plain.

    Raises:
      ConfigError: (also a ValueError) it cannot be called.
    """
    if not (callable(x) or (optional and x is None)):
        tail = " or None" if optional else ""
        remedy = f"; {remedy}" if remedy else ""
        raise ConfigError(f"{where}: {name} must be a function{tail}, got {x!r}{remedy}")


def flags(where: str, config: Any) -> None:
    """Requires True or False of every setting of a dataclass that is annotated as a bool.

    Args:
      where: the dataclass, for the message.
      config: an instance.

    Raises:
      ConfigError: (also a ValueError) one is neither.
    """
    for field in dataclasses.fields(config):
        if field.type in (bool, "bool"):
            flag(where, field.name, getattr(config, field.name))


def batch_shape(where: str, name: str, x: Any) -> tuple[int, ...]:
    """Requires the sizes of some axes, none of them empty.

    Args:
      where: the class or function that takes the shape.
      name: of the argument.
      x: what came: a sequence of whole numbers, or a TensorShape.

    Returns:
      The sizes.

    Raises:
      ConfigError: (also a ValueError) it is something else.
    """
    import tensorflow as tf  # here, so that the command checks its settings without it

    sizes = x.as_list() if isinstance(x, tf.TensorShape) and x.rank is not None else x
    if isinstance(sizes, np.ndarray):
        sizes = sizes.tolist()
    ok = isinstance(sizes, Sequence) and not isinstance(sizes, str)
    if not ok or not all(_is(abstract.Integral, n) and 1 <= n <= _MOST for n in sizes):
        raise ConfigError(
            f"{where}: {name} must be a sequence of whole numbers of at least 1, such as (100,), "
            f"got {x!r}"
        )
    return tuple(int(n) for n in sizes)


def static_value(x: Any) -> np.ndarray | None:
    """Returns a parameter's value if it will never change, else None.

    Args:
      x: a number, a list, an array, a tensor or a variable (which training may change).
    """
    import tensorflow as tf

    if isinstance(x, tf.Variable):
        return None
    value = tf.get_static_value(x) if tf.is_tensor(x) else x
    return None if value is None else np.asarray(value)


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


def _interval(least: float, most: float, infinite: bool, ends: str) -> str:
    left = "(" if least == -math.inf and not infinite else ends[0]
    right = ")" if most == math.inf and not infinite else ends[1]
    return f"{left}{least:g}, {most:g}{right}"


def _is(kind: type, x: Any) -> bool:
    return isinstance(x, kind) and not isinstance(x, bool)


def _array(where: str, name: str, x: Any) -> np.ndarray | None:
    """The value of a parameter as real numbers; None where it is not known."""
    try:
        value = static_value(x)
    except ValueError:  # rows of different lengths
        raise ConfigError(f"{where}: {name} must be an array of real numbers, got {x!r}") from None
    known = value.dtype if value is not None else getattr(x, "dtype", None)
    known = getattr(known, "as_numpy_dtype", known)  # of TensorFlow's types
    if known is None or not (np.issubdtype(known, np.integer) or np.issubdtype(known, np.floating)):
        raise ConfigError(f"{where}: {name} must be an array of real numbers, got {x!r}")
    return value


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
        want = f"broadcast to the batch shape {list(shape)}" if shape else "be a scalar"
        raise ConfigError(f"{where}: {name} must {want}, got {list(own)}")


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
