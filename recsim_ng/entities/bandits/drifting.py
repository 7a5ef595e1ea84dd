"""Drifting bandits: what arms are worth walks at random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.context import BanditContext
from recsim_ng.entities.bandits.gaussian import GaussianProblem


class DriftContext(BanditContext):
    """How far every arm has walked from where it began.

        drift_0 = 0,   drift_{t+1}[b, a] ~ N(drift_t[b, a], drift_scale)

    It is in the context since a bandit's state has no past. No algorithm of ours looks at it.

    Args:
      config: reads `num_bandits` (B), `num_arms` (A), and, if there, `drift_scale` (0.01).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "DriftContext") -> None:
        super().__init__(config, name)
        self._measure()
        self._drift_scale = self._setting("drift_scale", 0.01, 1e-6, 1e6)

    def initial_state(self, parameters: Value) -> Value:
        """Returns drift `[B, A]`, zeros.

        Args:
          parameters: not read.
        """
        del parameters
        return Value(drift=tf.zeros(self._shape("bandit", "arm")))

    def next_state(self, previous_state: Value, parameters: Value) -> Value:
        """Returns drift `[B, A]` float32, a step further.

        Args:
          previous_state: drift `[B, A]`.
          parameters: not read.
        """
        del parameters
        drift = tf.convert_to_tensor(previous_state.get("drift"))
        return Value(drift=ed.Normal(drift, self._drift_scale, name="drift"))

    def specs(self) -> Value:
        """Returns the spec of drift."""
        return ValueSpec(drift=self._space(-np.inf, np.inf, "bandit", "arm"))


class DriftingProblem(GaussianProblem):
    """A Gaussian bandit whose means walk.

        arm_means_t[b, a] = arm_means[b, a] + drift_t[b, a]
        reward_t[b]       ~ N(arm_means_t[b, arm_t[b]], noise_scale)

    Args:
      config: as for `GaussianProblem`.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range.

    Source: Slivkins and Upfal (2008), Adapting to a changing environment: the Brownian restless
      bandits.
    """

    context_fields = ("drift",)

    def __init__(self, config: Mapping[str, Any], name: str = "DriftingProblem") -> None:
        super().__init__(config, name)

    def next_state(self, parameters: Value, context: Value) -> Value:
        """Returns arm_means `[B, A]` float32 now.

        Args:
          parameters: arm_means `[B, A]` at the start.
          context: drift `[B, A]`.
        """
        start = tf.convert_to_tensor(parameters.get("arm_means"))
        return Value(arm_means=start + tf.convert_to_tensor(context.get("drift")))
