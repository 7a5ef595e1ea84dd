"""Linear contextual bandits: what an arm is worth is linear in its features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.context import BanditContext
from recsim_ng.entities.bandits.gaussian import GaussianProblem
from recsim_ng.entities.bandits.generator import BanditGenerator


def num_models(settings: Settings, num_arms: int) -> int:
    """Returns M, how many vectors of weights a bandit has.

    Args:
      settings: with, if there, `shared_weights` (True): one for all arms, else one for each.
      num_arms: A.

    Raises:
      ConfigError: (also a ValueError) shared_weights is no bool.
    """
    return 1 if settings.flag("shared_weights", default=True) else num_arms


class LinearGenerator(BanditGenerator):
    """Weights, given or drawn; M = 1 vector for all arms of a bandit, or M = A, one for each.

        weights[b, m] ~ N(0, weight_scale^2 I)

    Args:
      config: reads `num_bandits` (B), `num_arms` (A), `num_features` (F), and, if there,
        `shared_weights` (True), `weights` (what broadcasts to `[B, M, F]`: nothing is drawn) and
        `weight_scale` (1).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range, or weights of another
        shape.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "LinearGenerator") -> None:
        super().__init__(config, name)
        self._measure(feature=1)
        self._sizes["model"] = num_models(self._settings, self._sizes["arm"])
        self._scale = self._setting("weight_scale", 1.0, 1e-6, 1e6)
        self._weights = self._given("weights", "bandit", "model", "feature")

    def parameters(self) -> Value:
        """Returns weights `[B, M, F]` float32."""
        if self._weights is not None:
            return Value(weights=tf.constant(self._weights))
        shape = self._shape("bandit", "model", "feature")
        scale = tf.fill(shape[-1:], self._scale)
        drawn = ed.MultivariateNormalDiag(tf.zeros(shape), scale, name="weights")
        return Value(weights=drawn)

    def specs(self) -> Value:
        """Returns the spec of weights."""
        return ValueSpec(weights=self._space(-np.inf, np.inf, "bandit", "model", "feature"))


class FeatureContext(BanditContext):
    """New features of every arm at every step.

        features_t[b, a] ~ N(0, I / F)

    so that their squared length is 1 on average.

    Args:
      config: reads `num_bandits` (B), `num_arms` (A) and `num_features` (F).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size is too small.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "FeatureContext") -> None:
        super().__init__(config, name)
        self._measure(feature=1)

    def initial_state(self, parameters: Value) -> Value:
        """Returns features `[B, A, F]` float32.

        Args:
          parameters: not read.
        """
        del parameters
        shape = self._shape("bandit", "arm", "feature")
        scale = tf.fill(shape[-1:], float(shape[-1]) ** -0.5)
        return Value(features=ed.MultivariateNormalDiag(tf.zeros(shape), scale, name="features"))

    def next_state(self, previous_state: Value, parameters: Value) -> Value:
        """Returns features `[B, A, F]` float32, drawn anew.

        Args:
          previous_state: not read.
          parameters: not read.
        """
        del previous_state
        return self.initial_state(parameters)

    def specs(self) -> Value:
        """Returns the spec of features."""
        return ValueSpec(features=self._space(-np.inf, np.inf, "bandit", "arm", "feature"))


class LinearProblem(GaussianProblem):
    """An arm brings a linear function of its features, and Gaussian noise.

        arm_means_t[b, a] = weights[b, a or 0] . features_t[b, a]
        reward_t[b]       ~ N(arm_means_t[b, arm_t[b]], noise_scale)

    Args:
      config: as for `GaussianProblem`.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range.

    Source: Li, Chu, Langford and Schapire (2010), A contextual-bandit approach to personalized news
      article recommendation.
    """

    context_fields = ("features",)

    def __init__(self, config: Mapping[str, Any], name: str = "LinearProblem") -> None:
        super().__init__(config, name)

    def next_state(self, parameters: Value, context: Value) -> Value:
        """Returns arm_means `[B, A]` float32 now.

        Args:
          parameters: weights `[B, M, F]`.
          context: features `[B, A, F]`.
        """
        weights = tf.convert_to_tensor(parameters.get("weights"))
        features = tf.convert_to_tensor(context.get("features"))
        return Value(arm_means=tf.reduce_sum(weights * features, axis=-1))
