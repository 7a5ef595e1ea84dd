"""Thompson sampling of Gaussian bandits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.ordering import argmax
from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.arm_statistics import ArmStatisticsAlgorithm


class GaussianThompson(ArmStatisticsAlgorithm):
    """Pulls each arm as often as it is believed to be the best, by a Gaussian posterior.

    With noise of a known scale s and the prior N(m, w),

        precision[a]     = 1 / w^2 + pulls[a] / s^2
        sampled_means[a] ~ N((m / w^2 + reward_sum[a] / s^2) / precision[a], precision[a]^(-1/2))
        arm              = argmax_a sampled_means[a]

    Args:
      config: as for `ArmStatisticsAlgorithm`, and, if there, `belief_mean` (m, 0), `belief_scale`
        (w, 1) and `noise_scale` (s, 1).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range.

    Source: Agrawal and Goyal (2013), Further optimal regret bounds for Thompson sampling; Honda and
      Takemura (2014), Optimality of Thompson sampling for Gaussian bandits depends on priors.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "GaussianThompson") -> None:
        super().__init__(config, name)
        self._mean = self._setting("belief_mean", 0.0, -1e6, 1e6)
        self._prior_precision = self._setting("belief_scale", 1.0, 1e-6, 1e6) ** -2
        self._noise_precision = self._setting("noise_scale", 1.0, 1e-6, 1e6) ** -2

    def arm_choice(self, statistics: Value, context: Value) -> Value:
        """Returns arm `[B]` int32 and sampled_means `[B, A]` float32.

        Args:
          statistics: pulls and reward_sum `[B, A]`.
          context: not read.
        """
        del context
        precision = self._prior_precision + self._noise_precision * statistics.get("pulls")
        weighted = self._noise_precision * statistics.get("reward_sum")
        mean = (self._prior_precision * self._mean + weighted) / precision
        sampled = ed.Normal(mean, tf.math.rsqrt(precision), name="sampled_means")
        return Value(arm=argmax(sampled), sampled_means=sampled)

    def specs(self) -> Value:
        """Returns the specs of choice and statistics."""
        sampled = self._space(-np.inf, np.inf, "bandit", "arm")
        return super().specs().union(ValueSpec(choice=ValueSpec(sampled_means=sampled)))
