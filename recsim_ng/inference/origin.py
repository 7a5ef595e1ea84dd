"""Origins: what a checkpoint is of, so that another run does not go on from it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from recsim_ng.inference.blocks import Blocks
from recsim_ng.inference.target import Target

_SCALES = (0.0, 0.5, 1.0, 2.0)  # of the points on the real line at which stories are compared
# Other instruction sets and numbers of cores round differently.
_RELATIVE, _ABSOLUTE = 1e-5, 1e-4


class Origin(NamedTuple):
    """What a run is of.

    Attributes:
      said: method, settings, seed, unknowns and logs, in words.
      log_probs: of the story, as `fixed_log_probs` finds them.
    """

    said: str
    log_probs: tuple[float, ...] = ()

    def is_same(self, other: Origin) -> bool:
        """Whether both are of the same run, for all that can be told.

        Args:
          other: the other one.
        """
        mine, others = np.array(self.log_probs), np.array(other.log_probs)
        return (
            self.said == other.said
            and mine.shape == others.shape
            and np.allclose(mine, others, _RELATIVE, _ABSOLUTE, equal_nan=True)
        )


NOWHERE = Origin("")
"""Of what keeps no checkpoint."""


def fixed_log_probs(target: Target) -> tuple[float, ...]:
    """Returns log p(unknowns) and log p(logs | unknowns) at points that are always the same.

    They tell stories apart that have the same names and shapes, but other laws.

    Args:
      target: of unknowns that are continuous, or are summed out.
    """
    blocks = Blocks(target.network, target.unknowns, target.unconstrained_shapes())
    noise = np.random.default_rng(0).standard_normal((len(_SCALES), 1, blocks.size))
    z = tf.constant(noise * np.reshape(_SCALES, (-1, 1, 1)), tf.float32)

    @tf.function(autograph=False, jit_compile=True)
    def of(z: Any, data: list[Any]) -> Any:
        given = target.given_of(data)
        x = tf.vectorized_map(
            lambda z: target.constrain(blocks.unpack(z)), z, fallback_to_while_loop=False
        )
        points = (x, target.filled(given, x))
        return tf.vectorized_map(
            lambda point: target.block_terms(given, point[0], blocks, point[1]),
            points,
            fallback_to_while_loop=False,
        )

    return tuple(float(y) for part in of(z, target.data()) for y in np.ravel(part))
