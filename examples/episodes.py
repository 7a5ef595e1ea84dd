"""What learners in TensorFlow share: whole episodes of many worlds at once, and a small network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.runtime import Worlds


class Episodes:
    """Runs N worlds of an environment for one episode.

    Args:
      design: of the environment, whose observation is numbers.
      num_worlds: N.
    """

    def __init__(self, design: Any, num_worlds: int) -> None:
        self._design, self._worlds = design, Worlds(design, num_worlds)
        self.num_worlds, self.num_steps = num_worlds, design.num_steps

    def observed(self, shown: Any) -> Any:
        """Returns `[N, F]` float32, what is observed side by side.

        Args:
          shown: by the worlds.
        """
        fields = [tf.cast(self._of_all(shown, f.key), tf.float32) for f in self._design.observation]
        return tf.concat([tf.reshape(x, [x.shape[0], -1]) for x in fields], axis=1)

    def _of_all(self, shown: Any, key: str) -> Any:
        """A field, `[N, ...]`; what never changes is not shown again at every step."""
        if key in shown:
            return shown[key]
        known = self._worlds.constant[key]
        return tf.broadcast_to(known, [self.num_worlds, *known.shape])

    def run(
        self, number: Any, act: Callable[[Any, Any], Any], keep: tuple[str, ...] = ()
    ) -> tuple[Any, Any, list[Any]]:
        """Runs an episode of worlds that no other pair of numbers has; within a `tf.function`.

        Args:
          number: `[2]` int32 of at least 1. No world has an int below 2^32 for seed, as those have
            in which learners are compared.
          act: (observation `[N, F]`, `[2]` int32 a seed for chance) -> actions.
          keep: keys of what is shown, besides the reward.

        Returns:
          (`[T + 1, N, F]` observations, `[T, N, ...]` actions, rewards `[T, N]` and what is kept).
        """
        index = tf.cast(tf.range(self.num_worlds), tf.uint32)
        words = tf.cast(number, tf.uint32)
        second = tf.fill([self.num_worlds], words[1])
        state, shown = self._worlds.reset(tf.stack([words[0] + 7919 * index, second], axis=1))
        begin = self.observed(shown)
        keys = ("reward", *keep)

        def body(t: Any, state: Any, seen: Any, kept: Any) -> Any:
            actions = act(seen, number + [0, 100_000 * (1 + t)])
            state, shown = self._worlds.step(state, actions)
            seen = self.observed(shown)
            found = (seen, actions, *(shown[key] for key in keys))
            return t + 1, state, seen, [x.write(t, y) for x, y in zip(kept, found, strict=True)]

        action = self._design.action.spec.dtype
        types = [tf.float32, action, *(shown[key].dtype for key in keys)]
        empty = [tf.TensorArray(kind, self.num_steps) for kind in types]
        _, _, _, kept = tf.while_loop(
            lambda t, *_: t < self.num_steps,
            body,
            (tf.constant(0), state, begin, empty),
            maximum_iterations=self.num_steps,
        )
        seen, actions, *rest = (x.stack() for x in kept)
        return tf.concat([begin[None], seen], axis=0), actions, rest

    def returns(self, first_seed: int, act: Callable[[Any], Any]) -> np.ndarray:
        """Returns `[N]` the sums of rewards in the worlds of given seeds.

        Args:
          first_seed: of world 0; world i has first_seed + i.
          act: observation `[N, F]` -> actions.
        """
        state, shown = self._worlds.reset(self._worlds.seeds(first_seed))
        total = np.zeros(self.num_worlds)
        for _ in range(self.num_steps):
            state, shown = self._worlds.step(state, act(self.observed(shown)))
            total += np.asarray(shown["reward"])
        return total


def network(inputs: int, hidden: int, outputs: int, activation: str, seed: int) -> Any:
    """Returns a network of two hidden layers, with weights that follow from the seed.

    Args:
      inputs: F.
      hidden: units of each hidden layer.
      outputs: numbers that it gives.
      activation: of hidden units.
      seed: of weights.
    """
    sizes = [(hidden, activation), (hidden, activation), (outputs, None)]
    layers = [
        tf.keras.layers.Dense(
            units,
            activation=kind,
            kernel_initializer=tf.keras.initializers.GlorotUniform(seed=1000 * seed + i),
        )
        for i, (units, kind) in enumerate(sizes)
    ]
    return tf.keras.Sequential([tf.keras.Input([inputs]), *layers])
