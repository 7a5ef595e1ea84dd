"""SlateQ: the long-term value of a slate out of that of its documents, in TensorFlow.

A user chooses one document of the slate, or none, with probabilities that follow from known weights
v (a choice model). With item values Q(s, i), also of choosing nothing, the value of a slate A is

    P(i | s, A) = v(s, i) / sum of these over A and none
    V(s, A)     = sum over i in A and none of P(i | s, A) Q(s, i)
    Q(s, i)    <- r + g max_A V(s', A)    for the i that was chosen; V = 0 after the last step

The maximum is over all sets of S documents, each one looked at. Behaviour is greedy but for a share
of random slates, that falls. Each iteration runs N worlds for one episode and fits Q to it by some
gradient steps, against a slowly following copy of itself.

Source: Ie et al. (2019), SlateQ, IJCAI, equations 9 to 16.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from examples.episodes import Episodes, network


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings of the learner."""

    num_worlds: int = 64
    """N, worlds of each iteration, each for one episode."""
    num_updates: int = 150
    """Iterations."""
    gradient_steps: int = 30
    """Of each iteration."""
    batch_size: int = 512
    """Transitions of each gradient step."""
    hidden: int = 64
    """Units of each of two hidden layers."""
    learning_rate: float = 0.002
    """Of Adam at first; it falls to a tenth of that."""
    discount: float = 1.0
    """g."""
    exploration: float = 0.5
    """Share of random slates at first; it falls to a fiftieth of that."""
    reward_scale: float = 1.0
    """By which rewards are divided, so that values are of the size of a network's numbers."""
    following: float = 0.2
    """How far the copy follows in each iteration, as a share of the way."""
    most_error: float = 5.0
    """Greater errors pull no harder than this (Huber, 1964); inf: they do, so that values are means
    of rewards even where these have a long tail."""


def slates_of(num_docs: int, slate_size: int) -> np.ndarray:
    """Returns all sets of S of D documents, `[M, S]` int32.

    Args:
      num_docs: D.
      slate_size: S.
    """
    return np.array(list(itertools.combinations(range(num_docs), slate_size)), np.int32)


def slate_values(item_values: Any, logits: Any, nothing_logit: Any, slates: Any) -> Any:
    """Returns V(s, A) of every slate, `[B, M]`.

    Args:
      item_values: `[B, D + 1]` Q(s, i), of choosing nothing last.
      logits: `[B, D]` log v(s, i).
      nothing_logit: that of choosing nothing; -inf if something is always chosen.
      slates: `[M, S]`.
    """
    count = tf.shape(logits)[0]
    shown = tf.gather(logits, slates, axis=1)
    nothing = tf.fill([count, slates.shape[0], 1], tf.cast(nothing_logit, tf.float32))
    shares = tf.nn.softmax(tf.concat([shown, nothing], axis=2))
    values = tf.gather(item_values[:, :-1], slates, axis=1)
    of_nothing = tf.broadcast_to(item_values[:, None, -1:], tf.shape(nothing))
    return tf.reduce_sum(shares * tf.concat([values, of_nothing], axis=2), axis=2)


def targets(rewards: Any, next_values: Any, is_last: Any, discount: float) -> Any:
    """Returns what Q of the chosen document is to be, `[B]`.

    Args:
      rewards: `[B]`.
      next_values: `[B, M]` V(s', A) of every slate.
      is_last: `[B]` bool, whether s' is after the last step.
      discount: g.
    """
    best = tf.reduce_max(next_values, axis=1)
    return rewards + discount * tf.where(is_last, 0.0, best)


