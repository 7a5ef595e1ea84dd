"""Gibbs sampling of discrete unknowns, many elements at once, many chains at once, by XLA.

A batch of blocks that enter no common term is moved by one evaluation of the terms. Each block's
elements are proposed other values, drawn uniformly; with `gain` what the block's own terms gain,

    the move is accepted with probability 1 / (1 + exp(-gain)),

which keeps the law of the unknowns given the logs as it is, and is exact Gibbs sampling of an
element that has two values.

Source: Barker (1965), Monte Carlo calculations of the radial distribution functions for a
  proton-electron plasma, Australian Journal of Physics 18; for batches see `gibbs_batch`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.noise import seed_words
from recsim_ng.inference.diagnosis import agreement_problems
from recsim_ng.inference.discrete import DiscreteTarget
from recsim_ng.inference.element import named
from recsim_ng.inference.gibbs_batch import block_batches, find_dependence
from recsim_ng.inference.target import Target

_ROUNDING = 1e-3  # relative to the sum of the terms' sizes
_REPAIRS = 8  # codes around which dependence is looked for once some was not seen


@dataclasses.dataclass(frozen=True)
class GibbsSettings:
    """How chains of discrete unknowns are run.

    Attributes:
      num_draws: kept draws of each chain, one a sweep.
      num_warmup: sweeps before them.
      num_chains: C.
    """

    num_draws: int = 1000
    num_warmup: int = 200
    num_chains: int = 8

    def __post_init__(self) -> None:
        check.whole("GibbsSettings", "num_draws", self.num_draws, 1)
        check.whole("GibbsSettings", "num_warmup", self.num_warmup, 0)
        check.whole("GibbsSettings", "num_chains", self.num_chains, 1)


@dataclasses.dataclass(frozen=True, eq=False)
class DiscreteDraws:
    """What chains of discrete unknowns have drawn.

    Attributes:
      values: for each unknown `[C, n, *its shape]` draws.
      log_joint: `[C, n]` float32 log p(unknowns, logs).
      names: of the unknowns, "variable.field".
    """

    values: list[np.ndarray]
    log_joint: np.ndarray
    names: tuple[str, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """Where chains disagree; of elements that the logs settle there is nothing to say."""
        count = self.log_joint.shape[:2]
        flat = np.concatenate([x.reshape(*count, -1) for x in self.values], axis=-1)
        pairs = zip(self.names, self.values, strict=True)
        names = np.array([n for name, x in pairs for n in named(name, x.shape[2:])], object)
        moves = np.ptp(flat, axis=(0, 1)) > 0
        if not moves.any():
            return ()
        return agreement_problems(flat[:, :, moves].astype(np.float32), names[moves])


def run_gibbs(
    target: Target,
    settings: GibbsSettings | None = None,
    seed: Any = 0,
    progress: Callable[[int, int], None] | None = None,
) -> DiscreteDraws:
    """Draws discrete unknowns given the logs.

    Args:
      target: the story, the logs and the unknowns.
      settings: of the chains.
      seed: an int or a pair of ints.
      progress: called with (sweeps done, sweeps in all) after each sweep.

    Returns:
      The draws.

    Raises:
      ConfigError: (also a ValueError) elements depend on each other in a way that was not seen.
      DataError: (also a ValueError) an unknown is neither a Bernoulli nor a Categorical draw.
    """
    settings = settings or GibbsSettings()
    chains = DiscreteChains(target, settings.num_chains, seed)
    codes, joint = [], []
    whole = settings.num_warmup + settings.num_draws
    for k in range(whole):
        chains.sweep()
        if k >= settings.num_warmup:
            codes.append(chains.codes)
            joint.append(chains.log_prior + chains.log_likelihood)
        if progress is not None:
            progress(k + 1, whole)
    drawn = chains.discrete.values(np.stack(codes, axis=1))
    names = tuple(u.name for u in target.unknowns)
    return DiscreteDraws([x.numpy() for x in drawn], np.stack(joint, axis=1), names)


class DiscreteChains:
    """Chains of discrete unknowns that can be moved a sweep at a time, under any weights.

    Their law is, with weights a and b,

        p(unknowns)^a p(logs | unknowns)^b, normalised;

    under weights 1 the unknowns given the logs. They start anywhere.

    Args:
      target: the story, the logs and the unknowns.
      num_chains: C.
      seed: an int or a pair of ints.

    Raises:
      DataError: (also a ValueError) an unknown is neither a Bernoulli nor a Categorical draw.
    """

    def __init__(self, target: Target, num_chains: int, seed: Any = 0) -> None:
        self.discrete = DiscreteTarget(target)
        words = np.asarray(seed_words(seed), np.int64)
        rng = np.random.default_rng(words)
        self._seed = tf.constant(words.astype(np.uint32).astype(np.int32))
        self._num_values = self.discrete.num_values
        self._rng = rng
        # A graph of any number of codes: it runs rarely, and XLA would compile for each number.
        spec = tf.TensorSpec([None, self.discrete.size], tf.int32)
        terms = tf.function(self.discrete.terms, input_signature=[spec], autograph=False)
        self._num_own = terms.get_concrete_function().structured_outputs[0].shape[-1]
        self._all = lambda codes: tf.concat(terms(codes), axis=-1)
        start = rng.integers(0, self._num_values, (num_chains, len(self._num_values)))
        self._codes = tf.constant(start, tf.int32)
        self._count = 0
        self._prepare(find_dependence(self._all, self._num_values, rng))

    def _prepare(self, dependence: np.ndarray) -> None:
        """Makes batches out of what enters what, and compiles."""
        self._dependence = dependence
        # What no element enters is a constant.
        self._used = np.flatnonzero(dependence.any(axis=0))
        self._batches = block_batches(dependence[:, self._used], self._rng)
        self._sweep = tf.function(self._swept, jit_compile=True, autograph=False)
        whole = self._all(self._codes)
        self._held = tf.gather(whole, self._used, axis=-1)
        rest = np.where(dependence.any(axis=0), 0.0, whole.numpy()[0])
        self._constant = rest[: self._num_own].sum(), rest[self._num_own :].sum()

    @property
    def codes(self) -> np.ndarray:
        """`[C, N]` int32 where the chains are."""
        return self._codes.numpy()

    @property
    def log_prior(self) -> np.ndarray:
        """`[C]` float32 log p(unknowns) where the chains are."""
        own = self._used < self._num_own
        return self._held.numpy()[:, own].sum(axis=-1) + self._constant[0]

    @property
    def log_likelihood(self) -> np.ndarray:
        """`[C]` float32 log p(logs | unknowns) where the chains are."""
        own = self._used < self._num_own
        return self._held.numpy()[:, ~own].sum(axis=-1) + self._constant[1]

    def sweep(self, prior_weight: float = 1.0, likelihood_weight: float = 1.0) -> None:
        """Moves every chain: about as many proposals as there are elements.

        Args:
          prior_weight: a, at least 0.
          likelihood_weight: b, at least 0.

        Raises:
          ConfigError: (also a ValueError) elements depend on each other in a way that was not seen.
        """
        self._count += 1
        seed = tf.random.experimental.stateless_fold_in(self._seed, self._count)
        weights = tf.constant([prior_weight, likelihood_weight], tf.float32)
        while True:
            codes, terms, astray = self._sweep(self._codes, self._held, weights, seed)
            if float(astray) <= _ROUNDING:
                self._codes, self._held = codes, terms
                return
            # The sweep took for independent what is not: it does not count, and is done again.
            codes = tf.concat([self._codes, codes], axis=0).numpy()
            codes = codes[self._rng.permutation(len(codes))[:_REPAIRS]]
            more = find_dependence(self._all, self._num_values, self._rng, codes)
            if not (more & ~self._dependence).any():
                raise ConfigError(
                    "DiscreteChains: what changes with an unknown must be seen when it is changed "
                    f"alone, got terms that are off by {float(astray):.3g} of their sum; the "
                    "story's draws depend on each other too rarely for this sampler"
                )
            self._prepare(self._dependence | more)

    def _swept(self, codes: Any, terms: Any, weights: Any, seed: Any) -> tuple[Any, Any, Any]:
        """The codes and terms after a sweep, and how far the terms are from what they should be."""
        count = self._batches.per_sweep
        weight = tf.where(self._used < self._num_own, weights[0], weights[1])
        seeds = tf.random.experimental.stateless_split(seed, count + 1)

        def body(k: Any, codes: Any, terms: Any, _: Any) -> tuple[Any, Any, Any, Any]:
            return k + 1, *self._moved(codes, terms, weight, seeds[k], k == count)

        start = (0, codes, terms, tf.zeros([]))
        more = lambda k, *_: k <= count  # noqa: E731
        return tf.while_loop(more, body, start, maximum_iterations=count + 1)[1:]

    def _moved(
        self, codes: Any, terms: Any, weight: Any, seed: Any, is_last: Any
    ) -> tuple[Any, Any, Any]:
        """One batch, its blocks accepted or not; at last none, and the terms are made afresh."""
        batches, none = self._batches, self._batches.num_blocks
        which, what, whether = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
        rows = len(batches.element_block)
        batch = tf.random.stateless_uniform([], which, 0, rows, dtype=tf.int32)
        element_block = tf.where(is_last, none, tf.gather(batches.element_block, batch))
        term_block = tf.gather(batches.term_block, batch)
        others = tf.constant(np.maximum(self._num_values - 1, 1), tf.float32)
        shift = 1 + tf.cast(tf.random.stateless_uniform(codes.shape, what) * others, tf.int32)
        other = (codes + shift) % self._num_values
        proposal = tf.where(element_block < none, other, codes)
        own, held = self.discrete.terms(proposal)
        proposed = tf.gather(tf.concat([own, held], axis=-1), self._used, axis=-1)
        gain = tf.matmul((proposed - terms) * weight, tf.one_hot(term_block, none + 1))
        chance = tf.random.stateless_uniform(gain.shape, whether)
        accepted = (chance < tf.sigmoid(gain)) & (tf.range(none + 1) < none)
        away = tf.reduce_sum(tf.abs(proposed - terms), axis=-1)
        size = 1.0 + tf.reduce_sum(tf.abs(proposed), axis=-1)
        codes = tf.where(tf.gather(accepted, element_block, axis=1), proposal, codes)
        change = is_last | tf.gather(accepted, term_block, axis=1)
        return codes, tf.where(change, proposed, terms), tf.reduce_max(away / size)
