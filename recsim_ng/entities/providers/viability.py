"""Viability: how well providers live on being seen and chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from recsim_ng.core import check
from recsim_ng.core.entity import Entity
from recsim_ng.core.field_spec import Space


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
        self._num_providers = config["num_providers"]
        self._decay = config.get("viability_decay", 0.9)
        self._exposure_gain = config.get("exposure_gain", 0.02)
        self._click_gain = config.get("click_gain", 0.08)
        self._cost = config.get("provider_cost", 0.0)
        check.whole(name, "num_providers", self._num_providers, 1)
        check.real(name, "viability_decay", self._decay, 0.0, 1.0)
        check.real(name, "exposure_gain", self._exposure_gain, 0.0, 1e6)
        check.real(name, "click_gain", self._click_gain, 0.0, 1e6)
        check.real(name, "provider_cost", self._cost, 0.0, 1e6)

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
