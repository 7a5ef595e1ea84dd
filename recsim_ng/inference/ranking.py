"""Ranks of what is true among draws that should not know it from their own."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import stats


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
    """`[E]` bulk effective sample sizes: those of the draws' normal scores.

    ArviZ goes through elements one by one, which takes seconds for thousands of users.
    """
    chains, number, elements = draws.shape
    if number < 4:
        return np.ones(elements)
    order = stats.rankdata(draws.reshape(-1, elements), axis=0)
    scores = stats.norm.ppf((order - 0.375) / (chains * number + 0.25))
    scores = scores.reshape(chains, number, elements).swapaxes(0, 1)
    sizes = tfp.mcmc.effective_sample_size(
        tf.constant(scores),
        filter_beyond_positive_pairs=True,
        cross_chain_dims=1 if chains > 1 else None,
    )
    sizes = np.asarray(sizes) if chains > 1 else np.asarray(sizes).sum(axis=0)
    return np.nan_to_num(sizes, nan=1.0, posinf=chains * number)
