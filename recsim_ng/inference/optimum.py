"""Modes of a density, block by block."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.inference.density import Density
from recsim_ng.inference.inferred import Inferred
from recsim_ng.inference.start import ascended

_MOST_STEPS = 1000
_FLAT = 1e-3  # a gradient's greatest component where the optimiser stops


class Optimiser:
    """Climbs p(unknowns, logs), on the real line without the Jacobian: Adam, then L-BFGS.

    Args:
      density: whose blocks are climbed.
    """

    def __init__(self, density: Density) -> None:
        self._log_prob = density.batch(1, with_jacobian=False)
        self._sharpness = tf.ones([density.blocks.count])
        self._ascend = tf.function(self._ascended, jit_compile=True, autograph=False)
        self._finish = tf.function(self._finished, jit_compile=True, autograph=False)

    def run(self, start: Any, data: list[Any], *, is_near: bool = False) -> Inferred:
        """Returns one draw: the mode that was found.

        Args:
          start: `[B, n]` where to begin.
          data: of the density.
          is_near: whether it is on the right hill already; Adam is left out then.
        """
        start = tf.convert_to_tensor(start)
        found = self._finish(start if is_near else self._ascend(start, data), data)
        stuck = np.flatnonzero(~found.converged.numpy())
        problems: tuple[str, ...] = ()
        if len(stuck):
            shown = f"{stuck[:5].tolist()}{' ...' if len(stuck) > 5 else ''}"
            where = "" if start.shape[0] == 1 else f" in {len(stuck)} blocks, {shown}"
            problems = (f"the optimiser has not converged{where}",)
        density = -found.objective_value.numpy()
        return Inferred(
            found.position.numpy()[None, None], {"log_density": density[None, None]}, problems
        )

    def _ascended(self, z: Any, data: list[Any]) -> Any:
        return ascended(lambda many: self._log_prob(many, self._sharpness, *data), z[None])[0]

    def _finished(self, z: Any, data: list[Any]) -> Any:
        def falling(z: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(z)
                value = -self._log_prob(z[None], self._sharpness, *data)[0]
            return value, tape.gradient(value, z)

        return tfp.optimizer.lbfgs_minimize(
            falling,
            initial_position=z,
            num_correction_pairs=20,
            tolerance=_FLAT,
            f_relative_tolerance=1e-7,
            max_iterations=_MOST_STEPS,
        )
