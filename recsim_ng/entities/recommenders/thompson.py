"""Thompson sampling over items, of Bernoulli and of Gaussian rewards."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders.item_statistics import ItemStatisticsRecommender


class ThompsonRecommender(ItemStatisticsRecommender):
    """Shows each user the items that are best by a draw from what is believed of their means.

    At each step there are M draws for the whole population; user u sees draw u mod M. With M at
    least U everybody has their own, for which M x I numbers are held. Items never shown are drawn
    from the prior like the others.

    Args:
      config: as for `ItemStatisticsRecommender`, and, if there, num_draws (M, 32).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.

    Source: Thompson (1933), On the likelihood that one unknown probability exceeds another in view
      of the evidence of two samples; Chapelle and Li (2011), An empirical evaluation of Thompson
      sampling, with delayed, batched feedback.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "ThompsonRecommender") -> None:
        super().__init__(config, name)
        self._num_draws = Settings(name, config).whole("num_draws", 1, default=32)

    @abc.abstractmethod
    def posterior(self, pulls: Any, reward_sum: Any) -> Any:
        """Returns a site: `[M, I]` draws of the items' means.

        Args:
          pulls: `[M, I]` float32.
          reward_sum: `[M, I]` float32.
        """

    def draws(
        self, recommender_state: Value, user_observation: Value, available_docs: Value
    ) -> Value:
        """Returns sampled_means `[M, I]`.

        Args:
          recommender_state: pulls `[I]`, reward_sum `[I]`.
          user_observation: not read.
          available_docs: not read.
        """
        del user_observation, available_docs
        shape = [self._num_draws, self._num_items]
        names = ("pulls", "reward_sum")
        wide = [tf.broadcast_to(recommender_state.get(name), shape) for name in names]
        return Value(sampled_means=self.posterior(*wide))

    def scores(
        self, recommender_state: Value, user_observation: Value, available_docs: Value, draws: Value
    ) -> Any:
        """Returns `[u, D]` the means drawn.

        Args:
          recommender_state: not read.
          user_observation: not read.
          available_docs: the vocabulary's item `[D]`.
          draws: sampled_means `[M, I]`, user_index `[u]`.
        """
        del recommender_state, user_observation
        means = self.of_documents(tf.convert_to_tensor(draws.get("sampled_means")), available_docs)
        return tf.gather(means, draws.get("user_index") % self._num_draws)

    def specs(self) -> ValueSpec:
        """Returns the specs of state and slate."""
        shape = (self._num_draws, self._num_items)
        drawn = Space.box(-np.inf, np.inf, shape, dims=("draw", "item"))
        return super().specs().union(ValueSpec(slate=ValueSpec(sampled_means=drawn)))


class BernoulliThompsonRecommender(ThompsonRecommender):
    """Thompson sampling with Beta beliefs about the items' means.

        sampled_means[m, i] ~ Beta(prior_successes + reward_sum[i],
                                   prior_failures + pulls[i] - reward_sum[i])

    Args:
      config: as for `ThompsonRecommender`, and, if there, prior_successes (1.0) and prior_failures
        (1.0). A reward within (0, 1) counts as a part of a success.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.

    Source: Kaufmann, Korda and Munos (2012), Thompson sampling: an asymptotically optimal
      finite-time analysis.
    """

    def __init__(
        self, config: Mapping[str, Any], name: str = "BernoulliThompsonRecommender"
    ) -> None:
        super().__init__(config, name)
        settings = Settings(name, config)
        self._successes = settings.real("prior_successes", 1e-2, 1e6, default=1.0)
        self._failures = settings.real("prior_failures", 1e-2, 1e6, default=1.0)

    def posterior(self, pulls: Any, reward_sum: Any) -> Any:
        failures = self._failures + tf.maximum(pulls - reward_sum, 0.0)
        return ed.Beta(self._successes + reward_sum, failures, name="sampled_means")


class GaussianThompsonRecommender(ThompsonRecommender):
    """Thompson sampling with normal beliefs about the items' means, of noise with known scale s.

        precision[i]        = 1 / w^2 + pulls[i] / s^2
        sampled_means[m, i] ~ N((b / w^2 + reward_sum[i] / s^2) / precision[i], precision[i]^(-1/2))

    Args:
      config: as for `ThompsonRecommender`, and, if there, belief_mean (b, 0.5), belief_scale (w,
        0.5) and noise_scale (s, 0.5), all in units of rewards brought to [0, 1].
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.

    Source: Agrawal and Goyal (2013), Further optimal regret bounds for Thompson sampling.
    """

    def __init__(
        self, config: Mapping[str, Any], name: str = "GaussianThompsonRecommender"
    ) -> None:
        super().__init__(config, name)
        settings = Settings(name, config)
        self._mean = settings.real("belief_mean", -1e6, 1e6, default=0.5)
        self._belief = settings.real("belief_scale", 1e-6, 1e6, default=0.5) ** -2
        self._noise = settings.real("noise_scale", 1e-6, 1e6, default=0.5) ** -2

    def posterior(self, pulls: Any, reward_sum: Any) -> Any:
        precision = self._belief + self._noise * pulls
        mean = (self._belief * self._mean + self._noise * reward_sum) / precision
        return ed.Normal(mean, tf.math.rsqrt(precision), name="sampled_means")
