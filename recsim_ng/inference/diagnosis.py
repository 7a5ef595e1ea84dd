"""Diagnosis: what speaks against trusting a fit, and where it is worst."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import stats as laws

from recsim_ng.core.lazy import arviz

_FALSE_ALARM = 0.01  # of the greatest R-hat of all numbers, for chains that agree
_SEVERAL = 0.001  # share of the draws that must diverge to be more than a few
_MOST_RHAT, _LEAST_ESS, _LEAST_BFMI = 1.01, 100.0, 0.3
_FEW_DIVERGED = (
    "few enough that smaller steps may reach everywhere; fit again with "
    "McmcSettings(target_acceptance=0.95), and if some still do, draw what varies as a standard "
    "normal that the story shifts and scales"
)
_MANY_DIVERGED = (
    "the density has corners, often because one unknown is the scale of others; reparametrise: "
    "draw these as standard normals that the story scales"
)
_SLOW_ENERGY = (
    "chains take long to reach the tails, often because one unknown is the scale of others or says "
    "what the logs do not; draw these as standard normals that the story scales, or give a "
    "narrower prior"
)
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
        number, size = int(diverging.sum()), stats["is_diverging"].size
        advice = _FEW_DIVERGED if number <= max(1, _SEVERAL * size) else _MANY_DIVERGED
        found.append(f"{number} of {size} draws diverged{where}: {advice}")
    bfmi = _bfmi(stats["energy"])
    if np.min(bfmi) < _LEAST_BFMI:
        chain = int(np.argwhere(bfmi == np.min(bfmi))[0][0])
        found.append(
            f"the least E-BFMI is {np.min(bfmi):.2g}, of chain {chain}, below {_LEAST_BFMI}: "
            f"{_SLOW_ENERGY}"
        )
    return tuple(found)


def agreement_problems(draws: np.ndarray, names: np.ndarray | None = None) -> tuple[str, ...]:
    """Returns where chains disagree, or say too little.

    Args:
      draws: `[C, N, ...]` numbers.
      names: `[...]` of the numbers, of which the worst is named; None: none is.
    """
    az = arviz()
    least = _LEAST_ESS * draws.shape[0]
    posterior = az.convert_to_dataset({"z": draws})
    found = []
    if draws.shape[0] > 1:
        found += _disagreement(draws, az.rhat(posterior)["z"].values, names)
    for kind in ("bulk", "tail"):
        values = az.ess(posterior, method=kind)["z"].values
        at, where = _worst(values, names, np.argmin)
        ess = values.reshape(-1)[at]
        if not ess >= least:
            found.append(f"the least {kind} ESS is {ess:.0f}{where}, below {int(least)}: draw more")
    return tuple(found)


def _disagreement(draws: np.ndarray, rhats: np.ndarray, names: np.ndarray | None) -> list[str]:
    """Whether an R-hat is greater than so many are by chance."""
    chains, count = draws.shape[0], rhats.size
    rhats = rhats.reshape(-1)
    high = np.flatnonzero(~(rhats <= _MOST_RHAT))
    if not len(high):
        return []
    az = arviz()
    some = draws.reshape(*draws.shape[:2], -1)[:, :, high]
    # What each chain is worth by itself: that they disagree must not make up for itself.
    own = az.convert_to_dataset({"z": some - some.mean(axis=1, keepdims=True)})
    sizes = np.fmax(az.ess(own, method="mean")["z"].values, _LEAST_ESS * chains)
    limits = most_rhat(sizes, chains, count)
    of_high = None if names is None else names.reshape(-1)[high]
    at, where = _worst(rhats[high] / limits, of_high, np.argmax)
    rhat, limit = rhats[high][at], limits[at]
    if rhat <= limit:
        return []
    digits = 3
    while digits < 9 and f"{rhat:.{digits}g}" == f"{limit:.{digits}g}":
        digits += 1
    return [
        f"split R-hat is {rhat:.{digits}g}{where}, above {limit:.{digits}g}: the chains disagree"
    ]


def most_rhat(sizes: Any, chains: int, count: int) -> Any:
    """Returns above which split R-hat chains disagree, of one of many numbers.

    It is 1.01, or more where the greatest of so many R-hats may be greater by chance. Of M = 2 C
    halves of chains that agree, each worth e = sizes / M independent draws, the means' variance B
    and that within, W, give

        R-hat^2 = 1 - 1/n + B / (n W) <= 1 + Q / (e (M - 1)),    Q chi-squared with M - 1 degrees,

    nearly. Each number has two R-hats, of its ranks and of their distances from the median, and
    1 % is shared out among all of these: of a hundred fits whose chains agree, at most one has an
    R-hat that is said to be too great because of that law's tail.

    Args:
      sizes: `[...]` effective sample sizes of all chains together.
      chains: C.
      count: how many numbers there are.

    Source: Vehtari et al. (2021) for 1.01, equations 1 to 4.
    """
    halves = 2 * chains
    quantile = laws.chi2.isf(_FALSE_ALARM / (2 * count), halves - 1)
    chance = np.sqrt(1.0 + quantile / (halves - 1) * halves / np.asarray(sizes))
    return np.fmax(_MOST_RHAT, chance)


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


def _worst(values: np.ndarray, names: np.ndarray | None, which: Any) -> tuple[int, str]:
    """The flat place of the worst value, and " for its name"; NaN is worse than all."""
    flat = np.asarray(values, np.float64).reshape(-1)
    nans = np.flatnonzero(np.isnan(flat))
    at = int(nans[0]) if len(nans) else int(which(flat))
    return at, "" if names is None else f" for {names.reshape(-1)[at]}"
