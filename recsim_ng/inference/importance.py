"""Importance: how well draws of a surrogate stand for the density that was meant."""

from __future__ import annotations

import warnings

import numpy as np

from recsim_ng.core.lazy import arviz

MOST_SHAPE = 0.7  # Pareto k above which weights have no mean to be estimated
_EVEN = 0.01  # log weights that differ by no more are rounding, and have no tail to look at
_CLOSE = 0.15  # standard deviation of log weights, below which q is as good as p


def pareto_shapes(log_weights: np.ndarray) -> np.ndarray:
    """Returns `[B]` shapes k of the generalised Pareto laws of the greatest weights.

    It is 0 where all weights are one to rounding, and infinite where a log weight is not finite.

    Args:
      log_weights: `[M, B]` log p - log q of draws of q; p need not be normalised.

    Source: Vehtari et al. (2024), Pareto smoothed importance sampling, Journal of Machine Learning
      Research 25; Yao et al. (2018), Yes, but did it work? Evaluating variational inference, ICML.
    """
    az = arviz()
    found = np.full(log_weights.shape[1], np.inf)
    finite = np.isfinite(log_weights).all(axis=0)
    even = finite & (np.ptp(np.where(np.isfinite(log_weights), log_weights, 0.0), axis=0) < _EVEN)
    found[even] = 0.0
    rest = np.flatnonzero(finite & ~even)
    if len(rest):
        with warnings.catch_warnings():
            # Too few different weights in the tail: k is infinite then, which says it.
            warnings.simplefilter("ignore", UserWarning)
            found[rest] = az.psislw(log_weights[:, rest].T.astype(np.float64))[1]
    return found


def shape_problems(shapes: np.ndarray, log_weights: np.ndarray) -> tuple[str, ...]:
    """Returns what Pareto shapes say against draws; nothing if they say nothing.

    Shapes do not know how large weights are. Where log weights differ by less than 0.15 in standard
    deviation, KL(q || p), which is half their variance then, is below 0.012: q does for p, however
    its thin tail looks.

    Args:
      shapes: `[B]`.
      log_weights: `[M, B]`.
    """
    heavy = ~(shapes <= MOST_SHAPE)
    with np.errstate(invalid="ignore"):
        heavy[heavy] = ~(np.std(log_weights[:, heavy], axis=0) < _CLOSE)
    if not heavy.any():
        return ()
    where = "" if len(shapes) == 1 else f" in {int(heavy.sum())} of {len(shapes)} blocks"
    return (
        f"Pareto k is {np.max(shapes[heavy]):.2g}, above {MOST_SHAPE}{where}: the surrogate lacks "
        "the posterior's shape; take a richer family, or mcmc",
    )
