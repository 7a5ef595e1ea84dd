"""Posterior-predictive checks: statistics of the logs beside those of simulated ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from recsim_ng.core import check
from recsim_ng.core.errors import DataError

Statistic = Callable[[Mapping[str, np.ndarray]], Any]
"""{"variable.field": `[T, ...]`} -> a number or a vector."""


@dataclasses.dataclass(frozen=True, eq=False)
class PredictiveCheck:
    """A statistic of the logs beside the same statistic of simulated ones.

    Attributes:
      name: of the statistic.
      observed: `[K]` of the logs; K is 1 for a number.
      simulated: `[R, K]` of R simulated trajectories.
      p_values: `[K]` posterior-predictive P(simulated >= observed), ties counted half: near 0 or 1
        where the logs are further out than what is simulated.
      p_value: of all components at once, two-sided: the share of trajectories, the logs among them,
        whose greatest deviation from the mean, in standard deviations, is no less than the logs'.
    """

    name: str
    observed: np.ndarray
    simulated: np.ndarray
    p_values: np.ndarray
    p_value: float

    @property
    def is_passed(self) -> bool:
        """Whether the p-value is above 0.05, as it always is with fewer than 19 simulated."""
        return self.p_value > 0.05


def predictive_checks(
    statistics: Mapping[str, Statistic],
    logs: Mapping[str, np.ndarray],
    runs: Sequence[Mapping[str, np.ndarray]],
) -> list[PredictiveCheck]:
    """Computes statistics of logs and of simulated trajectories.

    Args:
      statistics: name -> function of a trajectory, a number or a vector.
      logs: "variable.field" -> `[T, ...]`.
      runs: the same of each simulated trajectory.

    Returns:
      One check for each statistic.

    Raises:
      ConfigError: (also a ValueError) a statistic is no function.
      DataError: (also a ValueError) a statistic is not finite, no vector, not always as long, or
        reads a field that is not there.

    Source: Gelman, Meng and Stern, Statistica Sinica 6, 1996.
    """
    check.instance("predictive_checks", "statistics", statistics, Mapping)
    found = []
    for name, statistic in statistics.items():
        check.function("predictive_checks", f"statistics['{name}']", statistic)
        observed = _vector(name, statistic, logs)
        simulated = [_vector(name, statistic, run) for run in runs]
        lengths = sorted({len(x) for x in (observed, *simulated)})
        if len(lengths) > 1:
            raise DataError(
                f"predictive_checks: statistic '{name}' must always be as long, got {lengths}"
            )
        table = np.stack(simulated)
        above = np.mean((table > observed) + 0.5 * (table == observed), axis=0)
        found.append(PredictiveCheck(name, observed, table, above, _joint(observed, table)))
    return found


def _joint(observed: np.ndarray, simulated: np.ndarray) -> float:
    """The p-value of all components: of exchangeable vectors each is as likely the furthest out."""
    table = np.vstack([observed, simulated])
    away = np.abs(table - table.mean(axis=0))
    spread = table.std(axis=0)
    furthest = (away / np.where(spread > 0, spread, 1.0)).max(axis=1)
    return float(np.mean(furthest >= furthest[0] * (1 - 1e-9)))


def _vector(name: str, statistic: Statistic, run: Mapping[str, np.ndarray]) -> np.ndarray:
    try:
        found = statistic(run)
    except KeyError as error:
        raise DataError(
            f"predictive_checks: statistic '{name}' must read what is simulated, {sorted(run)}, "
            f"got {error}; name one of these"
        ) from error
    try:
        x = np.atleast_1d(np.asarray(found, np.float64))
    except (TypeError, ValueError):
        x = np.empty(0)
    if x.ndim != 1 or not len(x) or not np.isfinite(x).all():
        raise DataError(
            f"predictive_checks: statistic '{name}' must be a finite number or vector, got "
            f"{found!r}"
        )
    return x
