"""The compiled step of one world, called by a learner step after step: every microsecond counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from recsim_ng.runtime.environment_action import Action
from recsim_ng.runtime.environment_call import Argument, direct_call
from recsim_ng.runtime.environment_field import SeenField
from recsim_ng.runtime.environment_packing import Packing
from recsim_ng.runtime.environment_step import PROBABILITIES, StepFunctions


class Now(NamedTuple):
    """Where a world is.

    Attributes:
      vector: `[n]` int32 tensor, everything, packed.
      words: the same as an array.
      floats: the same as float32.
    """

    vector: Any
    words: np.ndarray
    floats: np.ndarray


class Program:
    """First moment and step of one world, each one compiled call of few tensors.

    Args:
      functions: what they do.
      actions: of the agents.
      fields: that are shown.
      private_calls: whether to call compiled functions past TensorFlow's public call.
    """

    def __init__(
        self,
        functions: StepFunctions,
        actions: Sequence[Action],
        fields: Sequence[SeenField],
        private_calls: bool = True,
    ) -> None:
        names = [f"state {i}" for i in range(len(functions.state_specs))]
        spec = {"words": tf.TensorSpec([2], tf.uint32), "step": tf.TensorSpec([], tf.int32)}
        spec.update(zip(names, functions.state_specs, strict=True))

        shown = functions.shown_specs
        packing = Packing({**spec, **shown})

        def packed_step(vector: Any, *taken: Any) -> Any:
            words, step = packing.tensor(vector, "words"), packing.tensor(vector, "step")
            state = [packing.tensor(vector, name) for name in names]
            by_variable = {a.variable: x for a, x in zip(actions, taken, strict=True)}
            state, shown = functions.following(words, step, state, by_variable)
            after = dict(zip(names, state, strict=True))
            return packing.pack({"words": words, "step": step + 1, **after, **shown})

        def packed_first(words: Any) -> Any:
            state, shown = functions.first(words)
            first = dict(zip(names, state, strict=True))
            return packing.pack({"words": words, "step": tf.constant(0), **first, **shown})

        vector = tf.TensorSpec([packing.size], tf.int32)
        made = tf.function(packed_step, jit_compile=True, autograph=False)
        specs = [a.spec for a in actions]
        self._step = direct_call(made.get_concrete_function(vector, *specs), private_calls)
        made = tf.function(packed_first, jit_compile=True, autograph=False)
        self._first = direct_call(made.get_concrete_function(spec["words"]), private_calls)
        self._specs = specs

        self.constant = {
            f.key: functions.constant[f.key] for f in fields if f.key in functions.constant
        }
        self._readers = {key: packing.reader(key) for key in shown}
        self.probabilities = [key for key in shown if key.endswith(PROBABILITIES)]
        self._begins = {key: packing.begin(key) for key in shown}

    def first(self, words: Any) -> Now:
        """Returns the beginning.

        Args:
          words: the two words of the seed.
        """
        return _now(self._first(tf.constant(np.asarray(words, np.uint32))))

    def arguments(self) -> list[Argument]:
        """Returns makers of tensors of the actions; each environment has its own."""
        return [Argument(spec) for spec in self._specs]

    def step(self, now: Now, *actions: Any) -> Now:
        """Returns what follows from the agents' actions.

        Args:
          now: before.
          *actions: checked, as tensors.
        """
        return _now(self._step(now.vector, *actions))

    def reader(self, key: str) -> Callable[[Now], np.ndarray]:
        """Returns a function that reads what is shown under a key, in an array of its own.

        Args:
          key: of a field that is shown.
        """
        if key in self.constant:
            known = self.constant[key]
            return lambda now: known.copy()
        read = self._readers[key]
        return lambda now: read(now.words, now.floats)

    def number(self, now: Now, key: str) -> float:
        """Returns a reward.

        Args:
          now: after the step.
          key: of the reward.
        """
        return float(now.floats[self._begins[key]])

    def terminated(self, now: Now) -> bool:
        """Returns whether the episode has ended by itself.

        Args:
          now: after a step.
        """
        begin = self._begins.get("terminated")
        return begin is not None and bool(now.words[begin])


def _now(vector: Any) -> Now:
    words = np.asarray(vector).copy()  # which learners may write to
    return Now(vector, words, words.view(np.float32))
