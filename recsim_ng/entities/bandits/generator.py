"""BanditGenerator: the role of what makes bandits, by drawing their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

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
          ConfigError: (also a ValueError) they are no numbers, their shape does not fit, or one
            is out of range.
        """
        given = self._settings.get(name, None)
        if given is None:
            return None
        shape = self._shape(*axes)
        array = self._settings.numbers(name, low, high, shape=shape)
        return np.broadcast_to(np.asarray(array, np.float32), shape)
