"""Checks of settings: a clear error names the argument, its range and what came.

A setting is a Python number that never changes; `require` checks what may be a tensor.
"""

from __future__ import annotations

import dataclasses
import math
import numbers as abstract
from collections.abc import Sequence
from typing import Any

import numpy as np

from recsim_ng.core.errors import ConfigError

_LONG = 200  # characters, of what came, in a message
_MOST = 2**31 - 1  # indices, steps and counts are 32-bit integers throughout


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
        said = repr(x)
        if "\n" in said or len(said) > _LONG:
            said = f"an object of class {type(x).__name__}"
        raise ConfigError(f"{where}: {name} must be {article} {kind.__name__}, got {said}{tail}")


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
    as_list = getattr(x, "as_list", None)  # of a TensorShape
    sizes = as_list() if as_list is not None and x.rank is not None else x
    if isinstance(sizes, np.ndarray):
        sizes = sizes.tolist()
    ok = isinstance(sizes, Sequence) and not isinstance(sizes, str)
    if not ok or not all(_is(abstract.Integral, n) and 1 <= n <= _MOST for n in sizes):
        raise ConfigError(
            f"{where}: {name} must be a sequence of whole numbers of at least 1, such as (100,), "
            f"got {x!r}"
        )
    return tuple(int(n) for n in sizes)


def _is(kind: type, x: Any) -> bool:
    return isinstance(x, kind) and not isinstance(x, bool)
