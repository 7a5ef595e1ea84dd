"""LinUCB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from recsim_ng.core.ordering import argmax
from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.linear_statistics import LinearStatisticsAlgorithm


class LinUCB(LinearStatisticsAlgorithm):
    """Pulls the arm with the greatest upper confidence bound of a ridge regression.

        index[a] = mean . x[a] + exploration sqrt(x[a]' precision^{-1} x[a])

    the first of equals. With `shared_weights` False it is algorithm 1 of Li et al., whose alpha is
    the exploration; with True all arms share what is learnt.

    Args:
      config: as for `LinearStatisticsAlgorithm`, and, if there, `exploration` (1).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range.

    Source: Li, Chu, Langford and Schapire (2010), A contextual-bandit approach to personalized news
      article recommendation, algorithm 1.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "LinUCB") -> None:
        super().__init__(config, name)
        self._exploration = self._setting("exploration", 1.0, 0.0, 1e6)

    def arm_choice(self, statistics: Value, context: Value) -> Value:
        """Returns arm `[B]` int32.

        Args:
          statistics: mean `[B, M, F]`, root `[B, M, F, F]`.
          context: features `[B, A, F]`.
        """
        features = tf.convert_to_tensor(context.get("features"))
        expected = tf.reduce_sum(statistics.get("mean") * features, axis=-1)
        # `[B, A, F]`: root' x of every arm; the sum is over the features.
        spread = tf.reduce_sum(statistics.get("root") * features[..., :, None], axis=-2)
        width = tf.sqrt(tf.reduce_sum(spread * spread, axis=-1))
        return Value(arm=argmax(expected + self._exploration * width))
