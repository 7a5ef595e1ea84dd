"""Modes: of a density, block by block, and of what a story's own variables are trained by."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.inference.density import Density, Of
from recsim_ng.inference.inferred import Inferred
from recsim_ng.inference.start import ascended

_FLAT = 1e-3  # a gradient's greatest component where the optimiser stops
_RESTARTS = 5  # from where a line search of L-BFGS has failed, its memory forgotten
_STILL = 1e-5  # relative rise over the last tenth of a gradient optimiser's steps
_PROBES = 4  # points at which a density is seen to be flat
_STEP = 0.02  # of the differences by which curvature is measured
_RIDGE = 1e-3  # curvature, where others are 1, below which there is none
_MOST_LOOKED_AT, _MOST_CURVATURES = 64, 10**7  # numbers of a block; of all curvatures


@dataclasses.dataclass(frozen=True)
class OptimumSettings:
    """How a maximum is sought.

    Attributes:
      optimizer: "lbfgs", or a Keras optimizer, which is used as it is.
      num_steps: the most steps that are taken; of a Keras optimizer, all of them are.
    """

    optimizer: Any = "lbfgs"
    num_steps: int = 1000

    def __post_init__(self) -> None:
        check.whole("OptimumSettings", "num_steps", self.num_steps, 1)
        if self.optimizer != "lbfgs" and not isinstance(
            self.optimizer, tf.keras.optimizers.Optimizer
        ):
            raise ConfigError(
                "OptimumSettings: optimizer must be 'lbfgs' or a Keras optimizer, got "
                f"{self.optimizer!r}"
            )


class Optimiser:
    """Climbs p(unknowns, logs) or p(logs | unknowns) on the real line, block by block.

    Args:
      density: whose blocks are climbed.
      of: "unknowns" for the mode of the posterior of the unknowns themselves, without the Jacobian;
        "logs" for the maximum of the likelihood.
      settings: how.
    """

    def __init__(self, density: Density, of: Of, settings: OptimumSettings) -> None:
        self._log_prob = density.batch(1, of)
        self._sharpness = tf.ones([density.blocks.count])
        self._settings = settings
        self._ascend = tf.function(self._ascended, jit_compile=True, autograph=False)
        self._finish = tf.function(self._finished, jit_compile=True, autograph=False)

    def run(self, start: Any, data: list[Any], *, is_near: bool = False) -> Inferred:
        """Returns one draw: the mode that was found.

        Args:
          start: `[B, n]` where to begin.
          data: of the density.
          is_near: whether it is on the right hill already, so that L-BFGS may begin at once.
        """
        z = tf.convert_to_tensor(start)
        if self._settings.optimizer != "lbfgs":
            point = tf.Variable(z)
            problems: tuple[str, ...] = stepped(
                lambda: tf.reduce_sum(self._log_prob(point[None], self._sharpness, *data)),
                [point],
                self._settings,
            )
            density = self._log_prob(point[None], self._sharpness, *data)[0].numpy()
            return _one(point.numpy(), density, problems)
        begun = z if is_near else self._ascend(z, data)
        found = settled(lambda z: self._finish(z, data), begun)
        stuck = np.flatnonzero(~found.converged.numpy())
        problems = ()
        if len(stuck):
            shown = f"{stuck[:5].tolist()}{' ...' if len(stuck) > 5 else ''}"
            where = "" if start.shape[0] == 1 else f" in {len(stuck)} blocks, {shown}"
            problems = (f"the optimiser has not converged{where}",)
        return _one(found.position.numpy(), -found.objective_value.numpy(), problems)

    def is_flat(self, mode: Any, data: list[Any]) -> np.ndarray:
        """Returns `[B, n]` whether the density depends on a number nowhere, as far as was seen.

        A gradient that is nil to the bit at the mode and at points about it is a constant's.

        Args:
          mode: `[B, n]`.
          data: of the density.
        """
        flat = np.ones(mode.shape, bool)
        for k in range(_PROBES):
            noise = np.random.default_rng(k).standard_normal(mode.shape) if k else 0.0
            flat &= self._gradient(mode + noise, data) == 0.0
        return flat

    def ridges(self, mode: Any, data: list[Any]) -> np.ndarray:
        """Returns `[B, n]` directions in which a block's density does not fall off at the mode.

        Zeros where it does, in all directions; and everywhere if blocks are too great to be looked
        at. The curvature is that of central differences, its numbers scaled to a diagonal of ones.

        Args:
          mode: `[B, n]`.
          data: of the density.
        """
        blocks, size = mode.shape
        found = np.zeros((blocks, size))
        if size > _MOST_LOOKED_AT or blocks * size**2 > _MOST_CURVATURES:
            return found
        slopes = []
        for step in _STEP * np.eye(size):
            rise = self._gradient(mode + step, data) - self._gradient(mode - step, data)
            slopes.append(rise / (2.0 * _STEP))
        curvature = -np.stack(slopes, axis=1)
        curvature = (curvature + curvature.swapaxes(1, 2)) / 2.0
        scale = np.sqrt(np.maximum(np.diagonal(curvature, axis1=1, axis2=2), 0.0))
        alone = np.where(scale > 0.0, scale, np.inf)  # what is flat by itself is no ridge
        curvature = curvature / (alone[:, :, None] * alone[:, None, :])
        curvature += (scale == 0.0)[:, None] * np.eye(size)
        seen = np.all(np.isfinite(curvature), axis=(1, 2))
        falls, directions = np.linalg.eigh(curvature[seen])
        found[seen] = np.where(falls[:, :1] < _RIDGE, directions[:, :, 0], 0.0) / alone[seen]
        return found

    def _gradient(self, z: Any, data: list[Any]) -> np.ndarray:
        at = tf.constant(z, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(at)
            value = self._log_prob(at[None], self._sharpness, *data)
        return tape.gradient(value, at).numpy().astype(float)

    def _ascended(self, z: Any, data: list[Any]) -> Any:
        return ascended(lambda many: self._log_prob(many, self._sharpness, *data), z[None])[0]

    def _finished(self, z: Any, data: list[Any]) -> Any:
        def falling(z: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(z)
                value = -self._log_prob(z[None], self._sharpness, *data)[0]
            return value, tape.gradient(value, z)

        return lowest(falling, z, self._settings.num_steps)


def lowest(
    falling: Callable[[Any], tuple[Any, Any]], start: Any, num_steps: int, gain: float = 1e-7
) -> Any:
    """Returns what tfp.optimizer.lbfgs_minimize does.

    Args:
      falling: `[..., n]` -> value `[...]`, gradient `[..., n]`.
      start: `[..., n]`.
      num_steps: the most steps.
      gain: it ends where a step gains less, relative to the value.
    """
    return tfp.optimizer.lbfgs_minimize(
        falling,
        initial_position=start,
        num_correction_pairs=20,
        tolerance=_FLAT,
        f_relative_tolerance=gain,
        max_iterations=num_steps,
    )


def settled(search: Callable[[Any], Any], start: Any) -> Any:
    """Returns what a search by `lowest` finds that begins anew where it has failed.

    Args:
      search: `[..., n]` point -> what `lowest` returns.
      start: `[..., n]`.
    """
    found = search(start)
    for _ in range(_RESTARTS):
        if not np.any(found.failed & ~found.converged):
            break
        found = search(found.position)
    return found


def stepped(
    objective: Callable[[], Any], variables: list[Any], settings: OptimumSettings
) -> tuple[str, ...]:
    """Moves variables uphill by a Keras optimizer, and returns what speaks against the result.

    Args:
      objective: what rises, a scalar.
      variables: that it depends on.
      settings: whose optimizer it is.

    Returns:
      What speaks against it, in words; nothing if nothing does.
    """
    # An optimizer belongs to its first variables, and a user's must serve for another fit.
    optimizer = type(settings.optimizer).from_config(settings.optimizer.get_config())
    optimizer.build(variables)

    @tf.function(jit_compile=True, autograph=False)
    def step() -> Any:
        with tf.GradientTape() as tape:
            value = objective()
        gradients = tape.gradient(value, variables)
        optimizer.apply([-g for g in gradients], variables)
        return value

    values = np.array([float(step()) for _ in range(settings.num_steps)])
    last = values[-max(2, len(values) // 10) :]
    if not np.all(np.isfinite(last)):
        return ("the optimizer has run to where the density is not finite: lower its rate",)
    half = len(last) // 2
    rise = float(np.mean(last[half:]) - np.mean(last[:half]))
    if rise > _STILL * max(1.0, abs(float(values[-1]))):
        return (f"the density still rises, by {rise:.3g} in the last steps: take more of them",)
    return ()


def _one(point: np.ndarray, density: np.ndarray, problems: tuple[str, ...]) -> Inferred:
    return Inferred(point[None, None], {"log_density": density[None, None]}, problems)
