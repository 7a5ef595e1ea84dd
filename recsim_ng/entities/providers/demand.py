"""Demand: what providers see chosen, and how they move towards it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.entity import Entity
from recsim_ng.core.settings import Settings


class DemandDrift(Entity):
    """Providers shift their content towards what is chosen around them.

    With mu_p the provider's mean, x_u the features of what user u chose at step t, over the users
    who chose something:

        weight_pu     = exp(-|x_u - mu_p|^2 / (2 demand_reach^2)), normalised over u
        demand_p      = sum_u weight_pu x_u,  mu_p itself if nobody chose anything
        mu_p at t + 1 = mu_p + demand_rate (demand_p - mu_p)

    A small reach makes providers serve their niche, an infinite one makes all of them chase the
    mean of all that is chosen.

    Args:
      config: reads, if there, demand_rate (0.05) and demand_reach (1, in units of the features).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.

    Source: strategic creators as in Hron et al. (2022), Modeling content creator incentives on
      algorithm-curated platforms, here with a rule of adjustment in place of an equilibrium; the
      kernel-weighted mean is the mean shift of Cheng (1995).
    """

    def __init__(self, config: Mapping[str, Any], name: str = "DemandDrift") -> None:
        super().__init__(name)
        settings = Settings(name, config)
        self._rate = settings.real("demand_rate", 0.0, 1.0, default=0.05)
        self._reach = settings.real("demand_reach", 1e-3, math.inf, default=1.0)

    def demand(self, means: Any, chosen_features: Any, is_chosen: Any) -> Any:
        """Returns `[P, K]` float32 what is in demand around each provider.

        Args:
          means: `[P, K]` of the providers.
          chosen_features: `[U, K]` of what each user chose.
          is_chosen: `[U]` bool whether the user chose something.
        """
        # |x - mu|^2 without |mu|^2, which is the same for all users and cancels.
        square = tf.reduce_sum(tf.square(chosen_features), axis=-1)
        distance = square - 2.0 * tf.matmul(means, chosen_features, transpose_b=True)
        logits = tf.where(is_chosen, -distance / (2.0 * self._reach**2), -np.inf)
        greatest = tf.reduce_max(logits, axis=1, keepdims=True)
        somebody = tf.reduce_any(is_chosen)
        weights = tf.where(is_chosen, tf.exp(logits - tf.where(somebody, greatest, 0.0)), 0.0)
        features = tf.where(is_chosen[:, None], chosen_features, 0.0)
        total = tf.maximum(tf.reduce_sum(weights, axis=1, keepdims=True), 1e-30)
        return tf.where(somebody, tf.matmul(weights, features) / total, means)

    def next_means(self, means: Any, chosen_features: Any, is_chosen: Any) -> Any:
        """Returns `[P, K]` float32 the providers' means after a step.

        Args:
          means: as for `demand`.
          chosen_features: as for `demand`.
          is_chosen: as for `demand`.
        """
        demand = self.demand(means, chosen_features, is_chosen)
        return means + self._rate * (demand - means)