class SlateQ:
    """Item values, and the worlds that they are learnt in.

    Args:
      design: of the environment, whose actions are slates of documents that stay, and whose info
        has user response.choice.
      num_docs: D.
      slate_size: S.
      scale: `[F]` by which the F numbers observed are divided.
      choice_logits: `[B, F]` observation -> `[B, D]` log v(s, i).
      nothing_logit: of choosing nothing.
      config: settings.
      seed: of weights, worlds and exploration.
    """

    def __init__(
        self,
        design: Any,
        num_docs: int,
        slate_size: int,
        scale: Any,
        choice_logits: Callable[[Any], Any],
        nothing_logit: float,
        config: Config,
        seed: int = 0,
    ) -> None:
        self._config, self._seed, self._design = config, seed, design
        self._num_docs, self._slates = num_docs, slates_of(num_docs, slate_size)
        self._scale, self._choice_logits = tf.constant(scale, tf.float32), choice_logits
        self._nothing_logit, self._episodes = nothing_logit, Episodes(design, config.num_worlds)
        sizes = (len(scale), config.hidden, num_docs + 1)
        self.network, self._copy = (network(*sizes, "relu", seed) for _ in range(2))
        self._copy.set_weights(self.network.get_weights())
        schedule = tf.keras.optimizers.schedules.CosineDecay(
            config.learning_rate, config.num_updates * config.gradient_steps, alpha=0.1
        )
        self._optimizer = tf.keras.optimizers.Adam(schedule)
        self._optimizer.build(self.network.trainable_variables)
        self._collect = tf.function(self._episode, jit_compile=True, autograph=False)
        self._fit = tf.function(self._gradient_step, jit_compile=True, autograph=False)

    def update(self, iteration: int) -> float:
        """Runs the worlds, fits the values, and returns the mean return of the worlds.

        Args:
          iteration: 0, 1, ...
        """
        config = self._config
        share = config.exploration * max(0.02, 1 - 1.5 * iteration / config.num_updates)
        number = tf.constant([1 + self._seed, 1 + iteration], tf.int32)
        seen, slates, rewards, choices = self._collect(number, tf.constant(share, tf.float32))
        steps = self._episodes.num_steps
        now, following = (tf.reshape(x, [-1, x.shape[-1]]) for x in (seen[:-1], seen[1:]))
        shown = tf.reshape(slates, [-1, slates.shape[-1]])
        padded = tf.pad(shown, [[0, 0], [0, 1]], constant_values=self._num_docs)
        chosen = tf.gather(padded, tf.reshape(choices, [-1]), batch_dims=1)
        last = tf.repeat(tf.range(steps) == steps - 1, config.num_worlds)
        flat = tf.reshape(rewards, [-1]) / config.reward_scale
        rng = np.random.default_rng([self._seed, iteration])
        for _ in range(config.gradient_steps):
            batch = rng.integers(now.shape[0], size=config.batch_size)
            self._fit(*(tf.gather(x, batch) for x in (now, chosen, flat, following, last)))
        weights = zip(self._copy.variables, self.network.variables, strict=True)
        for old, new in weights:
            old.assign_add(config.following * (new - old))
        return float(tf.reduce_mean(tf.reduce_sum(rewards, axis=0)))

    def act(self, observation: Any) -> Any:
        """Returns the best slates, `[N, S]`.

        Args:
          observation: `[N, F]`.
        """
        values = self._values(self.network, observation)
        # The first of equals; argmax compiles badly beside keyed noise.
        is_best = values == tf.reduce_max(values, axis=1, keepdims=True)
        count = values.shape[1]
        best = tf.reduce_min(tf.where(is_best, tf.range(count), count), axis=1)
        return tf.gather(self._slates, best)

    def returns(self, first_seed: int, num_worlds: int) -> np.ndarray:
        """Returns `[N]` the returns of the best slates in worlds of their own.

        Args:
          first_seed: of these worlds.
          num_worlds: N.
        """
        return Episodes(self._design, num_worlds).returns(first_seed, self.act)

    def _values(self, items_of: Any, observation: Any) -> Any:
        items = items_of(observation / self._scale)
        logits = self._choice_logits(observation)
        return slate_values(items, logits, self._nothing_logit, self._slates)

    def _episode(self, number: Any, exploration: Any) -> Any:
        def explore(seen: Any, seed: Any) -> Any:
            random = tf.random.stateless_uniform([2, seen.shape[0]], seed)
            some = tf.cast(random[1] * self._slates.shape[0], tf.int32)
            is_random = (random[0] < exploration)[:, None]
            return tf.where(is_random, tf.gather(self._slates, some), self.act(seen))

        seen, slates, (rewards, choices) = self._episodes.run(
            number, explore, ("user response/choice",)
        )
        return seen, slates, rewards, choices

    def _gradient_step(
        self, now: Any, chosen: Any, rewards: Any, following: Any, last: Any
    ) -> None:
        goal = targets(rewards, self._values(self._copy, following), last, self._config.discount)
        with tf.GradientTape() as tape:
            items = self.network(now / self._scale)
            errors = tf.gather(items, chosen, batch_dims=1) - goal
            least = tf.minimum(tf.abs(errors), self._config.most_error)
            loss = tf.reduce_mean(least * (tf.abs(errors) - 0.5 * least))
        weights = self.network.trainable_variables
        self._optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
