"""A policy gradient for slates, in TensorFlow, through many worlds of an environment at once.

A network gives every document a logit, and slates follow a Plackett-Luce law: Gumbel noise is
added and the S highest are shown, in order. Each update runs N worlds for one episode, inside one
compiled function, and then

    return_t    = sum_{s >= t} g^{s - t} r_s
    advantage_t = return_t - b(observation_t), in standard deviations of these
    gradient    = mean over t and worlds of advantage_t grad log pi(slate_t | observation_t)

with a bonus for the entropy of the first pick, that fades to nothing. The baseline b is a network
of its own, which is fitted to the returns.

Source: Williams (1992), Simple statistical gradient-following algorithms, Machine Learning 8.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from examples.episodes import Episodes, network
from recsim_ng.core import ordered_picks


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the learner."""

    num_worlds: int = 256
    """N, worlds of each update, each for one episode."""
    num_updates: int = 300
    """Gradient steps."""
    hidden: int = 64
    """Units of each of two hidden layers."""
    learning_rate: float = 0.003
    """Of Adam at first; it falls to a tenth of that."""
    discount: float = 1.0
    """g, how much of a reward counts a step earlier."""
    entropy_bonus: float = 0.02
    """Worth of a nat of entropy at first, in standard deviations of the advantages."""


class PolicyGradient:
    """A policy and the worlds that it learns in.

    Args:
      design: of the environment, whose observation is numbers and whose actions are slates.
      num_docs: D.
      slate_size: S.
      scale: `[F]` by which the F numbers observed are divided.
      config: settings.
      seed: of weights, worlds and picks.
    """

    def __init__(
        self, design: Any, num_docs: int, slate_size: int, scale: Any, config: Config, seed: int = 0
    ) -> None:
        self._config, self._seed, self._slate_size = config, seed, slate_size
        self._num_docs, self._design = num_docs, design
        self._episodes = Episodes(design, config.num_worlds)
        self._scale = tf.constant(scale, tf.float32)
        self.network = network(len(scale), config.hidden, num_docs, "tanh", seed)
        self._baseline = network(len(scale), config.hidden, 1, "tanh", seed)
        schedule = tf.keras.optimizers.schedules.CosineDecay(
            config.learning_rate, config.num_updates, alpha=0.1
        )
        self._optimizers = [
            tf.keras.optimizers.Adam(x) for x in (schedule, 3 * config.learning_rate)
        ]
        for optimizer, made in zip(self._optimizers, self._networks, strict=True):
            optimizer.build(made.trainable_variables)
        self._update = tf.function(self._one_update, jit_compile=True, autograph=False)

    def update(self, iteration: int) -> float:
        """Takes one gradient step; returns the mean return of its worlds.

        Args:
          iteration: 0, 1, ...
        """
        bonus = self._config.entropy_bonus * (1 - iteration / self._config.num_updates)
        number = tf.constant([1 + self._seed, 1 + iteration], tf.int32)
        return float(self._update(number, tf.constant(bonus, tf.float32)))

    @property
    def _networks(self) -> tuple[Any, Any]:
        return self.network, self._baseline

    def act(self, observation: Any, noise: Any = None) -> Any:
        """Returns slates, `[N, S]` int32, or `[N]` where actions are single documents.

        Args:
          observation: `[N, F]`.
          noise: `[N, D]` Gumbel draws; None: the best slate.
        """
        logits = self.network(observation / self._scale)
        keys = logits if noise is None else logits + noise
        picks = tf.math.top_k(keys, self._slate_size).indices
        return picks[:, 0] if not self._design.action.space.shape else picks

    def returns(self, first_seed: int, num_worlds: int) -> np.ndarray:
        """Returns `[N]` the returns of the best slates in worlds of their own.

        Args:
          first_seed: of these worlds.
          num_worlds: N.
        """
        return Episodes(self._design, num_worlds).returns(first_seed, self.act)

    def _one_update(self, number: Any, bonus: Any) -> Any:
        def explore(seen: Any, seed: Any) -> Any:
            uniform = tf.random.stateless_uniform([seen.shape[0], self._num_docs], seed)
            gumbel = -tf.math.log(-tf.math.log(tf.clip_by_value(uniform, 1e-9, 1 - 1e-7)))
            return self.act(seen, gumbel)

        seen, slates, (rewards,) = self._episodes.run(number, explore)
        steps = np.arange(self._episodes.num_steps)
        ahead = steps - steps[:, None]
        weights = np.where(ahead >= 0, self._config.discount ** np.maximum(ahead, 0), 0.0)
        returns = tf.matmul(weights.astype(np.float32), rewards)
        # In standard deviations from the mean, so that the baseline's network need not be scaled.
        mean, spread = tf.reduce_mean(returns), tf.math.reduce_std(returns) + 1e-6
        returns = tf.reshape((returns - mean) / spread, [-1])
        seen = tf.reshape(seen[:-1], [-1, seen.shape[-1]]) / self._scale
        with tf.GradientTape(persistent=True) as tape:
            baseline = self._baseline(seen)[:, 0]
            lack = tf.reduce_mean((returns - baseline) ** 2)
            advantage = tf.stop_gradient(returns - baseline)
            advantage /= tf.math.reduce_std(advantage) + 1e-6
            logits = self.network(seen)
            picks = ordered_picks.OrderedPicks(logits, self._slate_size)
            chosen = picks.log_prob(tf.reshape(slates, [-1, self._slate_size]))
            shares = tf.nn.softmax(logits)
            entropy = -tf.reduce_sum(shares * tf.nn.log_softmax(logits), axis=-1)
            loss = -tf.reduce_mean(advantage * chosen + bonus * entropy)
        for optimizer, made, x in zip(self._optimizers, self._networks, (loss, lack), strict=True):
            weights = made.trainable_variables
            gradients = tape.gradient(x, weights)
            optimizer.apply_gradients(zip(gradients, weights, strict=True))
        return tf.reduce_mean(tf.reduce_sum(rewards, axis=0))
