"""Thompson sampling with linear rewards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.ordering import argmax
from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.linear_statistics import LinearStatisticsAlgorithm


class LinearThompson(LinearStatisticsAlgorithm):
    """Pulls the arm that is the best by weights drawn around those of a ridge regression.

        noise   ~ N(0, I)
        weights = mean + exploration root noise
        arm     = argmax_a weights . x[a]

    so that weights ~ N(mean, exploration^2 precision^{-1}).
    Where the weights' prior is N(0, s^2 / ridge I) and rewards have noise of scale s, an
    exploration of s draws from the exact posterior.

    Args:
      config: as for `LinearStatisticsAlgorithm`, and, if there, `exploration` (1), the paper's v.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range.

    Source: Agrawal and Goyal (2013), Thompson sampling for contextual bandits with linear payoffs,
      ICML, algorithm 1.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "LinearThompson") -> None:
        super().__init__(config, name)
        self._exploration = self._setting("exploration", 1.0, 0.0, 1e6)

    def arm_choice(self, statistics: Value, context: Value) -> Value:
        """Returns arm `[B]` int32, and noise `[B, M, F]` float32.

        Args:
          statistics: mean `[B, M, F]`, root `[B, M, F, F]`.
          context: features `[B, A, F]`.
        """
        mean = statistics.get("mean")
        noise = ed.Normal(tf.zeros_like(mean), 1.0, name="noise")
        moved = statistics.get("root") * tf.convert_to_tensor(noise)[..., None, :]
        weights = mean + self._exploration * tf.reduce_sum(moved, axis=-1)
        features = tf.convert_to_tensor(context.get("features"))
        return Value(arm=argmax(tf.reduce_sum(weights * features, axis=-1)), noise=noise)

    def specs(self) -> Value:
        """Returns the specs of choice and statistics."""
        noise = self._space(-np.inf, np.inf, "bandit", "model", "feature")
        return super().specs().union(ValueSpec(choice=ValueSpec(noise=noise)))
