"""Creation rate: how much providers make, by how well they live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.entity import Entity
from recsim_ng.core.settings import Settings


class CreationRate(Entity):
    """Each new document is by a provider drawn in proportion to their rates of creation.

        rate_p = (creation_floor + max(viability_p, 0))^creation_elasticity if active, else 0
        P(a new document is of p) = rate_p / sum of rates

    so of n new documents provider p makes n rate_p / (sum of rates) in the mean.

    Args:
      config: reads, if there, creation_floor (0.1) and creation_elasticity (1; 0: all who are
        active make the same).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "CreationRate") -> None:
        super().__init__(name)
        settings = Settings(name, config)
        self._floor = settings.real("creation_floor", 1e-6, 1e6, default=0.1)
        self._elasticity = settings.real("creation_elasticity", 0.0, 100.0, default=1.0)

    def logits(self, viability: Any, is_active: Any) -> Any:
        """Returns `[P]` float32 logarithms of the rates, minus infinity for who is not active.

        Args:
          viability: `[P]`.
          is_active: `[P]` bool; somebody is.
        """
        rate = self._elasticity * tf.math.log(self._floor + tf.maximum(viability, 0.0))
        return tf.where(is_active, rate, -np.inf)
