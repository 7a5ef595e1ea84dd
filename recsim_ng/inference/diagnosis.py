"""Diagnosis: what speaks against trusting chains."""

from __future__ import annotations

import numpy as np

from recsim_ng.inference.inference_data import arviz

_MOST_RHAT, _LEAST_ESS, _LEAST_BFMI = 1.01, 100.0, 0.3


def chain_problems(draws: np.ndarray, stats: dict[str, np.ndarray]) -> tuple[str, ...]:
    """Returns what speaks against chains, worst first; nothing if nothing does.

    Args:
      draws: `[C, N, B, n]` on the real line.
      stats: name -> `[C, N, B]`: is_diverging, energy.

    Source: Vehtari et al. (2021), Rank-normalization, folding, and localization: an improved R-hat,
      Bayesian Analysis 16; Betancourt (2016), Diagnosing suboptimal cotangent disintegrations in
      Hamiltonian Monte Carlo, for E-BFMI.
    """
    az = arviz()
    chains = draws.shape[0]
    still = np.ptp(draws, axis=1).max(axis=-1) == 0.0  # [C, B]
    if still.any():
        which = np.flatnonzero(still.any(axis=1)).tolist()
        where = "" if draws.shape[2] == 1 else f", in {int(still.any(axis=0).sum())} blocks"
        return (f"chains {which} did not move{where}",)
    found = []
    posterior = az.convert_to_dataset({"z": draws})
    if chains > 1:
        rhat = float(np.max(az.rhat(posterior)["z"]))
        if not rhat <= _MOST_RHAT:
            found.append(f"split R-hat is {rhat:.3g}, above {_MOST_RHAT}: the chains disagree")
    for kind in ("bulk", "tail"):
        ess = float(np.min(az.ess(posterior, method=kind)["z"]))
        if not ess >= _LEAST_ESS * chains:
            found.append(
                f"the least {kind} ESS is {ess:.0f}, below {int(_LEAST_ESS * chains)}: draw more"
            )
    diverging = int(stats["is_diverging"].sum())
    if diverging:
        found.append(f"{diverging} draws diverged: the density has corners; reparametrise")
    energy = stats["energy"]
    bfmi = np.mean(np.diff(energy, axis=1) ** 2, axis=1) / np.var(energy, axis=1)
    if np.min(bfmi) < _LEAST_BFMI:
        found.append(f"the least E-BFMI is {np.min(bfmi):.2g}, below {_LEAST_BFMI}")
    return tuple(found)
