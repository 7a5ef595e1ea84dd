"""The mode of a target."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.inference.gradient import with_gradient
from recsim_ng.inference.packing import Packing
from recsim_ng.inference.start import ascended
from recsim_ng.inference.target import Target

_MOST_STEPS = 1000


@dataclasses.dataclass(frozen=True, eq=False)
class Optimum:
    """The best point found.

    Attributes:
      point: `[N]` packed unknowns on the real line.
      log_density: of the unknowns and the logs there.
      has_converged: whether the gradient has vanished.
    """

    point: np.ndarray
    log_density: float
    has_converged: bool


def find_optimum(target: Target, start: Sequence[Any]) -> Optimum:
    """Finds a mode of p(unknowns, logs): Adam from the start, then L-BFGS.

    Args:
      target: whose unknowns are sought.
      start: for each unknown `[1, ...]` where to begin, on the real line.
    """
    packing = Packing(target.unconstrained_shapes())

    log_joint = with_gradient(
        lambda z: target.log_joint(target.constrain(packing.unpack(z))),
        tf.TensorSpec([packing.size], tf.float32),
    )

    @tf.function(jit_compile=True, autograph=False)
    def climb(z: Any) -> Any:
        return ascended(lambda many: log_joint(many[0])[None], z)[0]

    @tf.function(jit_compile=True, autograph=False)
    def finish(z: Any) -> Any:
        return tfp.optimizer.lbfgs_minimize(
            lambda z: tfp.math.value_and_gradient(lambda z: -log_joint(z), z),
            initial_position=z,
            num_correction_pairs=20,
            tolerance=1e-3,
            f_relative_tolerance=1e-7,
            max_iterations=_MOST_STEPS,
        )

    found = finish(climb(packing.pack(start)))
    return Optimum(
        found.position.numpy(), -float(found.objective_value), bool(found.converged.numpy())
    )
