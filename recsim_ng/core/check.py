"""Checks of settings, each a clear error that names the setting, its range and what came."""

from __future__ import annotations

import math
from typing import Any

from recsim_ng.core.errors import ConfigError

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
    ok = isinstance(x, int) and not isinstance(x, bool) and least <= x <= most
    if not ok:
        small = most == _MOST and not (isinstance(x, int) and x > most)
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
    ok = isinstance(x, int | float) and not isinstance(x, bool) and least <= x <= most
    if not ok:
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
