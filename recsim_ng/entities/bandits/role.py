"""BanditRole: what the roles of a bandit story have in common, their sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from recsim_ng.core.entity import Entity
from recsim_ng.core.field_spec import Space
from recsim_ng.core.settings import Settings


class BanditRole(Entity):
    """Base of the roles: B independent bandits side by side, each of A arms.

    A role itself needs no setting; members measure what they need.

    Attributes:
      context_fields: what it reads of the context, and cannot do without.

    Args:
      config: settings by name; reads `num_bandits` (B) and `num_arms` (A) where they are there.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) the config is no mapping.
    """

    context_fields: tuple[str, ...] = ()

    def __init__(self, config: Mapping[str, Any], name: str) -> None:
        super().__init__(name=name)
        self._settings = Settings(type(self).__name__, config)
        self._config = config
        self._num_bandits = config.get("num_bandits")
        self._num_arms = config.get("num_arms")
        self._sizes: dict[str, int] = {}

    def _measure(self, **least: int) -> None:
        """Reads the sizes that a member needs, those of "bandit" and "arm" always.

        Args:
          **least: axis -> its least size; the setting is called num_<axis>s.

        Raises:
          ConfigError: (also a ValueError) one is missing, no whole number or too small.
        """
        for axis, smallest in {"bandit": 1, "arm": 2, **least}.items():
            setting = f"num_{axis}s"
            self._sizes[axis] = self._settings.whole(setting, smallest)

    def _setting(self, name: str, default: float, least: float, most: float) -> float:
        """Reads a number.

        Args:
          name: of the setting.
          default: where the config does not have it.
          least: the smallest allowed.
          most: the greatest allowed.

        Returns:
          The number.

        Raises:
          ConfigError: (also a ValueError) it is out of range.
        """
        return self._settings.real(name, least, most, default=default)

    def _shape(self, *axes: str) -> tuple[int, ...]:
        """Returns the sizes of some axes."""
        return tuple(self._sizes[axis] for axis in axes)

    def _space(self, low: float, high: float, *axes: str, dtype: Any = np.float32) -> Space:
        """Returns the spec of numbers with these axes."""
        return Space.box(low, high, self._shape(*axes), dtype, dims=axes)
