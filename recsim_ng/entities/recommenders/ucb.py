"""Optimism about items: UCB1 and KL-UCB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value
from recsim_ng.entities.bandits import kl_ucb_bound
from recsim_ng.entities.recommenders.item_statistics import ItemStatisticsRecommender


class UCB1Recommender(ItemStatisticsRecommender):
    """Shows everybody the items of highest upper confidence bound.

        index[i] = mean[i] + exploration sqrt(2 log n / pulls[i]),      n = sum of pulls

    Args:
      config: as for `ItemStatisticsRecommender`, and, if there, exploration (1.0), as published.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.

    Source: Auer, Cesa-Bianchi and Fischer (2002), Finite-time analysis of the multiarmed bandit
      problem, figure 1.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "UCB1Recommender") -> None:
        super().__init__(config, name)
        settings = Settings(name, config)
        self._exploration = settings.real("exploration", 0.0, 1e6, default=1.0)

    def index(self, pulls: Any, reward_sum: Any, draws: Value) -> Any:
        del draws
        width = tf.sqrt(2.0 * tf.math.log(tf.reduce_sum(pulls)) / pulls)
        return reward_sum / pulls + self._exploration * width


class KLUCBRecommender(ItemStatisticsRecommender):
    """Shows everybody the items whose mean may be the highest, by what they brought so far.

        index[i] = max{q: pulls[i] d(mean[i], q) <= log n},      n = sum of pulls

    with d the divergence of Bernoulli laws.

    Args:
      config: as for `ItemStatisticsRecommender`.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.

    Source: Garivier and Cappé (2011), The KL-UCB algorithm for bounded stochastic bandits and
      beyond, algorithm 1, with c = 0.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "KLUCBRecommender") -> None:
        super().__init__(config, name)

    def index(self, pulls: Any, reward_sum: Any, draws: Value) -> Any:
        del draws
        return kl_ucb_bound(reward_sum / pulls, tf.math.log(tf.reduce_sum(pulls)) / pulls)
