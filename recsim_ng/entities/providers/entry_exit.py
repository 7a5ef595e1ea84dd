"""Entry and exit: who gives up, and who comes in their place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.entity import Entity
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value


class EntryExit(Entity):
    """Providers of low viability leave; places of providers that left are taken again.

    With v the viability after the step, and P places for providers:

        exits ~ Bernoulli(sigmoid((exit_threshold - v) / exit_temperature)) of who is active
        enters ~ Bernoulli(entry_rate) at a place that was empty before the step

    Should all who are active want to leave at once and nobody come, they stay: somebody provides at
    every step.

    Args:
      config: reads num_providers (P) and, if there, exit_threshold (0.2), exit_temperature (0.02)
        and entry_rate (0.05).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "EntryExit") -> None:
        super().__init__(name)
        settings = Settings(name, config)
        self._num_providers = settings.whole("num_providers", 1)
        self._threshold = settings.real("exit_threshold", -1e6, 1e6, default=0.2)
        self._temperature = settings.real("exit_temperature", 1e-6, 1e6, default=0.02)
        self._entry_rate = settings.real("entry_rate", 0.0, 1.0, default=0.05)

    def draws(self, viability: Any) -> Value:
        """Returns who would leave and who would come: exit_draw and entry_draw, `[P]` int32.

        Args:
          viability: `[P]` after the step.
        """
        want = (self._threshold - tf.convert_to_tensor(viability)) / self._temperature
        rate = tf.fill([self._num_providers], float(self._entry_rate))
        return Value(
            exit_draw=ed.Bernoulli(logits=want, name="exit_draw"),
            entry_draw=ed.Bernoulli(probs=rate, name="entry_draw"),
        )

    def next_state(self, is_active: Any, draws: Value) -> Value:
        """Returns is_active, has_left and has_entered, all `[P]` bool, after a step.

        Args:
          is_active: `[P]` bool before it.
          draws: as `draws` made them.
        """
        leaves = is_active & (tf.convert_to_tensor(draws.get("exit_draw")) == 1)
        enters = ~is_active & (tf.convert_to_tensor(draws.get("entry_draw")) == 1)
        somebody = tf.reduce_any((is_active & ~leaves) | enters)
        leaves = leaves & somebody
        return Value(is_active=(is_active & ~leaves) | enters, has_left=leaves, has_entered=enters)

    def specs(self) -> ValueSpec:
        """Returns the specs of state and draws."""
        shape, dims = (self._num_providers,), ("provider",)
        flag = Space.box(0, 1, shape, np.bool_, dims=dims)
        draw = Space.box(0, 1, shape, np.int32, dims=dims)
        return ValueSpec(
            state=ValueSpec(is_active=flag, has_left=flag, has_entered=flag),
            draws=ValueSpec(exit_draw=draw, entry_draw=draw),
        )
