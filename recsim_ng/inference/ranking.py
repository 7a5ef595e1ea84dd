"""Ranks of what is true among draws that should not know it from their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.lazy import arviz
from recsim_ng.core.value import Value
from recsim_ng.inference.blocks import Blocks
from recsim_ng.inference.density import Density
from recsim_ng.inference.element import element_names, pooled_names
from recsim_ng.inference.target import Target

LOG_LIKELIHOOD = "log-likelihood"
_LEAST_DRAWS = 4  # of a chain, for an effective sample size
_CHUNK = 100  # draws whose likelihood is taken at once

Statistic = Callable[[Mapping[str, Any], Mapping[str, Value]], Any]


def fractional_ranks(truth: np.ndarray, draws: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Returns `[E]` ranks between 0 and 1, uniform if the truth is one more draw.

    Draws that follow each other are alike, which would make ranks at the ends too frequent: of each
    element as many are taken, evenly spaced, as they are worth. A rank r of 0 ... L among L draws
    becomes (r + u) / (L + 1), u uniform, so that ranks among many and among few are of one law.
    Among equals the truth's place is drawn. Draws that are all the same are taken as ever so many:
    the rank is 0 or 1.

    Args:
      truth: `[E]`.
      draws: `[C, N, E]`.
      rng: of u and of the places among equals.

    Source: Talts, Betancourt, Simpson, Vehtari and Gelman (2018), Validating Bayesian inference
      algorithms with simulation-based calibration, arXiv:1804.06788, algorithm 2.
    """
    flat = draws.reshape(-1, draws.shape[-1])
    worth = _effective_sizes(draws)
    jitter = rng.random((2, len(truth)))
    found = np.empty(len(truth))
    for i, true in enumerate(truth):
        if np.all(flat[:, i] == flat[0, i]):
            found[i] = 1.0 if true > flat[0, i] else 0.0 if true < flat[0, i] else jitter[0, i]
            continue
        size = int(np.clip(worth[i], 1, len(flat)))
        some = flat[((np.arange(size) + 0.5) * (len(flat) / size)).astype(int), i]
        rank = np.sum(some < true) + np.floor((np.sum(some == true) + 1) * jitter[1, i])
        found[i] = (rank + jitter[0, i]) / (size + 1)
    return found


def _effective_sizes(draws: np.ndarray) -> np.ndarray:
    """`[E]` bulk effective sample sizes."""
    if draws.shape[1] < _LEAST_DRAWS:
        return np.ones(draws.shape[-1])
    az = arviz()
    sizes = az.ess(az.convert_to_dataset({"x": draws}), method="bulk")["x"].values
    return np.nan_to_num(sizes, nan=1.0)


class Ranking:
    """Ranks the truth among draws: the unknowns block by block, then what is asked of them.

    Args:
      density: that was fitted.
      statistics: name -> function of (unknowns, logs), as for `calibrate`.
      pool: whether the ranks of independent blocks are those of one number.
    """

    def __init__(self, density: Density, statistics: Mapping[str, Statistic], pool: bool) -> None:
        self._density, self._statistics = density, statistics
        target, packed = density.target, density.blocks
        self.axis = packed.axis if pool else None
        shapes = [u.shape for u in target.unknowns]
        # Of the values in their supports, which may be more numbers than there are on the line.
        self._blocks = Blocks(target.network, target.unknowns, shapes, self.axis)
        name = pooled_names(self._blocks, target.unknowns, shapes)
        if self.axis is None:
            name = element_names(self._blocks, target.unknowns, shapes)[0].tolist()
        self.names = [*name, LOG_LIKELIHOOD, *statistics]
        likelihood, ones = density.batch(_CHUNK, "logs"), tf.ones([packed.count])
        self._likelihood = tf.function(
            lambda z, data: likelihood(z, ones, *data), jit_compile=True, autograph=False
        )

    def ranks(
        self, target: Target, draws: np.ndarray, truth: Any, logs: Mapping[str, Value], rng: Any
    ) -> np.ndarray:
        """Returns `[E]` ranks: `[B, m]` of the unknowns, `[B]` of the likelihood, the statistics'.

        Args:
          target: of the logs.
          draws: `[C, N, B, n]` on the real line.
          truth: the run that the logs are of, with the unknowns.
          logs: variable name -> Value.
          rng: of the ranks.
        """
        chains, number = draws.shape[:2]
        x = [u.out_of(truth) for u in target.unknowns]
        line = self._density.blocks.pack(target.unconstrain(x))[None]
        z = np.concatenate([line, draws.reshape(-1, *draws.shape[2:])]).astype(np.float32)
        values = target.constrain(self._density.blocks.unpack(tf.constant(z)))
        # The truth as it was drawn, and not as it comes back from the line.
        values = [
            np.concatenate([np.asarray(t)[None], v[1:]]) for t, v in zip(x, values, strict=True)
        ]
        likelihood = self._likelihoods(z, target.data())
        if self.axis is None:
            likelihood = likelihood.sum(axis=1, keepdims=True)
        columns = [np.asarray(self._blocks.pack(values)).reshape(len(z), -1), likelihood]
        named = {u.name: v for u, v in zip(target.unknowns, values, strict=True)}
        for statistic in self._statistics.values():
            columns.append(np.asarray(statistic(named, logs), np.float64).reshape(len(z), 1))
        numbers = np.concatenate(columns, axis=1)
        return fractional_ranks(numbers[0], numbers[1:].reshape(chains, number, -1), rng)

    def named(self, ranks: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """Returns name -> `[N]` ranks.

        Args:
          ranks: `[E]` of each data set.
        """
        every = np.stack(ranks)
        blocks, size = self._blocks.count, self._blocks.size
        moved = every[:, : blocks * size].reshape(len(every), blocks, size)
        rest = every[:, blocks * size :]
        found = {name: moved[..., i].ravel() for i, name in enumerate(self.names[:size])}
        found[LOG_LIKELIHOOD] = rest[:, :blocks].ravel()
        for i, name in enumerate(self._statistics):
            found[name] = rest[:, blocks + i]
        return found

    def _likelihoods(self, z: np.ndarray, data: Any) -> np.ndarray:
        """`[N, B]` log p(logs | x)."""
        padded = np.concatenate([z, np.repeat(z[-1:], -len(z) % _CHUNK, axis=0)])
        pieces = range(0, len(padded), _CHUNK)
        found = [np.asarray(self._likelihood(padded[i : i + _CHUNK], data)) for i in pieces]
        return np.concatenate(found)[: len(z)]
