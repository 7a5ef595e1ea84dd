"""WaitingTime: the law of how many steps something takes, by its hazards."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from recsim_ng.core import check, require
from recsim_ng.core.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class WaitingTime:
    """A law of whole waiting times by hazards, the last of which stays in force for ever.

        h_k = P(wait = k | wait >= k),   P(wait = k) = h_k prod_{j<k} (1 - h_j),   k = 0, 1, ...

    Attributes:
      hazards: `[H]` probabilities h_0 .. h_{H-1}; h_k = h_{H-1} beyond. With H = 1 it is geometric;
        a last hazard of 1 bounds the wait by H - 1.

    Raises:
      ConfigError: (also a ValueError) hazards is empty, or one is outside [0, 1].
    """

    hazards: tuple[float, ...]

    def __post_init__(self) -> None:
        require.probabilities("WaitingTime", "hazards", self.hazards)
        given = np.asarray(self.hazards, np.float64)
        if given.ndim != 1 or not given.size:
            raise ConfigError(
                f"WaitingTime: hazards must be a vector of at least one, got shape {given.shape}"
            )
        object.__setattr__(self, "hazards", tuple(given.tolist()))

    @classmethod
    def geometric(cls, probability: float) -> WaitingTime:
        """The law P(wait = k) = p (1 - p)^k.

        Args:
          probability: p, within [0, 1].
        """
        check.real("WaitingTime.geometric", "probability", probability, 0.0, 1.0)
        return cls((probability,))

    @classmethod
    def exponential(cls, mean: float) -> WaitingTime:
        """The whole steps of an exponential time: P(wait >= k) = exp(-k / mean), a geometric law.

        Args:
          mean: of the time that is rounded down, in steps, above 0.

        Raises:
          ConfigError: (also a ValueError) it is not above 0.
        """
        check.real("WaitingTime.exponential", "mean", mean)
        if not mean > 0:
            raise ConfigError(f"WaitingTime.exponential: mean must be above 0, got {mean!r}")
        return cls((-math.expm1(-1.0 / mean),))

    @classmethod
    def weibull(cls, shape: float, scale: float, horizon: int = 100) -> WaitingTime:
        """The whole steps of a Weibull time: P(wait >= k) = exp(-(k / scale)^shape).

        Exact up to `horizon`; from there on the hazard stays what it is. With a shape below 1 the
        longer one has waited, the longer one has to wait.

        Args:
          shape: above 0, finite; 1 is exponential.
          scale: in steps, above 0.
          horizon: H - 1, at least 1.

        Raises:
          ConfigError: (also a ValueError) one is out of its range.

        Source: Nakagawa and Osaki (1975), The discrete Weibull distribution.
        """
        for name, x in (("shape", shape), ("scale", scale)):
            check.real("WaitingTime.weibull", name, x)
            if not x > 0:
                raise ConfigError(f"WaitingTime.weibull: {name} must be above 0, got {x!r}")
        if math.isinf(shape):
            raise ConfigError("WaitingTime.weibull: shape must be finite, got inf")
        check.whole("WaitingTime.weibull", "horizon", horizon, 1)
        with np.errstate(over="ignore"):
            steps = (np.arange(horizon + 2) / scale) ** shape
        over = np.isinf(steps[:-1])  # nobody waits as long as that
        steps = np.where(np.append(False, over), 0.0, steps)
        return cls(tuple(np.where(over, 1.0, -np.expm1(-np.diff(steps)))))

    @classmethod
    def of_probabilities(cls, masses: Sequence[float]) -> WaitingTime:
        """A law of finitely many waits.

        Args:
          masses: `[H]` probabilities of the waits 0 .. H-1, summing to one.

        Raises:
          ConfigError: (also a ValueError) one is outside [0, 1], or they do not sum to one.
        """
        require.probabilities("WaitingTime", "masses", masses)
        p = np.asarray(masses, np.float64)
        if p.ndim != 1 or not np.isclose(p.sum(), 1.0, atol=1e-6):
            raise ConfigError(
                f"WaitingTime: masses must be a vector that sums to 1, got {p.tolist()}"
            )
        p = np.trim_zeros(p, "b")
        left = np.cumsum(p[::-1])[::-1]  # P(wait >= k), at the end the last mass itself
        return cls(tuple(p / left))

    def hazard(self, size: int) -> np.ndarray:
        """Returns `[size]` hazards h_0 .. h_{size-1}.

        Args:
          size: how many.
        """
        return np.asarray(self.hazards)[np.minimum(np.arange(size), len(self.hazards) - 1)]

    def probabilities(self, size: int) -> np.ndarray:
        """Returns `[size]` probabilities of the waits 0 .. size-1.

        Args:
          size: how many.
        """
        return self.hazard(size) * self.survival(size)

    def survival(self, size: int) -> np.ndarray:
        """Returns `[size]` probabilities that the wait is at least 0 .. size-1.

        Args:
          size: how many.
        """
        return np.concatenate([[1.0], np.cumprod(1.0 - self.hazard(size))])[:size]

    @property
    def mean(self) -> float:
        """Expected wait, infinite where it may never end."""
        size = len(self.hazards)
        survival = self.survival(size)
        last = self.hazards[-1]
        if not last:
            return math.inf if survival[-1] else float(survival[1:].sum())
        # From H - 1 on it is geometric.
        return float(survival[1:].sum() + survival[-1] * (1.0 - last) / last)
