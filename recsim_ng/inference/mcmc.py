"""Markov chains: NUTS and HMC over a target, several chains at once, compiled by XLA."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core import check
from recsim_ng.inference.checkpoint import Checkpoint
from recsim_ng.inference.origin import NOWHERE, Origin
from recsim_ng.inference.scaling import MOST_DENSE, Scaling, scaling_of

STEPS_AT_ONCE = 25  # steps of one compiled call
_FIRST, _LAST = 0.15, 0.1  # shares of the warm-up in which the scales are not learnt
_FIRST_STEP = 0.3
_ROUND_DEPTH, _DEPTH = 4, 10  # of trees: twice around what is round, and anything

STATS = ("log_density", "is_diverging", "energy", "num_leapfrogs", "acceptance")


@dataclasses.dataclass(frozen=True)
class McmcSettings:
    """How chains are run.

    Attributes:
      kernel: "nuts", or "hmc" with a fixed number of leapfrog steps.
      num_draws: kept draws of each chain.
      num_warmup: steps before them, in which step size and scales are learnt.
      num_chains: C.
      max_tree_depth: of NUTS: at most 2 ** max_tree_depth - 1 leapfrog steps for a draw. None: 4
        where there are several blocks of at most 32 numbers, which wait for one another and which
        the scaling makes nearly round, so that longer trajectories go around in circles; else 10.
      num_leapfrogs: of HMC.
      target_acceptance: what the step size is tuned to.
    """

    kernel: str = "nuts"
    num_draws: int = 1000
    num_warmup: int = 500
    num_chains: int = 4
    max_tree_depth: int | None = None
    num_leapfrogs: int = 10
    target_acceptance: float = 0.8

    def __post_init__(self) -> None:
        where = "McmcSettings"
        check.one_of(where, "kernel", self.kernel, ("nuts", "hmc"))
        for name in ("num_draws", "num_warmup", "num_chains", "num_leapfrogs"):
            check.whole(where, name, getattr(self, name), 1)
        if self.max_tree_depth is not None:
            check.whole(where, "max_tree_depth", self.max_tree_depth, 1, 20)
        check.real(where, "target_acceptance", self.target_acceptance, 0.01, 0.99)


@dataclasses.dataclass(frozen=True, eq=False)
class Chains:
    """What chains have drawn.

    Attributes:
      draws: `[C, N, B, n]` float32 unknowns on the real line, in blocks.
      stats: name -> `[C, N, B]`: log_density, is_diverging, energy, num_leapfrogs, acceptance.
      step_size: `[teams, B]` of the leapfrog steps, in units of the scaling.
    """

    draws: np.ndarray
    stats: dict[str, np.ndarray]
    step_size: np.ndarray


class Sampler:
    """Runs chains over a density: a warm-up in windows, then draws.

    Every block has chains of its own. Its scaling is learnt from all C of them, in windows of
    doubling length; the step size from each team of chains, two where C is even, by dual averaging
    throughout the warm-up. All blocks of a team are advanced together by one compiled program,
    teams beside each other on as many cores as there are; the draws are the same on any number.

    Args:
      density: what is sampled; has `batch` and `blocks`.
      settings: how.

    Source: Hoffman and Gelman (2014), The No-U-Turn sampler, Journal of Machine Learning Research
      15; the windows are Stan's (Stan reference manual, 15.2).
    """

    def __init__(self, density: Any, settings: McmcSettings) -> None:
        self._settings = settings
        self._size = 2 if settings.num_chains % 2 == 0 else 1
        self._blocks = density.blocks.count
        is_round = self._blocks > 1 and density.blocks.size <= MOST_DENSE
        self._tree_depth = settings.max_tree_depth or (_ROUND_DEPTH if is_round else _DEPTH)
        self._log_prob = density.batch(self._size)
        self._sharpness = tf.ones([self._blocks])
        self._begin = tf.function(self._begun, jit_compile=True, autograph=False)
        self._advance = tf.function(self._advanced, jit_compile=True, autograph=False)

    def begin(self, z: Any, scaling: Scaling, step_size: Any, data: list[Any]) -> list[Any]:
        """Returns the kernel's results where chains begin, team by team.

        Args:
          z: `[C, B, n]` where they are.
          scaling: of the density.
          step_size: of the leapfrogs, one for all or those of `step_sizes`.
          data: of the density.
        """
        teams = tf.split(z, z.shape[0] // self._size)
        steps = tf.broadcast_to(step_size, [len(teams), self._blocks, 1])
        pairs = zip(teams, tf.unstack(steps), strict=True)
        return [self._begin(team, scaling, step, data) for team, step in pairs]

    def advance(
        self, z: Any, scaling: Scaling, results: list[Any], seed: Any, data: list[Any]
    ) -> tuple[Any, list[Any], dict[str, Any]]:
        """Returns 25 states `[25, C, B, n]`, the results after them, and name -> `[25, C, B]`.

        Args:
          z: `[C, B, n]` where the chains are.
          scaling: of the density.
          results: of `begin` or `advance`.
          seed: `[2]` int32.
          data: of the density.
        """
        teams = tf.split(scaling.inverse(z), len(results))

        def of(k: int) -> Any:
            return self._advance(teams[k], scaling, results[k], _folded(seed, k), data)

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(of, range(len(teams))))
        states = scaling.forward(tf.concat([states for states, _, _ in found], axis=1))
        stats = {name: tf.concat([x[name] for *_, x in found], axis=1) for name in STATS}
        return states, [after for _, after, _ in found], stats

    @staticmethod
    def step_sizes(results: list[Any]) -> Any:
        """Returns what dual averaging has found so far, for `begin`.

        Args:
          results: of `advance`.
        """
        return tf.stack([tf.exp(after.log_averaging_step[0]) for after in results])

    def run(
        self,
        start: Any,
        scaling: Scaling,
        data: list[Any],
        seed: Any,
        *,
        progress: Callable[[int, int], None] | None = None,
        checkpoint: pathlib.Path | None = None,
        origin: Origin = NOWHERE,
    ) -> Chains:
        """Returns the draws after the warm-up.

        Args:
          start: `[C, B, n]` where the chains start, on the real line.
          scaling: of the density, as far as it is known.
          data: of the density.
          seed: `[2]` int32.
          progress: called with (steps done, steps in all) after every few steps.
          checkpoint: a file that keeps what is done, and from which an interrupted run goes on.
          origin: says what the run is of; a checkpoint of another is refused.

        Raises:
          ConfigError: (also a ValueError) the checkpoint is another run's.
        """
        windows = warmup_windows(self._settings.num_warmup)
        num_drawn = _rounded(self._settings.num_draws) // STEPS_AT_ONCE
        ends, at = {}, 0
        for length, is_slow in windows:
            at += length // STEPS_AT_ONCE
            ends[at] = is_slow
        whole = at + num_drawn
        z = start
        results = self.begin(z, scaling, _FIRST_STEP, data)
        done = 0
        kept: list[np.ndarray] = []
        draws: list[np.ndarray] = []
        stats: list[dict[str, np.ndarray]] = []
        with Checkpoint(checkpoint, origin) as keeper:
            held = keeper.load()
            if held is not None:
                done, (z, scaling, results), lists = held.restored(z, scaling, results)
                kept, draws, stats = lists
            while done < whole:
                words = _folded(seed, done)
                states, results, found = self.advance(z, scaling, results, words, data)
                z = states[-1]
                done += 1
                if done <= at:
                    kept.append(states.numpy())
                    if done in ends:
                        if ends[done]:
                            scaling = scaling_of(_flat(np.concatenate(kept)))
                        kept = []
                        steps = self.step_sizes(results)
                        results = self.begin(z, scaling, steps, data)
                        if done == at:
                            results = [
                                r._replace(
                                    num_adaptation_steps=tf.constant(0),
                                    log_averaging_step=[tf.math.log(step)],
                                )
                                for r, step in zip(results, tf.unstack(steps), strict=True)
                            ]
                else:
                    draws.append(states.numpy())
                    stats.append({name: x.numpy() for name, x in found.items()})
                keeper.save(done, (z, scaling, results), (kept, draws, stats))
                if progress is not None:
                    progress(min(done, whole) * STEPS_AT_ONCE, whole * STEPS_AT_ONCE)
            keeper.remove()
        keep = self._settings.num_draws
        return Chains(
            np.concatenate(draws)[:keep].swapaxes(0, 1),
            {
                name: np.concatenate([s[name] for s in stats])[:keep].swapaxes(0, 1)
                for name in STATS
            },
            self.step_sizes(results).numpy()[..., 0],
        )

    def _kernel(self, scaling: Scaling, step_size: Any, data: list[Any]) -> Any:
        settings = self._settings

        def density(y: Any) -> Any:
            return self._log_prob(scaling.forward(y), self._sharpness, *data)

        if settings.kernel == "hmc":
            inner = tfp.mcmc.HamiltonianMonteCarlo(density, step_size, settings.num_leapfrogs)
        else:
            inner = tfp.mcmc.NoUTurnSampler(density, step_size, max_tree_depth=self._tree_depth)
        return tfp.mcmc.DualAveragingStepSizeAdaptation(
            inner, num_adaptation_steps=2**30, target_accept_prob=settings.target_acceptance
        )

    def _begun(self, z: Any, scaling: Scaling, step_size: Any, data: list[Any]) -> Any:
        return self._kernel(scaling, step_size, data).bootstrap_results(scaling.inverse(z))

    def _advanced(
        self, y: Any, scaling: Scaling, results: Any, seed: Any, data: list[Any]
    ) -> tuple[Any, Any, dict[str, Any]]:
        found = tfp.mcmc.sample_chain(
            STEPS_AT_ONCE,
            y,
            kernel=self._kernel(scaling, results.new_step_size, data),
            previous_kernel_results=results,
            return_final_kernel_results=True,
            trace_fn=lambda _, results: self._trace(results.inner_results),
            seed=seed,
        )
        return found.all_states, found.final_kernel_results, found.trace

    def _trace(self, results: Any) -> dict[str, Any]:
        if hasattr(results, "has_divergence"):
            return {
                "log_density": results.target_log_prob,
                "is_diverging": results.has_divergence,
                "energy": results.energy,
                "num_leapfrogs": results.leapfrogs_taken,
                "acceptance": tf.exp(tf.minimum(results.log_accept_ratio, 0.0)),
            }
        accepted = results.accepted_results
        ratio = results.log_accept_ratio
        kinetic = [
            tf.reduce_sum(m**2, axis=-1) / 2 for m in tf.nest.flatten(accepted.initial_momentum)
        ]
        return {
            "log_density": accepted.target_log_prob,
            "is_diverging": ratio < -1000.0,
            "energy": tf.add_n(kinetic) - accepted.target_log_prob,
            "num_leapfrogs": tf.fill(tf.shape(ratio), self._settings.num_leapfrogs),
            "acceptance": tf.exp(tf.minimum(ratio, 0.0)),
        }


def warmup_windows(num_warmup: int) -> list[tuple[int, bool]]:
    """Returns the windows of a warm-up: (how many steps, whether the scaling is learnt at its end).

    Args:
      num_warmup: steps in all; windows are whole multiples of 25, so there may be a few more.
    """
    first, last = _rounded(_FIRST * num_warmup), _rounded(_LAST * num_warmup)
    left = max(_rounded(num_warmup) - first - last, STEPS_AT_ONCE)
    windows, length = [(first, False)], STEPS_AT_ONCE
    while left > 0:
        take = left if left < 3 * length else length  # the last window takes what would be short
        windows.append((take, True))
        left, length = left - take, 2 * length
    return [*windows, (last, False)]


def _rounded(steps: float) -> int:
    return max(1, -int(-steps // STEPS_AT_ONCE)) * STEPS_AT_ONCE


def _flat(states: Any) -> Any:
    """`[N C, B, n]` out of `[N, C, B, n]`."""
    return tf.reshape(states, [-1, *states.shape[2:]])


def _folded(seed: Any, number: int) -> Any:
    return tf.random.experimental.stateless_fold_in(seed, number)
