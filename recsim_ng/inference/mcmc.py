"""Markov chains: NUTS and HMC over a target, several chains at once, compiled by XLA."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.noise import seed_words
from recsim_ng.inference.gradient import with_gradient
from recsim_ng.inference.packing import Packing
from recsim_ng.inference.start import climbed
from recsim_ng.inference.target import Target

_CHUNK = 25  # steps of one compiled call
_FIRST, _LAST = 0.15, 0.1  # shares of the warm-up in which the scales are not learnt
_LEAST_SCALE = 1e-3  # variance towards which few draws are shrunk, and with the weight of how many
_PRIOR_DRAWS = 5

STATS = ("log_density", "is_diverging", "energy", "num_leapfrogs", "acceptance")


@dataclasses.dataclass(frozen=True)
class McmcSettings:
    """How chains are run.

    Attributes:
      kernel: "nuts", or "hmc" with a fixed number of leapfrog steps.
      num_draws: kept draws of each chain.
      num_warmup: steps before them, in which step size and scales are learnt.
      num_chains: C.
      max_tree_depth: of NUTS: at most 2 ** max_tree_depth leapfrog steps for a draw.
      num_leapfrogs: of HMC.
      target_acceptance: what the step size is tuned to.
    """

    kernel: str = "nuts"
    num_draws: int = 1000
    num_warmup: int = 1000
    num_chains: int = 4
    max_tree_depth: int = 10
    num_leapfrogs: int = 10
    target_acceptance: float = 0.8

    def __post_init__(self) -> None:
        where = "McmcSettings"
        check.one_of(where, "kernel", self.kernel, ("nuts", "hmc"))
        for name in ("num_draws", "num_warmup", "num_chains", "max_tree_depth", "num_leapfrogs"):
            check.whole(where, name, getattr(self, name), 1)
        check.real(where, "target_acceptance", self.target_acceptance, 0.01, 0.99)


@dataclasses.dataclass(frozen=True, eq=False)
class Chains:
    """What chains have drawn.

    Attributes:
      draws: `[C, n, N]` float32 packed unknowns on the real line.
      stats: name -> `[C, n]`: log_density, is_diverging, energy, num_leapfrogs, acceptance.
      step_size: of the leapfrog steps, in units of the scales.
      scales: `[N]` standard deviations found in the warm-up.
    """

    draws: np.ndarray
    stats: dict[str, np.ndarray]
    step_size: float
    scales: np.ndarray


def run_chains(
    target: Target,
    start: Sequence[Any],
    settings: McmcSettings,
    seed: Any,
    progress: Callable[[int, int], None] | None = None,
) -> Chains:
    """Runs chains: uphill from where they start, a warm-up in windows, then draws.

    The warm-up learns the step size by dual averaging throughout, and the scales of the unknowns in
    windows of doubling length; both are common to all chains, which are pooled.

    Args:
      target: what is sampled.
      start: for each unknown `[C, ...]` where the chains start, on the real line.
      settings: how.
      seed: an int or a pair of ints.
      progress: called with (steps done, steps in all) after every few steps.

    Returns:
      The draws after the warm-up.

    Raises:
      ConfigError: (also a ValueError) the density at the start is not finite.

    Source: Hoffman and Gelman (2014), The No-U-Turn sampler, Journal of Machine Learning Research
      15; the windows are Stan's (Stan reference manual, 15.2).
    """
    packing = Packing(target.unconstrained_shapes())
    kernel = _Kernel(target, packing, settings)
    z = packing.pack(start)
    density = kernel.log_prob(z)
    if not np.all(np.isfinite(density)):
        raise ConfigError(
            "run_chains: the density must be finite where the chains start, got "
            f"{np.asarray(density).tolist()}"
        )
    words = np.asarray(seed_words(seed), np.int64)
    count = 0

    def next_seed() -> Any:
        nonlocal count
        count += 1
        return tf.random.experimental.stateless_fold_in(
            tf.constant(words.astype(np.uint32).astype(np.int32)), count
        )

    z, scales = kernel.climb(z, next_seed())
    step_size = tf.constant(0.1)
    windows = warmup_windows(settings.num_warmup)
    whole = sum(length for length, _ in windows) + _rounded(settings.num_draws)
    done = 0
    for length, is_slow in windows:
        results = kernel.bootstrap(z / scales, scales, step_size)
        kept = []
        for _ in range(length // _CHUNK):
            states, results, step_size = kernel.adapt(z / scales, scales, results, next_seed())
            z = states[-1] * scales
            kept.append(states * scales)
            done += _CHUNK
            if progress is not None:
                progress(done, whole)
        if is_slow:
            scales = _scales(tf.concat(kept, axis=0))
    draws, stats = [], []
    for _ in range(_rounded(settings.num_draws) // _CHUNK):
        states, found = kernel.draw(z / scales, scales, step_size, next_seed())
        z = states[-1] * scales
        draws.append((states * scales).numpy())
        stats.append({name: x.numpy() for name, x in found.items()})
        done += _CHUNK
        if progress is not None:
            progress(done, whole)
    keep = settings.num_draws
    return Chains(
        np.concatenate(draws)[:keep].swapaxes(0, 1),
        {name: np.concatenate([s[name] for s in stats])[:keep].T for name in STATS},
        float(step_size),
        np.asarray(scales),
    )


def warmup_windows(num_warmup: int) -> list[tuple[int, bool]]:
    """Returns the windows of a warm-up: (how many steps, whether the scales are learnt at its end).

    Args:
      num_warmup: steps in all; windows are whole multiples of 25, so there may be a few more.
    """
    first, last = _rounded(_FIRST * num_warmup), _rounded(_LAST * num_warmup)
    left = max(_rounded(num_warmup) - first - last, _CHUNK)
    windows, length = [(first, False)], _CHUNK
    while left > 0:
        take = left if left < 3 * length else length  # the last window takes what would be short
        windows.append((take, True))
        left, length = left - take, 2 * length
    return [*windows, (last, False)]


def _rounded(steps: float) -> int:
    return max(1, -int(-steps // _CHUNK)) * _CHUNK


def _scales(z: Any) -> Any:
    """`[N]` standard deviations over draws `[n, C, N]` and chains, shrunk a little."""
    count = tf.cast(tf.shape(z)[0] * tf.shape(z)[1], tf.float32)
    variance = tf.math.reduce_variance(z, axis=[0, 1])
    weight = count / (count + _PRIOR_DRAWS)
    return tf.sqrt(weight * variance + (1.0 - weight) * _LEAST_SCALE)


class _Kernel:
    """The compiled steps of the chains, in coordinates divided by the scales."""

    def __init__(self, target: Target, packing: Packing, settings: McmcSettings) -> None:
        self._settings = settings

        def density(z: Any) -> Any:
            return tf.vectorized_map(
                lambda one: target.log_prob(*packing.unpack(one)), z, fallback_to_while_loop=False
            )

        points = tf.TensorSpec([settings.num_chains, packing.size], tf.float32)
        log_prob = with_gradient(density, points)
        self._log_prob = log_prob
        compiled = functools.partial(tf.function, jit_compile=True, autograph=False)
        self.log_prob, self.bootstrap = compiled(log_prob), compiled(self._bootstrap)
        self.adapt, self.draw = compiled(self._adapt), compiled(self._draw)
        self.climb = compiled(lambda z, seed: climbed(log_prob, z, seed))

    def _inner(self, scales: Any, step_size: Any) -> Any:
        settings = self._settings

        def density(y: Any) -> Any:
            return self._log_prob(y * scales)

        if settings.kernel == "hmc":
            return tfp.mcmc.HamiltonianMonteCarlo(density, step_size, settings.num_leapfrogs)
        return tfp.mcmc.NoUTurnSampler(density, step_size, max_tree_depth=settings.max_tree_depth)

    def _adapting(self, scales: Any, step_size: Any) -> Any:
        return tfp.mcmc.DualAveragingStepSizeAdaptation(
            self._inner(scales, step_size),
            num_adaptation_steps=2**30,
            target_accept_prob=self._settings.target_acceptance,
        )

    def _bootstrap(self, y: Any, scales: Any, step_size: Any) -> Any:
        return self._adapting(scales, step_size).bootstrap_results(y)

    def _adapt(self, y: Any, scales: Any, results: Any, seed: Any) -> tuple[Any, Any, Any]:
        kernel = self._adapting(scales, results.new_step_size)
        found = tfp.mcmc.sample_chain(
            _CHUNK,
            y,
            kernel=kernel,
            previous_kernel_results=results,
            return_final_kernel_results=True,
            trace_fn=lambda *_: (),
            seed=seed,
        )
        results = found.final_kernel_results
        return found.all_states, results, tf.exp(results.log_averaging_step[0])

    def _draw(self, y: Any, scales: Any, step_size: Any, seed: Any) -> tuple[Any, dict[str, Any]]:
        return tfp.mcmc.sample_chain(
            _CHUNK, y, kernel=self._inner(scales, step_size), trace_fn=self._trace, seed=seed
        )

    def _trace(self, _: Any, results: Any) -> dict[str, Any]:
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
