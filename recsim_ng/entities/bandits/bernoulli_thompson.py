"""Thompson sampling of Bernoulli bandits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.ordering import argmax
from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.arm_statistics import ArmStatisticsAlgorithm


class BernoulliThompson(ArmStatisticsAlgorithm):
    """Pulls each arm as often as it is believed to be the best, by a Beta posterior.

        sampled_means[a] ~ Beta(belief_successes + reward_sum[a],
                                belief_failures + pulls[a] - reward_sum[a])
        arm              = argmax_a sampled_means[a]

    Args:
      config: as for `ArmStatisticsAlgorithm`, and, if there, `belief_successes` (1) and
        `belief_failures` (1), the prior. Rewards must lie within [0, 1]; a fraction counts as a
        part of a success.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range.

    Source: Thompson (1933), On the likelihood that one unknown probability exceeds another in view
      of the evidence of two samples, Biometrika 25; Kaufmann, Korda and Munos (2012), Thompson
      sampling: an asymptotically optimal finite-time analysis.
    """

    unit_rewards = True

    def __init__(self, config: Mapping[str, Any], name: str = "BernoulliThompson") -> None:
        super().__init__(config, name)
        self._successes = self._setting("belief_successes", 1.0, 1e-2, 1e6)
        self._failures = self._setting("belief_failures", 1.0, 1e-2, 1e6)

    def arm_choice(self, statistics: Value, context: Value) -> Value:
        """Returns arm `[B]` int32 and sampled_means `[B, A]` float32.

        Args:
          statistics: pulls and reward_sum `[B, A]`.
          context: not read.
        """
        del context
        successes = statistics.get("reward_sum")
        failures = statistics.get("pulls") - successes
        sampled = ed.Beta(
            self._successes + successes, self._failures + failures, name="sampled_means"
        )
        return Value(arm=argmax(sampled), sampled_means=sampled)

    def specs(self) -> Value:
        """Returns the specs of choice and statistics."""
        sampled = self._space(0.0, 1.0, "bandit", "arm")
        return super().specs().union(ValueSpec(choice=ValueSpec(sampled_means=sampled)))
