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

from recsim_ng.core import ordered_picks
from recsim_ng.runtime import Worlds


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
        self._num_docs, self._num_steps = num_docs, design.num_steps
        self._worlds, self._design = Worlds(design, config.num_worlds), design
        self._scale = tf.constant(scale, tf.float32)
        self.network = self._made(len(scale), num_docs)
        self._baseline = self._made(len(scale), 1)
        schedule = tf.keras.optimizers.schedules.CosineDecay(
            config.learning_rate, config.num_updates, alpha=0.1
        )
        self._optimizers = [
            tf.keras.optimizers.Adam(x) for x in (schedule, 3 * config.learning_rate)
        ]
        for optimizer, network in zip(self._optimizers, self._networks, strict=True):
            optimizer.build(network.trainable_variables)
        self._update = tf.function(self._one_update, jit_compile=True, autograph=False)

    def update(self, iteration: int) -> float:
        """Takes one gradient step; returns the mean return of its worlds.

        Args:
          iteration: 0, 1, ...
        """
        bonus = self._config.entropy_bonus * (1 - iteration / self._config.num_updates)
        # The pair (seed, iteration) is no seed below 2^32, which evaluations have.
        number = tf.constant([1 + self._seed, 1 + iteration], tf.int32)
        return float(self._update(number, tf.constant(bonus, tf.float32)))

    @property
    def _networks(self) -> tuple[Any, Any]:
        return self.network, self._baseline

    def _made(self, num_inputs: int, num_outputs: int) -> Any:
        sizes = [(self._config.hidden, "tanh"), (self._config.hidden, "tanh"), (num_outputs, None)]
        layers = [
            tf.keras.layers.Dense(
                units,
                activation=activation,
                kernel_initializer=tf.keras.initializers.GlorotUniform(seed=1000 * self._seed + i),
            )
            for i, (units, activation) in enumerate(sizes)
        ]
        return tf.keras.Sequential([tf.keras.Input([num_inputs]), *layers])

    def observed(self, shown: Any) -> Any:
        """Returns `[N, F]` float32 what is observed, scaled.

        Args:
          shown: by the worlds.
        """
        fields = [tf.cast(shown[f.key], tf.float32) for f in self._design.observation]
        wide = [tf.reshape(x, [x.shape[0], -1]) for x in fields]
        return tf.concat(wide, axis=1) / self._scale

    def act(self, observation: Any, noise: Any = None) -> Any:
        """Returns slates, `[N, S]` int32, or `[N]` where actions are single documents.

        Args:
          observation: `[N, F]`.
          noise: `[N, D]` Gumbel draws; None: the best slate.
        """
        logits = self.network(observation)
        keys = logits if noise is None else logits + noise
        picks = tf.math.top_k(keys, self._slate_size).indices
        return picks[:, 0] if not self._design.action.space.shape else picks

    def returns(self, first_seed: int, num_worlds: int) -> np.ndarray:
        """Returns `[N]` the returns of the best slates in worlds of their own.

        Args:
          first_seed: of these worlds.
          num_worlds: N.
        """
        worlds = Worlds(self._design, num_worlds)
        state, shown = worlds.reset(worlds.seeds(first_seed))
        total = np.zeros(num_worlds)
        for _ in range(self._num_steps):
            state, shown = worlds.step(state, self.act(self.observed(shown)))
            total += np.asarray(shown["reward"])
        return total

    def _one_update(self, number: Any, bonus: Any) -> Any:
        worlds, count = self._worlds, self._config.num_worlds
        shape = [count, self._num_docs]
        index = tf.cast(tf.range(count), tf.uint32)
        words = tf.cast(number, tf.uint32)
        series = tf.stack([words[0] + 7919 * index, tf.fill([count], words[1])], axis=1)
        first, shown = worlds.reset(series)

        def body(t: Any, state: Any, seen: Any, kept: Any) -> Any:
            uniform = tf.random.stateless_uniform(shape, number + [0, 100_000 * (1 + t)])
            gumbel = -tf.math.log(-tf.math.log(tf.clip_by_value(uniform, 1e-9, 1 - 1e-7)))
            slates = self.act(seen, gumbel)
            state, shown = worlds.step(state, slates)
            kept = [
                x.write(t, value)
                for x, value in zip(kept, (seen, slates, shown["reward"]), strict=True)
            ]
            return t + 1, state, self.observed(shown), kept

        types = (tf.float32, tf.int32, tf.float32)
        empty = [tf.TensorArray(kind, self._num_steps) for kind in types]
        _, _, _, kept = tf.while_loop(
            lambda t, *_: t < self._num_steps,
            body,
            (tf.constant(0), first, self.observed(shown), empty),
            maximum_iterations=self._num_steps,
        )
        seen, slates, rewards = (x.stack() for x in kept)
        steps = np.arange(self._num_steps)
        ahead = steps - steps[:, None]
        weights = np.where(ahead >= 0, self._config.discount ** np.maximum(ahead, 0), 0.0)
        returns = tf.matmul(weights.astype(np.float32), rewards)
        # In standard deviations from the mean, so that the baseline's network need not be scaled.
        mean, spread = tf.reduce_mean(returns), tf.math.reduce_std(returns) + 1e-6
        returns = tf.reshape((returns - mean) / spread, [-1])
        seen = tf.reshape(seen, [-1, seen.shape[-1]])
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
        for optimizer, network, x in zip(
            self._optimizers, self._networks, (loss, lack), strict=True
        ):
            weights = network.trainable_variables
            gradients = tape.gradient(x, weights)
            optimizer.apply_gradients(zip(gradients, weights, strict=True))
        return tf.reduce_mean(tf.reduce_sum(rewards, axis=0))
