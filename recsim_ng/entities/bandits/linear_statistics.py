"""Algorithms that keep the ridge regression of rewards on features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.bandits.algorithm import BanditAlgorithm
from recsim_ng.entities.bandits.linear import num_models


class LinearStatisticsAlgorithm(BanditAlgorithm):
    """Base of algorithms that take rewards to be linear in the features of arms.

    A bandit has M = 1 vector of weights for all arms, or M = A, one for each. With x_t the features
    of the arm pulled at step t, r_t its reward, and, for each model, over the steps that pulled an
    arm of it,

        precision_t = ridge I + sum_{i < t} x_i x_i'
        mean_t      = precision_t^{-1} sum_{i < t} x_i r_i

    What is kept is mean_t and a square root of the inverse, root_t root_t' = precision_t^{-1}, by
    Potter's rule, for which no matrix is inverted: with S = root_t, f = S' x and v = 1 + f.f

        mean_{t+1} = mean_t + S f (r - mean_t . x) / v
        root_{t+1} = S - S f f' / (v + sqrt(v))

    Args:
      config: reads `num_bandits` (B), `num_arms` (A), `num_features` (F), and, if there,
        `shared_weights` (True: M = 1) and `ridge` (1).
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range.

    Source: Bierman (1977), Factorization methods for discrete sequential estimation, chapter II.
    """

    context_fields = ("features",)

    def __init__(self, config: Mapping[str, Any], name: str = "LinearStatisticsAlgorithm") -> None:
        super().__init__(config, name)
        self._measure(feature=1)
        self._sizes["model"] = num_models(self._settings, self._sizes["arm"])
        self._sizes["root"] = self._sizes["feature"]
        self._ridge = self._setting("ridge", 1.0, 1e-6, 1e6)

    def initial_statistics(self, context: Value) -> Value:
        """Returns mean `[B, M, F]`, zeros, and root `[B, M, F, F]`, both float32.

        Args:
          context: not read.
        """
        del context
        shape = self._shape("bandit", "model", "feature")
        root = tf.eye(shape[-1], batch_shape=shape[:-1]) * self._ridge**-0.5
        return Value(mean=tf.zeros(shape), root=root)

    def next_statistics(
        self, previous_statistics: Value, arm: Value, reward: Value, context: Value
    ) -> Value:
        """Returns the regression with the rewards of t - 1.

        Args:
          previous_statistics: mean `[B, M, F]`, root `[B, M, F, F]`.
          arm: arm `[B]`.
          reward: reward `[B]`.
          context: features `[B, A, F]`.
        """
        mean, root = previous_statistics.get("mean"), previous_statistics.get("root")
        features = tf.convert_to_tensor(context.get("features"))
        is_pulled = tf.one_hot(tf.convert_to_tensor(arm.get("arm")), self._sizes["arm"])
        x = is_pulled[:, :, None] * features
        if self._sizes["model"] == 1:
            x = tf.reduce_sum(x, axis=1, keepdims=True)
        # `[B, M, F]`; where a model was not asked it is 0, and nothing is learnt.
        r = tf.convert_to_tensor(reward.get("reward"))[:, None]
        f = tf.reduce_sum(root * x[..., :, None], axis=-2)
        v = 1.0 + tf.reduce_sum(f * f, axis=-1, keepdims=True)
        gain = tf.reduce_sum(root * f[..., None, :], axis=-1)
        surprise = r[..., None] - tf.reduce_sum(mean * x, axis=-1, keepdims=True)
        step = gain[..., :, None] * (f / (v + tf.sqrt(v)))[..., None, :]
        return Value(mean=mean + gain * surprise / v, root=root - step)

    def specs(self) -> Value:
        """Returns the specs of choice, arm `[B]` int32, and statistics."""
        last = self._sizes["arm"] - 1
        axes = ("bandit", "model", "feature")
        return ValueSpec(
            choice=ValueSpec(arm=self._space(0, last, "bandit", dtype=np.int32)),
            statistics=ValueSpec(
                mean=self._space(-np.inf, np.inf, *axes),
                root=self._space(-np.inf, np.inf, *axes, "root"),
            ),
        )
