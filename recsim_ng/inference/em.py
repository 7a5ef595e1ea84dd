"""EM: parameters at their likeliest, what is latent averaged over.

Monte-Carlo EM alternates draws of the latents given the parameters with the parameters' maximum
given the draws:

    E: z_1 ... z_S ~ p(z | logs, theta_k)                  by chains that go on where they stood
    M: theta_{k+1} = argmax over theta of 1/S sum_s log p(theta, z_s, logs)

theta_k is the current one. Draws being few, the iterates end up wandering about the maximum, and
their mean over the second half is the estimate.

Source: Wei and Tanner (1990), A Monte Carlo implementation of the EM algorithm, Journal of the
  American Statistical Association 85; Polyak and Juditsky (1992) for the averaging.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.inference.checkpoint import Checkpoint
from recsim_ng.inference.density import Density
from recsim_ng.inference.inferred import Inferred
from recsim_ng.inference.mcmc import STEPS_AT_ONCE, McmcSettings, Sampler
from recsim_ng.inference.optimum import OptimumSettings, lowest
from recsim_ng.inference.origin import NOWHERE, Origin
from recsim_ng.inference.population import Start
from recsim_ng.inference.scaling import Scaling, scaling_of
from recsim_ng.inference.training import Trainer

_MOST_CLIMBED = 10  # steps of the optimiser in an M step
_LEAST_GAIN = 1e-5  # of such a step, relative to the value; the draws err by more
_LEARNT = 5  # first iterations, after each of which the latents' scaling is learnt anew
_STILL = 4.0  # standard errors between the means of the last two quarters


@dataclasses.dataclass(frozen=True)
class EmSettings:
    """How EM is run.

    Attributes:
      num_iterations: K.
      num_chains: C; an iteration makes 25 C draws of the latents.
    """

    num_iterations: int = 60
    num_chains: int = 4

    def __post_init__(self) -> None:
        check.whole("EmSettings", "num_iterations", self.num_iterations, 8)
        check.whole("EmSettings", "num_chains", self.num_chains, 1)


class Held:
    """A density of some of a block's numbers, the others held.

    Args:
      density: of all.
      free: places of those that are free.
    """

    def __init__(self, density: Density, free: Sequence[int]) -> None:
        self._density, self.blocks = density, density.blocks
        self.free = np.array(free, np.int32)
        self.held = np.setdiff1d(np.arange(density.blocks.size), free).astype(np.int32)
        self._order = np.argsort([*self.free, *self.held]).tolist()

    def joined(self, free: Any, held: Any) -> Any:
        """Returns `[C, B, n]` points.

        Args:
          free: `[C, B, f]` numbers.
          held: `[B, n - f]` numbers.
        """
        held = tf.broadcast_to(held, [*free.shape[:-1], len(self.held)])
        return tf.gather(tf.concat([free, held], axis=-1), self._order, axis=-1)

    def batch(self, count: int) -> Callable[..., Any]:
        """Returns a function of (free `[C, B, f]`, sharpness `[B]`, held, *data), as a density's.

        Args:
          count: C.
        """
        whole = self._density.batch(count)
        return lambda z, sharpness, held, *data: whole(self.joined(z, held), sharpness, *data)


class ExpectationMaximisation:
    """Runs EM over a density, or over the variables of its story.

    Args:
      density: of the unknowns.
      settings: how.
      point: names of the unknowns that are parameters; the others are latent.
      variables: the parameters where no unknown is one.

    Attributes:
      point: as given.

    Raises:
      ConfigError: (also a ValueError) a parameter is no unknown, all unknowns are, or there is no
        parameter.
    """

    def __init__(
        self,
        density: Density,
        settings: EmSettings,
        point: Sequence[str] = (),
        variables: Sequence[Any] = (),
    ) -> None:
        names = [u.name for u in density.target.unknowns]
        if not set(point) <= set(names) or set(point) == set(names):
            raise ConfigError(
                "fit: the parameters of em must be some of the unknowns, but not all, "
                f"{names}, got {list(point)}; what is left is latent"
            )
        if not point and not variables:
            raise ConfigError(
                "fit: em must have parameters to estimate, got a story without trainable "
                f"variables; name them out of {names}, or make them variables"
            )
        free = [
            i for k, name in enumerate(names) if name not in point for i in density.blocks.places(k)
        ]
        self._density, self._settings = density, settings
        self.point = tuple(point)
        self._held = Held(density, free)
        self._sampler = Sampler(self._held, McmcSettings(num_chains=settings.num_chains))
        count = STEPS_AT_ONCE * settings.num_chains
        self._sharpness = tf.ones([density.blocks.count])
        self._trainer: Trainer | None = None
        if point:
            self._mean_of = density.batch(count, "unknowns")
            self._climb = tf.function(self._climbed, jit_compile=True, autograph=False)
        else:
            moves = OptimumSettings(num_steps=_MOST_CLIMBED)
            self._trainer = Trainer(density.target, variables, moves, density, count)

    def run(
        self,
        start: Start,
        data: list[Any],
        seed: Any,
        progress: Callable[[int, int], None] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        origin: Origin = NOWHERE,
    ) -> Inferred:
        """Returns draws of the latents at the estimate, which is in every draw.

        Args:
          start: C points of all unknowns.
          data: of the density.
          seed: `[2]` int32.
          progress: called with (iterations done, iterations in all).
          checkpoint: a file that keeps what is done, and from which an interrupted run goes on.
          origin: says what the run is of; a checkpoint of another is refused.

        Raises:
          ConfigError: (also a ValueError) the checkpoint is another run's.
          OutputError: (also an OSError) the checkpoint cannot be written.
        """
        held, points = self._held, tf.convert_to_tensor(start.points)
        z = tf.gather(points, held.free, axis=-1)
        theta = tf.reduce_mean(tf.gather(points, held.held, axis=-1), axis=0)
        scaling, step = start.scaling.of(held.free), tf.constant(0.3)
        path: list[np.ndarray] = []
        done, whole = 0, self._settings.num_iterations
        with Checkpoint(checkpoint, origin) as keeper:
            kept = keeper.load()
            if kept is not None:
                done, (z, theta, scaling, step), (path,) = kept.restored(z, theta, scaling, step)
                theta = self._set(path[-1], theta)
            while done < whole:
                key = tf.random.experimental.stateless_fold_in(seed, done)
                states, step, _ = self._drawn(z, scaling, step, key, theta, data)
                z = states[-1]
                draws = tf.reshape(states, [-1, *states.shape[2:]])
                if done < _LEARNT:
                    scaling = scaling_of(draws)
                theta = self._raised(theta, draws, data)
                path.append(self._parameters(theta))
                done += 1
                keeper.save(done, (z, theta, scaling, step), (path,))
                if progress is not None:
                    progress(done, whole)
            keeper.remove()
        iterates = np.stack(path)
        best = iterates[whole // 2 :].mean(axis=0)
        theta = self._set(best, theta)
        key = tf.random.experimental.stateless_fold_in(seed, whole)
        states, _, stats = self._drawn(z, scaling, step, key, theta, data)
        draws = tf.stack([held.joined(s, theta) for s in states], axis=1)
        return Inferred(
            draws.numpy(),
            {name: x.numpy().swapaxes(0, 1) for name, x in stats.items()},
            problems_of(iterates),
            {"iterates": iterates},
        )

    def _drawn(
        self, z: Any, scaling: Scaling, step: Any, seed: Any, theta: Any, data: list[Any]
    ) -> tuple[Any, Any, Any]:
        sampler, data = self._sampler, [theta, *data]
        results = sampler.begin(z, scaling, step, data)
        states, results, stats = sampler.advance(z, scaling, results, seed, data)
        return states, sampler.step_sizes(results), stats

    def _raised(self, theta: Any, draws: Any, data: list[Any]) -> Any:
        if self._trainer is None:
            return self._climb(theta, draws, data)
        self._trainer.run(draws, *data)
        return theta

    def _climbed(self, theta: Any, draws: Any, data: list[Any]) -> Any:
        def falling(theta: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(theta)
                points = self._held.joined(draws, theta)
                value = -tf.reduce_mean(self._mean_of(points, self._sharpness, *data), axis=0)
            return value, tape.gradient(value, theta)

        return lowest(falling, theta, _MOST_CLIMBED, _LEAST_GAIN).position

    def _parameters(self, theta: Any) -> np.ndarray:
        if self._trainer is None:
            return theta.numpy().ravel()
        return np.concatenate([np.ravel(v.numpy()) for v in self._trainer.variables])

    def _set(self, best: np.ndarray, theta: Any) -> Any:
        if self._trainer is None:
            return tf.reshape(tf.constant(best, theta.dtype), theta.shape)
        self._trainer.assign(tf.constant(best, tf.float32))
        return theta


def problems_of(iterates: np.ndarray) -> tuple[str, ...]:
    """Returns what speaks against the mean of the second half of the iterates.

    Args:
      iterates: `[K, p]`.
    """
    third, last = np.array_split(iterates[len(iterates) // 2 :], 2)
    error = np.sqrt(third.var(axis=0, ddof=1) / len(third) + last.var(axis=0, ddof=1) / len(last))
    moved = np.abs(third.mean(axis=0) - last.mean(axis=0)) / (error + 1e-4)
    if np.max(moved) > _STILL:
        return (
            f"{int((moved > _STILL).sum())} of {moved.size} parameters still move: take more "
            "iterations",
        )
    return ()
