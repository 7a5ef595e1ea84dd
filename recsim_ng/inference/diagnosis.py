"""Diagnosis: what speaks against trusting a fit, and where it is worst."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from recsim_ng.inference.inference_data import arviz

_MOST_RHAT, _LEAST_ESS, _LEAST_BFMI = 1.01, 100.0, 0.3
_MOST_PARETO_K, _MANY = 0.7, 0.05  # share of the observations with a greater k
_LEAST_DRAWS = 4  # of a chain, for any of ArviZ's diagnostics


@dataclasses.dataclass(frozen=True, eq=False)
class Diagnostics:
    """How well a fit has done, number by number.

    Attributes:
      table: a pandas DataFrame, a row for each element of each unknown ("user state.intent[3, 1]"):
        mcse_mean and mcse_sd in the unknown's unit, ess_bulk, ess_tail, r_hat; NaN where there is
        one draw alone.
      num_diverging: draws that diverged; None where the method knows no divergence.
      bfmi: `[C]` or `[C, B]` energy's Bayesian fraction of missing information, of each chain; None
        where the method has no energy.
      pareto_k: "variable.field" -> `[...]` how heavy the tails are of the weights that leave an
        observation out; empty where no log-likelihood was asked for.
    """

    table: Any
    num_diverging: int | None
    bfmi: np.ndarray | None
    pareto_k: Mapping[str, Any]

    def __repr__(self) -> str:
        lines = []
        for column, is_worse in (
            ("r_hat", "idxmax"),
            ("ess_bulk", "idxmin"),
            ("ess_tail", "idxmin"),
        ):
            values = self.table[column].dropna()
            if len(values):
                worst = getattr(values, is_worse)()
                lines.append(f"worst {column} {values[worst]:.4g} of {worst}")
        if self.num_diverging is not None:
            lines.append(f"{self.num_diverging} draws diverged")
        if self.bfmi is not None:
            lines.append(f"least E-BFMI {np.min(self.bfmi):.2g}")
        for name, k in self.pareto_k.items():
            lines.append(f"greatest Pareto k of {name} {np.max(k.values):.2g}")
        return f"Diagnostics: {'; '.join(lines) or 'of a single draw'}"


def diagnostics(data: Any, pareto_k: Mapping[str, Any]) -> Diagnostics:
    """Returns the diagnostics of draws.

    Args:
      data: InferenceData of a fit.
      pareto_k: of its observations, as `pareto_ks` finds them.
    """
    az = arviz()
    posterior = data.posterior
    if posterior.sizes["draw"] < _LEAST_DRAWS:
        table = az.summary(posterior, stat_funcs={"mean": np.mean}, extend=False)
        table = table.reindex(columns=["mcse_mean", "mcse_sd", "ess_bulk", "ess_tail", "r_hat"])
    else:
        table = az.summary(posterior, kind="diagnostics", round_to="none")
    stats = data.sample_stats if "sample_stats" in data.groups() else {}
    diverging = int(stats["diverging"].sum()) if "diverging" in stats else None
    bfmi = _bfmi(stats["energy"].values) if "energy" in stats else None
    return Diagnostics(table, diverging, bfmi, pareto_k)


def chain_problems(
    draws: np.ndarray, stats: dict[str, np.ndarray], names: np.ndarray | None = None
) -> tuple[str, ...]:
    """Returns what speaks against chains, worst first; nothing if nothing does.

    Args:
      draws: `[C, N, B, n]` on the real line.
      stats: name -> `[C, N, B]`: is_diverging, energy.
      names: `[B, n]` of the numbers, of which the worst is named; None: none is.

    Source: Vehtari et al. (2021), Rank-normalization, folding, and localization: an improved R-hat,
      Bayesian Analysis 16; Betancourt (2016), Diagnosing suboptimal cotangent disintegrations in
      Hamiltonian Monte Carlo, for E-BFMI.
    """
    still = np.ptp(draws, axis=1).max(axis=-1) == 0.0  # [C, B]
    if still.any():
        which = np.flatnonzero(still.any(axis=1)).tolist()
        where = "" if draws.shape[2] == 1 else f", in {int(still.any(axis=0).sum())} blocks"
        if where and names is not None:
            where += f", that of {names[still.any(axis=0)][0, 0]} the first"
        return (f"chains {which} did not move{where}",)
    found = list(agreement_problems(draws, names))
    diverging = stats["is_diverging"].sum(axis=(0, 1)).reshape(-1)  # [B]
    if diverging.sum():
        where = ""
        if len(diverging) > 1 and names is not None:
            block = int(np.argmax(diverging))
            where = f", most of them ({diverging[block]}) in the block of {names[block, 0]}"
        found.append(
            f"{diverging.sum()} draws diverged{where}: the density has corners; reparametrise"
        )
    bfmi = _bfmi(stats["energy"])
    if np.min(bfmi) < _LEAST_BFMI:
        chain = int(np.argwhere(bfmi == np.min(bfmi))[0][0])
        found.append(
            f"the least E-BFMI is {np.min(bfmi):.2g}, of chain {chain}, below {_LEAST_BFMI}"
        )
    return tuple(found)


def agreement_problems(draws: np.ndarray, names: np.ndarray | None = None) -> tuple[str, ...]:
    """Returns where chains disagree, or say too little.

    Args:
      draws: `[C, N, ...]` numbers.
      names: `[...]` of the numbers, of which the worst is named; None: none is.
    """
    az = arviz()
    chains = draws.shape[0]
    found = []
    posterior = az.convert_to_dataset({"z": draws})
    if chains > 1:
        rhats = az.rhat(posterior)["z"].values
        rhat, where = _worst(rhats, names, np.argmax)
        if not rhat <= _MOST_RHAT:
            found.append(
                f"split R-hat is {rhat:.3g}{where}, above {_MOST_RHAT}: the chains disagree"
            )
    for kind in ("bulk", "tail"):
        ess, where = _worst(az.ess(posterior, method=kind)["z"].values, names, np.argmin)
        if not ess >= _LEAST_ESS * chains:
            found.append(
                f"the least {kind} ESS is {ess:.0f}{where}, below {int(_LEAST_ESS * chains)}: "
                "draw more"
            )
    return tuple(found)


def pareto_ks(data: Any) -> dict[str, Any]:
    """Returns "variable.field" -> `[...]` the Pareto k of each observation, an xarray DataArray.

    Args:
      data: InferenceData with a log-likelihood, of several draws.

    Source: Vehtari, Simpson, Gelman, Yao and Gabry (2024), Pareto smoothed importance sampling,
      Journal of Machine Learning Research 25.
    """
    az = arviz()
    if "log_likelihood" not in data.groups() or data.posterior.sizes["draw"] < _LEAST_DRAWS:
        return {}
    with warnings.catch_warnings():
        # That some k are great is said among the problems.
        warnings.simplefilter("ignore", UserWarning)
        return {
            name: az.loo(data, pointwise=True, var_name=name).pareto_k
            for name in data.log_likelihood.data_vars
        }


def pareto_problems(pareto_k: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns what speaks against leaving observations out by their weights.

    Args:
      pareto_k: as `pareto_ks` finds them.
    """
    found = []
    for name, k in pareto_k.items():
        high = int(np.sum(k.values > _MOST_PARETO_K))
        if high > _MANY * k.size:
            place = np.unravel_index(int(np.argmax(k.values)), k.shape)
            at = f"[{', '.join(str(int(i)) for i in place)}]" if place else ""
            found.append(
                f"Pareto k is above {_MOST_PARETO_K} for {high} of {k.size} observations of "
                f"{name}, {np.max(k.values):.2g} at {name}{at}: what it says of left-out data "
                "(az.loo) is unreliable, and the model may be wrong there"
            )
    return tuple(found)


def _bfmi(energy: np.ndarray) -> np.ndarray:
    """`[C, ...]` out of `[C, N, ...]`."""
    away = energy - energy.mean(axis=1, keepdims=True)
    return np.sum(np.diff(energy, axis=1) ** 2, axis=1) / np.sum(away**2, axis=1)


def _worst(values: np.ndarray, names: np.ndarray | None, which: Any) -> tuple[float, str]:
    """The worst value and " for its name"; a number that is none is worse than all."""
    flat = np.asarray(values, np.float64).reshape(-1)
    nans = np.flatnonzero(np.isnan(flat))
    at = int(nans[0]) if len(nans) else int(which(flat))
    return float(flat[at]), "" if names is None else f" for {names.reshape(-1)[at]}"
