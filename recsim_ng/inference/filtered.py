"""Filtered: what a particle filter has found."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
import xarray as xr

from recsim_ng.core import check
from recsim_ng.core.errors import FieldError
from recsim_ng.core.network import Network
from recsim_ng.core.value import Value
from recsim_ng.inference.inference_data import drawn_data
from recsim_ng.inference.particle_smoother import BackwardSmoother, genealogy_indices
from recsim_ng.inference.replay import Observed, joined
from recsim_ng.inference.transition import Transition
from recsim_ng.inference.unknown import Unknown
from recsim_ng.inference.user_terms import has_user_axis

_SMOOTHERS = ("backward", "genealogy")
_LEAST_ESS, _LEAST_VALUES = 10.0, 100


@dataclasses.dataclass(frozen=True, eq=False)
class Filtered:
    """Weighted particles at each step, and how likely the logs are.

    Where users are independent there are U groups of weights, else one: G is U or 1.

    Attributes:
      network: the story.
      given: what is known.
      transition: the story's steps.
      kept: for each of `transition.kept` `[T, P, ...]` what particles hold.
      log_weights: `[T, P, G]` normalised, before any resampling.
      ancestors: `[T, P, G]` int32, the particle at the step before that each descends from.
      increments: `[T, G]` log p^(y_t | y_{<t}).
      shared: the log-probability of what was observed and is no user's.
      users: U, or None.
      smoother: draws paths backwards.
    """

    network: Network
    given: Observed
    transition: Transition
    kept: list[Any]
    log_weights: Any
    ancestors: Any
    increments: np.ndarray
    shared: float
    users: int | None
    smoother: BackwardSmoother

    @property
    def log_likelihood(self) -> float:
        """The logarithm of an unbiased estimate of the logs' probability (density)."""
        return float(np.sum(self.increments, dtype=np.float64) + self.shared)

    @property
    def log_likelihood_by_user(self) -> np.ndarray | None:
        """`[U]` what each user adds to it, where users are independent; else None."""
        return None if self.users is None else self.increments.sum(axis=0, dtype=np.float64)

    @property
    def ess(self) -> np.ndarray:
        """`[T]` effective numbers of particles, 1 to P; `[T, U]` where users are independent."""
        squares = np.sum(np.exp(2.0 * np.asarray(self.log_weights, np.float64)), axis=1)
        return 1.0 / (squares[:, 0] if self.users is None else squares)

    @property
    def problems(self) -> tuple[str, ...]:
        """What speaks against trusting the particles: steps, or parameters, that few stand for."""
        found, ess = [], self.ess
        if ess.min() < _LEAST_ESS:
            step, *user = np.unravel_index(int(ess.argmin()), ess.shape)
            whose = f" for user {user[0]}" if user else ""
            found.append(
                f"at step {step} only {ess.min():.1f} particles count{whose}, fewer than "
                f"{_LEAST_ESS}: take more of them"
            )
        for unknown in self.unknowns:
            if unknown.when == "always" and unknown.dtype.is_floating:
                last = np.asarray(self._particles(unknown))[-1]
                left = min(len(np.unique(x)) for x in last.reshape(len(last), -1).T)
                if left < _LEAST_VALUES:
                    found.append(
                        f"only {left} values of '{unknown.name}', which is drawn once, are left: "
                        "fit it by 'mcmc' or 'em' first and put it into the logs, or take more "
                        "particles"
                    )
        return tuple(found)

    @property
    def weights(self) -> np.ndarray:
        """`[T, P]` weights that sum to one over P; `[T, P, U]` where users are independent."""
        weights = np.exp(self.log_weights)
        return weights[..., 0] if self.users is None else weights

    @property
    def particles(self) -> dict[str, Value]:
        """Variable name -> Value of the unknowns: `[T, P, ...]` unweighted values."""
        return _values({u.name: self._particles(u) for u in self.unknowns}, self.unknowns)

    @property
    def unknowns(self) -> list[Unknown]:
        """What was not observed."""
        return self.transition.unknowns

    def mean(self, name: str) -> np.ndarray:
        """Returns E[x_t | y_0 ... y_t], `[T, ...]`.

        Args:
          name: "variable.field" of an unknown.

        Raises:
          FieldError: (also a ValueError) there is no such unknown.
        """
        return self._weighted(name, lambda x: x)

    def variance(self, name: str) -> np.ndarray:
        """Returns Var[x_t | y_0 ... y_t], `[T, ...]`.

        Args:
          name: "variable.field" of an unknown.

        Raises:
          FieldError: (also a ValueError) there is no such unknown.
        """
        mean = self.mean(name)[:, None]
        return self._weighted(name, lambda x: (x - mean) ** 2)

    def smoothed(self, num_draws: int, seed: Any = 0, method: str = "backward") -> dict[str, Value]:
        """Draws the unknowns from p(x_0 ... x_{T-1} | y_0 ... y_{T-1}).

        "backward" simulates backwards from the last step, weighing all particles anew at every
        step (forward filtering, backward simulation): its draws are diverse at all steps, and it
        costs a step of P particles for each draw and step. "genealogy" follows particles' ancestors
        back: it costs nothing, but all particles soon descend from few, so that many draws share
        their early steps. What is drawn once and kept, as a parameter, is as diverse as the last
        step's particles either way.

        Args:
          num_draws: M.
          seed: an int or a pair of ints.
          method: "backward" or "genealogy".

        Returns:
          Variable name -> Value: `[M, T, ...]` of what is drawn at every step, `[M, T - 1, ...]` of
          what is drawn from step 1 on, `[M, ...]` of what is drawn once.

        Raises:
          ConfigError: (also a ValueError) the number of draws or the method is none.
        """
        check.whole("smoothed", "num_draws", num_draws, 1)
        check.one_of("smoothed", "method", method, _SMOOTHERS)
        found = (self.log_weights, self.ancestors)
        if method == "backward":
            indices = self.smoother.indices(self.given, *found, self.kept, num_draws, seed)
        else:
            indices = genealogy_indices(*found, num_draws, seed)
        return _values({u.name: self._along(u, indices) for u in self.unknowns}, self.unknowns)

    def inference_data(self, num_draws: int = 1000, seed: Any = 0, method: str = "backward") -> Any:
        """Returns smoothed draws as an ArviZ InferenceData, in one chain.

        The groups are posterior, observed_data, and filter_stats with the effective number of
        particles and log p^(y_t | y_{<t}) of each step.

        Args:
          num_draws: M.
          seed: an int or a pair of ints.
          method: as for `smoothed`.
        """
        draws = self.smoothed(num_draws, seed, method)
        posterior = {
            u.name: np.asarray(draws[u.variable].get(u.field))[None] for u in self.unknowns
        }
        found = drawn_data(self.network, self.given, posterior, {}, self.unknowns)
        axes = ("time", "user")[: self.ess.ndim]
        stats = {"ess": self.ess, "log_likelihood": self.increments.reshape(self.ess.shape)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # ArviZ has no such group of its own
            found.add_groups(
                filter_stats=xr.Dataset({name: (axes, x) for name, x in stats.items()})
            )
        return found

    def _unknown(self, name: str) -> Unknown:
        for unknown in self.unknowns:
            if unknown.name == name:
                return unknown
        raise FieldError(
            f"Filtered: the name must be one of {[u.name for u in self.unknowns]}, got '{name}'"
        )

    def _particles(self, unknown: Unknown) -> Any:
        return self.kept[self.transition.kept.index((unknown.variable, unknown.field))]

    def _weighted(self, name: str, fn: Any) -> np.ndarray:
        x = fn(np.asarray(self._particles(self._unknown(name)), np.float64))
        weights = np.exp(np.asarray(self.log_weights, np.float64))
        if self.users is None:
            weights = weights[..., 0]
        weights = weights.reshape(*weights.shape, *[1] * (x.ndim - weights.ndim))
        return np.sum(weights * x, axis=1)

    def _along(self, unknown: Unknown, indices: np.ndarray) -> np.ndarray:
        """An unknown along paths, of its own shape behind `[M]`; indices are `[M, T, G]`."""
        x = np.asarray(self._particles(unknown))
        steps = np.arange(x.shape[0])
        users = np.arange(indices.shape[-1])
        if self.users is not None and has_user_axis(self.network, unknown.variable, unknown.field):
            found = x[steps[:, None], indices, users]
        else:
            found = x[steps, indices[..., 0]]
        if unknown.when == "each":
            return found
        return {"later": found[:, 1:], "first": found[:, 0]}.get(unknown.when, found[:, -1])


def _values(fields: dict[str, Any], unknowns: list[Unknown]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for unknown in unknowns:
        found = joined(found, {unknown.variable: Value(**{unknown.field: fields[unknown.name]})})
    return found
