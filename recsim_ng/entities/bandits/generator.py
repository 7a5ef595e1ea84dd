"""BanditGenerator: the role of what makes bandits, by drawing their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.role import BanditRole


class BanditGenerator(BanditRole):
    """Makes the parameters of bandits, which stay as they are.

    A subclass defines the methods that its story calls.

    Args:
      config: settings by name.
      name: of the entity.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "BanditGenerator") -> None:
        super().__init__(config, name)

    def parameters(self) -> Value:
        """Returns the parameters of all bandits."""
        raise NotImplementedError(self._undefined("parameters"))

    def specs(self) -> Value:
        """Returns the specs of the parameters."""
        raise NotImplementedError(self._undefined("specs"))

    def _given(self, name: str, *axes: str, low: float = -np.inf, high: float = np.inf) -> Any:
        """Reads parameters that the config gives instead of having them drawn.

        Args:
          name: of the setting; an array that broadcasts to the axes.
          *axes: of the parameters.
          low: the least value allowed.
          high: the greatest value allowed.

        Returns:
          A float32 array with all axes, None where the config gives none.

        Raises:
          ConfigError: (also a ValueError) the shape does not fit, or a value is out of range.
        """
        given = self._config.get(name)
        if given is None:
            return None
        where, shape = f"{type(self).__name__}: {name}", self._shape(*axes)
        array = np.asarray(given, np.float32)
        try:
            full = np.broadcast_to(array, shape)
        except ValueError:
            raise ConfigError(
                f"{where} must broadcast to {list(shape)} ({', '.join(axes)}), got shape "
                f"{list(array.shape)}"
            ) from None
        bad = array[~((array >= low) & (array <= high) & np.isfinite(array))]
        if bad.size:
            raise ConfigError(
                f"{where} must be finite numbers within [{low}, {high}], got {bad.flat[0]:.6g}"
            )
        return full
