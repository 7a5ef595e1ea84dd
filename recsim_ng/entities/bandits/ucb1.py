"""UCB1."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from recsim_ng.entities.bandits.arm_statistics import IndexAlgorithm


class UCB1(IndexAlgorithm):
    """Pulls the arm with the greatest upper confidence bound.

        index[a] = mean[a] + exploration sqrt(2 log n / pulls[a])

    with n pulls in all so far; every arm is pulled once first. An exploration of 1, for rewards
    within [0, 1], is the published algorithm; rewards of a spread R need R times as much. With a
    discount below 1 it is the discounted UCB of Garivier and Moulines (2011).

    Args:
      config: as for `ArmStatisticsAlgorithm`, and, if there, `exploration` (1).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range.

    Source: Auer, Cesa-Bianchi and Fischer (2002), Finite-time analysis of the multiarmed bandit
      problem, Machine Learning 47, figure 1.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "UCB1") -> None:
        super().__init__(config, name)
        self._exploration = self._setting("exploration", 1.0, 0.0, 1e6)

    def index(self, mean: Any, pulls: Any, total: Any) -> Any:
        return mean + self._exploration * math.sqrt(2.0) * tf.sqrt(tf.math.log(total) / pulls)
