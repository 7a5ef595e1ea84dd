"""The optimal policy of the long-term satisfaction story, by dynamic programming."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline

from recsim_ng.core import check, require
from recsim_ng.core.errors import ConfigError

_GRID = 801
_NODES = 16


@dataclasses.dataclass(frozen=True)
class KaleOptimum:
    """What the best policy does and brings, for slates of one document.

        V_T(n) = 0
        Q_t(n, d) = sigmoid(sensitivity n) E L_d + E V_{t+1}(discount n + 2 k_d - 1 + noise)
        V_t(n) = max_d Q_t(n, d)

    with T steps to go at t = 0, E L_d the mean of the document's log-normal engagement.

    Attributes:
      exposure: `[G]` grid of net kale exposures n, evenly spaced.
      value: `[T + 1, G]` V_t(n), the expected engagement from step t to the end.
      action: `[T, G]` int the document that reaches it, the first of equals.
    """

    exposure: np.ndarray
    value: np.ndarray
    action: np.ndarray

    def expected_engagement(self, exposure: Any, step: int = 0) -> np.ndarray:
        """Returns the expected engagement from a step to the end under the best policy.

        Args:
          exposure: `[...]` net kale exposure at that step.
          step: t.
        """
        return CubicSpline(self.exposure, self.value[step])(exposure)


def kale_optimum(
    kaleness: Any,
    num_steps: int,
    *,
    discount: float,
    sensitivity: float,
    innovation_noise: float,
    mu_choc: float,
    mu_kale: float,
    sd_choc: float,
    sd_kale: float,
    document: int | None = None,
) -> KaleOptimum:
    """Solves the story for slates of one document.

    Args:
      kaleness: `[D]` of the documents, within [0, 1].
      num_steps: T, at least 1.
      discount: share of the exposure that is left after a step, within [0, 1].
      sensitivity: of satisfaction to exposure.
      innovation_noise: standard deviation of the exposure's noise; 0: none.
      mu_choc: location of the log engagement of chocolate.
      mu_kale: of kale.
      sd_choc: scale of the log engagement of chocolate.
      sd_kale: of kale.
      document: to evaluate the policy that always shows this one instead; None for the best.

    Returns:
      Policy and value. The grid covers what T steps can lead to from any start within the range
      of steady diets.

    Raises:
      ConfigError: (also a ValueError) an argument is out of range.

    Source: Bellman (1957), Dynamic programming, chapter III.
    """
    where = "kale_optimum"
    k = np.asarray(require.probabilities(where, "kaleness", kaleness), np.float64)
    if k.ndim != 1 or not k.size:
        raise ConfigError(f"{where}: kaleness must be [D], a number for each document, got {k}")
    check.whole(where, "num_steps", num_steps, 1)
    check.real(where, "discount", discount, 0.0, 1.0)
    check.real(where, "sensitivity", sensitivity, -1e3, 1e3)
    check.real(where, "innovation_noise", innovation_noise, 0.0, 1e3)
    for name, location in (("mu_choc", mu_choc), ("mu_kale", mu_kale)):
        check.real(where, name, location, -300.0, 300.0)
    for name, scale in (("sd_choc", sd_choc), ("sd_kale", sd_kale)):
        check.real(where, name, scale, 0.0, 20.0)
    if document is not None:
        check.whole(where, "document", document, 0, k.size - 1)
    reach = float(num_steps) if discount >= 1.0 else min(num_steps, 1.0 / (1.0 - discount))
    spread = math.sqrt(sum(discount ** (2 * t) for t in range(num_steps)))
    half = reach + 6.0 * innovation_noise * spread
    if discount < 1.0:
        half = max(half, 1.0 / (1.0 - discount))
    grid = np.linspace(-half, half, _GRID)
    sd = k * sd_kale + (1.0 - k) * sd_choc
    engagement = np.exp(k * mu_kale + (1.0 - k) * mu_choc + sd**2 / 2.0)
    now = engagement / (1.0 + np.exp(-sensitivity * grid))[:, None]  # [G, D]
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    ahead = discount * grid[:, None] + 2.0 * k - 1.0  # [G, D]
    points = np.clip(ahead[..., None] + innovation_noise * nodes, -half, half)
    values, actions = [np.zeros(_GRID)], []
    for _ in range(num_steps):
        later = CubicSpline(grid, values[-1])(points) @ weights
        total = now + later
        best = np.argmax(total, axis=1) if document is None else np.full(_GRID, document)
        actions.append(best)
        values.append(np.take_along_axis(total, best[:, None], axis=1)[:, 0])
    return KaleOptimum(grid, np.stack(values[::-1]), np.stack(actions[::-1]))
