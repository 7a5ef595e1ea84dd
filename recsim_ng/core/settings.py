"""Settings: a config as an entity reads it, every setting by name and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from recsim_ng.core import check, require
from recsim_ng.core.errors import ConfigError

_REQUIRED: Any = object()


class Settings:
    """Reads settings out of a config; each is checked when it is read.

    Args:
      where: who reads, for the messages: the name of the entity.
      config: settings by name.

    Raises:
      ConfigError: (also a ValueError) the config is no mapping.
    """

    def __init__(self, where: str, config: Mapping[str, Any]) -> None:
        if not isinstance(config, Mapping):
            raise ConfigError(
                f"{where}: config must be settings by name, such as {{'num_users': 100}}, "
                f"got {config!r}"
            )
        self._where, self._config = where, config

    def get(self, name: str, default: Any = _REQUIRED) -> Any:
        """Returns a setting of any kind.

        Args:
          name: of the setting.
          default: for a config without it; if not given, the setting is required.

        Raises:
          ConfigError: (also a ValueError) it is required and not there.
        """
        x = self._config.get(name, default)
        if x is _REQUIRED:
            raise ConfigError(
                f"{self._where}: config must have {name!r}, got only {sorted(self._config)}"
            )
        return x

    def whole(
        self, name: str, least: int, most: int | None = None, *, default: Any = _REQUIRED
    ) -> int:
        """Returns a whole number.

        Args:
          name: of the setting.
          least: the smallest allowed.
          most: the greatest allowed; None: 2**31 - 1.
          default: as for `get`.

        Raises:
          ConfigError: (also a ValueError) it is out of range, or missing.
        """
        x = self.get(name, default)
        check.whole(self._where, name, x, least, *(() if most is None else (most,)))
        return int(x)

    def real(
        self,
        name: str,
        least: float = -math.inf,
        most: float = math.inf,
        *,
        default: Any = _REQUIRED,
    ) -> float:
        """Returns a number that never changes.

        Args:
          name: of the setting.
          least: the smallest allowed.
          most: the greatest allowed.
          default: as for `get`.

        Raises:
          ConfigError: (also a ValueError) it is out of range, or missing.
        """
        x = self.get(name, default)
        check.real(self._where, name, x, least, most)
        return float(x)

    def flag(self, name: str, *, default: Any = _REQUIRED) -> bool:
        """Returns True or False.

        Args:
          name: of the setting.
          default: as for `get`.

        Raises:
          ConfigError: (also a ValueError) it is neither, or missing.
        """
        x = self.get(name, default)
        check.flag(self._where, name, x)
        return bool(x)

    def numbers(
        self,
        name: str,
        least: float = -math.inf,
        most: float = math.inf,
        *,
        shape: Sequence[int | None] | None = None,
        exact: bool = False,
        infinite: bool = False,
        default: Any = _REQUIRED,
    ) -> Any:
        """Returns a parameter: a number, an array, a tensor, or a variable that can be trained.

        Args:
          name: of the setting.
          least: the smallest allowed.
          most: the greatest allowed.
          shape: what it must broadcast to; None: any.
          exact: the shape itself is required; an axis of None is of any length but 0.
          infinite: an infinity within the range is allowed; NaN never is.
          default: as for `get`.

        Raises:
          ConfigError: (also a ValueError) as `require.numbers` does, or it is missing.
        """
        x = self.get(name, default)
        return require.numbers(
            self._where, name, x, least, most, shape=shape, exact=exact, infinite=infinite
        )
