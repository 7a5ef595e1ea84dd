"""Operands: what comes in a call, made into tensors; a clear error says what cannot be."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core.errors import ConfigError


def floats(where: str, name: str, x: Any) -> Any:
    """Requires what comes in a call: real numbers.

    Args:
      where: the class or function that takes them.
      name: of the argument.
      x: a number, a list, an array, a tensor, a variable or a random variable.

    Returns:
      A floating-point tensor; of whole numbers, float32.

    Raises:
      ConfigError: (also a ValueError) they are something else.
    """
    found = _tensor(where, name, "real numbers", x)
    if not (found.dtype.is_floating or found.dtype.is_integer):
        raise ConfigError(
            f"{where}: {name} must be an array of real numbers, got {found.dtype.name}"
        )
    return found if found.dtype.is_floating else tf.cast(found, tf.float32)


def integers(where: str, name: str, x: Any) -> Any:
    """Requires what comes in a call: whole numbers.

    Args:
      where: the class or function that takes them.
      name: of the argument.
      x: a number, a list, an array, a tensor, a variable or a random variable.

    Returns:
      A tensor of integers.

    Raises:
      ConfigError: (also a ValueError) they are something else.
    """
    found = _tensor(where, name, "whole numbers", x)
    if not found.dtype.is_integer:
        raise ConfigError(
            f"{where}: {name} must be an array of whole numbers, got {found.dtype.name}"
        )
    return found


def _tensor(where: str, name: str, kind: str, x: Any) -> Any:
    try:
        return tf.convert_to_tensor(x)
    except (TypeError, ValueError):  # None, rows of different lengths
        raise ConfigError(f"{where}: {name} must be an array of {kind}, got {x!r}") from None
