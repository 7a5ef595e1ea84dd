"""KL-UCB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from recsim_ng.entities.bandits.arm_statistics import IndexAlgorithm

_STEPS = 5


def kl_ucb_bound(mean: Any, divergence: Any) -> Any:
    """The greatest mean of a Bernoulli law within a divergence of an observed one.

        max{q in [mean, 1): d(mean, q) <= divergence},
        d(p, q) = p log(p / q) + (1 - p) log((1 - p) / (1 - q))

    Newton's method for y = -log(1 - q), in which d is convex and, far out, straight. It starts
    beyond the solution, at the nearer of two bounds (Pinsker's, and the straight line that d comes
    down to), and so comes down to it without overshooting; 5 steps reach float32's rounding: an
    error of 1e-5.

    Args:
      mean: `[...]` float32 within [0, 1].
      divergence: `[...]` float32, not negative.

    Returns:
      `[...]` float32 within [0, 1].
    """
    p = tf.clip_by_value(mean, 1e-7, 1.0 - 1e-7)
    entropy = -(p * tf.math.log(p) + (1.0 - p) * tf.math.log1p(-p))
    pinsker = p + tf.sqrt(0.5 * divergence)
    line = (divergence + entropy) / (1.0 - p)
    within = pinsker < 1.0
    y = tf.where(within, -tf.math.log1p(-tf.where(within, pinsker, 0.0)), line)
    y = tf.minimum(y, line)
    for _ in range(_STEPS):
        q = -tf.math.expm1(-y)
        excess = (1.0 - p) * y - p * tf.math.log(q) - entropy - divergence
        slope = tf.maximum(q - p, 1e-7) / q
        # Rounding alone can lead below the mean.
        y = tf.maximum(y - excess / slope, -tf.math.log1p(-p))
    return tf.maximum(-tf.math.expm1(-y), mean)


class KLUCB(IndexAlgorithm):
    """Pulls the arm with the greatest mean that its rewards do not contradict.

        index[a] = max{q: pulls[a] d(mean[a], q) <= log n + log_log_weight log log n}

    with n pulls in all so far, and d the divergence of Bernoulli laws; every arm is pulled once
    first. Its regret grows as slowly as that of any algorithm can that serves all Bernoulli
    bandits.

    Args:
      config: as for `ArmStatisticsAlgorithm`, and, if there, `log_log_weight` (0, what the authors
        advise; their theorem takes 3). Rewards must lie within [0, 1].
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a size or number is out of range.

    Source: Garivier and Cappé (2011), The KL-UCB algorithm for bounded stochastic bandits and
      beyond, COLT, algorithm 1.
    """

    unit_rewards = True

    def __init__(self, config: Mapping[str, Any], name: str = "KLUCB") -> None:
        super().__init__(config, name)
        self._log_log_weight = self._setting("log_log_weight", 0.0, 0.0, 1e3)

    def index(self, mean: Any, pulls: Any, total: Any) -> Any:
        log = tf.math.log(total)
        budget = log + self._log_log_weight * tf.math.log(tf.maximum(log, 1.0))
        return kl_ucb_bound(mean, budget / pulls)
