"""The compiled step of one world, called by a learner step after step: every microsecond counts."""

from __future__ import annotations

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
    """First moment and step of one world, each one compiled call of one or two tensors.

    Args:
      functions: what they do.
      action: of the agent.
      observation: the fields that it sees.
      info: the further ones.
      private_calls: whether to call compiled functions past TensorFlow's public call.
    """

    def __init__(
        self,
        functions: StepFunctions,
        action: Action,
        observation: tuple[SeenField, ...],
        info: tuple[SeenField, ...],
        private_calls: bool = True,
    ) -> None:
        names = [f"state {i}" for i in range(len(functions.state_specs))]
        spec = {"words": tf.TensorSpec([2], tf.uint32), "step": tf.TensorSpec([], tf.int32)}
        spec.update(zip(names, functions.state_specs, strict=True))

        def following(words: Any, step: Any, state: Any, x: Any) -> Any:
            return functions.following(words, step, state, {action.variable: x})

        shown = functions.shown_specs
        packing = Packing({**spec, **shown})

        def packed_step(vector: Any, x: Any) -> Any:
            words, step = packing.tensor(vector, "words"), packing.tensor(vector, "step")
            state = [packing.tensor(vector, name) for name in names]
            state, shown = following(words, step, state, x)
            after = dict(zip(names, state, strict=True))
            return packing.pack({"words": words, "step": step + 1, **after, **shown})

        def packed_first(words: Any) -> Any:
            state, shown = functions.first(words)
            first = dict(zip(names, state, strict=True))
            return packing.pack({"words": words, "step": tf.constant(0), **first, **shown})

        vector = tf.TensorSpec([packing.size], tf.int32)
        made = tf.function(packed_step, jit_compile=True, autograph=False)
        self._step = direct_call(made.get_concrete_function(vector, action.spec), private_calls)
        made = tf.function(packed_first, jit_compile=True, autograph=False)
        self._first = direct_call(made.get_concrete_function(spec["words"]), private_calls)
        self._argument = Argument(action.spec)

        constant = functions.constant
        varying = [f.key for f in observation if f.key not in constant]
        self._observed = [(key, packing.reader(key)) for key in varying]
        self._known = [(f.key, constant[f.key]) for f in observation if f.key in constant]
        keys = [f.key for f in info if f.key not in constant]
        keys += [key for key in shown if key.endswith(PROBABILITIES)]
        self._informed = [(key, packing.reader(key)) for key in keys]
        self._known_info = {f.key: constant[f.key] for f in info if f.key in constant}
        self._reward = packing.begin("reward")
        self._terminated = packing.begin("terminated") if "terminated" in shown else None
        seen = action.mask
        self.mask: Any = None
        if seen is not None and seen.key in constant:
            self.mask = lambda now: constant[seen.key].astype(bool)
        elif seen is not None:
            read = packing.reader(seen.key)
            self.mask = lambda now: read(now.words, now.floats).astype(bool)

    def first(self, words: Any) -> Now:
        """Returns the beginning.

        Args:
          words: the two words of the seed.
        """
        return _now(self._first(tf.constant(np.asarray(words, np.uint32))))

    def step(self, now: Now, action: np.ndarray) -> Now:
        """Returns what follows from an action.

        Args:
          now: before.
          action: checked.
        """
        return _now(self._step(now.vector, self._argument(action)))

    def observation(self, now: Now) -> dict[str, np.ndarray]:
        """Returns the observed fields by their keys, in arrays of their own.

        Args:
          now: after a step.
        """
        words, floats = now.words, now.floats
        found = {key: read(words, floats) for key, read in self._observed}
        for key, x in self._known:
            found[key] = x.copy()
        return found

    def info(self, now: Now) -> dict[str, Any]:
        """Returns the further fields by their keys.

        Args:
          now: after a step.
        """
        found = {key: read(now.words, now.floats) for key, read in self._informed}
        found.update(self._known_info)
        return found

    def reward(self, now: Now) -> float:
        """Returns the reward of the step.

        Args:
          now: after it.
        """
        return float(now.floats[self._reward])

    def terminated(self, now: Now) -> bool:
        """Returns whether the episode has ended by itself.

        Args:
          now: after a step.
        """
        return self._terminated is not None and bool(now.words[self._terminated])


def _now(vector: Any) -> Now:
    words = np.asarray(vector).copy()  # which learners may write to
    return Now(vector, words, words.view(np.float32))
