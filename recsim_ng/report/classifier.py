"""Classifiers of two classes: logistic regression and a small network.

Both by conjugate gradients: SciPy's L-BFGS-B calls threaded LAPACK for matrices of ten rows, which
on a busy machine takes a hundred times as long as all else.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize, special

_RIDGES = (0.3, 3.0, 30.0)
_FOLDS = 3

Score = Callable[[np.ndarray], np.ndarray]
"""`[N, F]` features -> `[N]` log odds of class 1."""


def logistic(x: np.ndarray, y: np.ndarray, ridge: float) -> np.ndarray:
    """Fits logistic regression.

    Args:
      x: `[N, F]` features.
      y: `[N]` classes, 0 or 1.
      ridge: the weights' prior precision; the intercept, the first weight, has none.

    Returns:
      `[F + 1]` weights.
    """
    design = np.column_stack([np.ones(len(x)), x])
    penalty = np.r_[0.0, np.full(x.shape[1], ridge)]

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = _cross_entropy(design @ w, y)
        return value + 0.5 * penalty @ w**2, design.T @ slope + penalty * w

    return optimize.minimize(loss, np.zeros(design.shape[1]), jac=True, method="CG").x


def network(x: np.ndarray, y: np.ndarray, ridge: float, hidden: int, seed: int) -> Score:
    """Fits a network with one hidden layer of hyperbolic tangents.

    Args:
      x: `[N, F]` features.
      y: `[N]` classes, 0 or 1.
      ridge: the weights' prior precision.
      hidden: units.
      seed: of the start.

    Returns:
      Its log odds.
    """
    inner = x.shape[1] + 1
    rng = np.random.default_rng(seed)
    start = np.r_[rng.normal(size=inner * hidden) / np.sqrt(inner), np.zeros(hidden + 1)]
    design = np.column_stack([np.ones(len(x)), x])

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        first, second = w[: inner * hidden].reshape(inner, hidden), w[inner * hidden :]
        h = np.tanh(design @ first)
        value, slope = _cross_entropy(second[0] + h @ second[1:], y)
        back = slope[:, None] * second[1:] * (1.0 - h**2)
        gradient = np.r_[(design.T @ back).ravel(), slope.sum(), h.T @ slope]
        return value + 0.5 * ridge * (w @ w), gradient + ridge * w

    options = {"maxiter": 80, "gtol": 1e-2}
    w = optimize.minimize(loss, start, jac=True, method="CG", options=options).x
    first, second = w[: inner * hidden].reshape(inner, hidden), w[inner * hidden :]
    return lambda z: second[0] + np.tanh(np.column_stack([np.ones(len(z)), z]) @ first) @ second[1:]


def best_ridge(
    x: np.ndarray, y: np.ndarray, group: np.ndarray, fitted: Callable[..., Score]
) -> float:
    """Chooses a ridge by cross-validation, members of a group staying together.

    Args:
      x: `[N, F]` features.
      y: `[N]` classes.
      group: `[N]` whole numbers.
      fitted: (x, y, ridge) -> log odds.

    Returns:
      The ridge of the least cross-entropy.
    """
    fold = group % _FOLDS
    losses = []
    for ridge in _RIDGES:
        total = 0.0
        for k in range(_FOLDS):
            rest = fold != k
            if rest.any() and not rest.all():
                total += _cross_entropy(fitted(x[rest], y[rest], ridge)(x[~rest]), y[~rest])[0]
        losses.append(total)
    return _RIDGES[int(np.argmin(losses))]


def _cross_entropy(logits: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The sum, and its gradient with respect to the log odds."""
    return float(np.sum(np.logaddexp(0.0, logits) - y * logits)), special.expit(logits) - y
