"""Viability: how well providers live on being seen and chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from recsim_ng.core.entity import Entity
from recsim_ng.core.field_spec import Space
from recsim_ng.core.settings import Settings


class Viability(Entity):
    """A provider's means, which fade, and which exposure and clicks renew.

    With e_t the provider's exposure and c_t its clicks at step t, both as multiples of an equal
    share (1: as much as every provider had if all were treated alike and everybody chose):

        viability_{t+1} = viability_decay viability_t + exposure_gain e_t + click_gain c_t - cost

    By default a provider of equal share stays at 1: 0.9 + 0.02 + 0.08.

    Args:
      config: reads num_providers (P) and, if there, viability_decay (0.9), exposure_gain (0.02),
        click_gain (0.08), provider_cost (0).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.

    Source: Mladenov et al. (2020), Optimizing long-term social welfare in recommender systems: a
      constrained matching approach, where providers need engagement to stay viable; Zhan et al.
      (2021), Towards content provider aware recommender systems, where exposure counts too.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "Viability") -> None:
        super().__init__(name)
        settings = Settings(name, config)
        self._num_providers = settings.whole("num_providers", 1)
        self._decay = settings.real("viability_decay", 0.0, 1.0, default=0.9)
        self._exposure_gain = settings.real("exposure_gain", 0.0, 1e6, default=0.02)
        self._click_gain = settings.real("click_gain", 0.0, 1e6, default=0.08)
        self._cost = settings.real("provider_cost", 0.0, 1e6, default=0.0)

    def next_state(self, viability: Any, exposure: Any, clicks: Any) -> Any:
        """Returns `[P]` float32 the viability after a step.

        Args:
          viability: `[P]` before it.
          exposure: `[P]` multiples of an equal share of what was shown.
          clicks: `[P]` multiples of an equal share of what could have been chosen.
        """
        gained = self._exposure_gain * exposure + self._click_gain * clicks
        return self._decay * viability + gained - self._cost

    def specs(self) -> Space:
        """Returns the spec of viability."""
        return Space.box(-np.inf, np.inf, (self._num_providers,), dims=("provider",))
