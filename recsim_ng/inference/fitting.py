"""fit: what a story does not know, out of logs."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.core.network import Network
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.inference.inference_data import inference_data
from recsim_ng.inference.mcmc import Chains, McmcSettings, run_chains
from recsim_ng.inference.optimum import find_optimum
from recsim_ng.inference.target import Target
from recsim_ng.runtime import TFRuntime

METHODS = ("mcmc", "map")
_TRIES = 50  # draws of the prior until one has a finite density
_MOST_RHAT, _LEAST_ESS, _LEAST_BFMI = 1.01, 100.0, 0.3


@dataclasses.dataclass(frozen=True, eq=False)
class Fit:
    """What was inferred, with an account of how far to trust it.

    Attributes:
      data: an ArviZ InferenceData: posterior, sample_stats, observed_data and, where asked for,
        log_likelihood.
      method: that was used.
      problems: what speaks against trusting it; empty if nothing does.
      target: the density that was fitted.
    """

    data: Any
    method: str
    problems: tuple[str, ...]
    target: Target

    @property
    def is_trusted(self) -> bool:
        """Whether no diagnostic speaks against it."""
        return not self.problems

    def __repr__(self) -> str:
        verdict = "no diagnostic speaks against it"
        if self.problems:
            verdict = "NOT TO BE TRUSTED: " + "; ".join(self.problems)
        names = ", ".join(u.name for u in self.target.unknowns)
        return f"Fit of {names} by {self.method}: {verdict}"


def fit(
    story: Network | Sequence[Variable],
    logs: Trajectory | Mapping[str, Value],
    parameters: Sequence[str] | None = None,
    method: str = "mcmc",
    *,
    seed: Any = 0,
    settings: McmcSettings | None = None,
    log_likelihood: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Fit:
    """Infers what a story draws and the logs do not hold.

    Priors are random variables of the story itself: a static variable that draws a parameter, a
    state that is drawn at the first step. Their laws' supports say how they are constrained.

    Args:
      story: a Network, or its variables.
      logs: what was observed: variable name -> Value, time axis first; fields may be missing.
      parameters: "variable.field" of all that is to be inferred; None: all that is drawn and not in
        the logs.
      method: "mcmc": NUTS or HMC, as the settings say; "map": the mode, on the real line without
        the Jacobian, by L-BFGS.
      seed: an int or a pair of ints.
      settings: of the chains.
      log_likelihood: whether the result holds the log-likelihood of every observed draw under
        every posterior draw: as large as the logs times the draws.
      progress: called with (steps done, steps in all) from time to time.

    Returns:
      The fit. Its `problems` say what failed.

    Raises:
      ConfigError: (also a ValueError) there is no such method, or nothing has a finite density.
      DataError: (also a ValueError) the logs do not fit the story, nothing is unknown, or what is
        unknown is discrete.
      SiteError: (also a ValueError) a behaviour draws something that is none of its fields.
    """
    check.one_of("fit", "method", method, METHODS)
    target = Target(story, logs, parameters)
    if not target.unknowns:
        raise DataError(
            "fit: the story must draw something that the logs do not hold, got logs of all; leave "
            "out what is to be inferred"
        )
    discrete = [u.name for u in target.unknowns if u.bijector is None]
    if discrete:
        raise DataError(
            f"fit: what is inferred must be continuous, got {discrete}; put them into the logs, or "
            "write the story with their mixture"
        )
    settings = settings or McmcSettings()
    if method == "map":
        found = find_optimum(target, _starts(target, 1, seed))
        problems: tuple[str, ...] = (
            () if found.has_converged else ("the optimiser has not converged",)
        )
        stats = {"log_density": np.full((1, 1), found.log_density, np.float32)}
        packed = found.point[None, None]
    else:
        chains = run_chains(
            target, _starts(target, settings.num_chains, seed), settings, seed, progress
        )
        problems = _problems(chains)
        stats, packed = chains.stats, chains.draws
    data = inference_data(target, packed, stats, log_likelihood)
    return Fit(data, method, problems, target)


def _starts(target: Target, count: int, seed: Any) -> list[Any]:
    """For each unknown `[count, ...]` draws of the prior, on the real line, of finite density."""
    runtime = TFRuntime(target.network)
    names = [u.name for u in target.unknowns]
    length = target.given.length
    density = tf.function(target.log_prob, jit_compile=True, autograph=False)
    found: list[list[Any]] = []
    first = np.asarray(seed).ravel()
    for k in range(_TRIES):
        run = runtime.trajectory(length, seed=(int(first[0]), 2**20 + k), record=names)
        x = []
        for unknown in target.unknowns:
            drawn = run[unknown.variable].get(unknown.field)
            x.append({"each": drawn, "later": drawn[1:]}.get(unknown.when, drawn[0]))
        z = target.unconstrain(x)
        if np.isfinite(density(*z)):
            found.append(z)
        if len(found) == count:
            return [tf.stack(part) for part in zip(*found, strict=True)]
    raise ConfigError(
        f"fit: {count} draws of the prior must have a finite density with the logs, got "
        f"{len(found)} of {_TRIES}; the logs hold what the story says is impossible, or nearly so"
    )


def _problems(chains: Chains) -> tuple[str, ...]:
    with warnings.catch_warnings():
        # ArviZ announces its next major version whenever it is imported.
        warnings.simplefilter("ignore", FutureWarning)
        import arviz as az
    found = []
    draws = chains.draws
    still = np.ptp(draws, axis=1).max(axis=-1) == 0.0
    if still.any():
        found.append(f"chains {np.flatnonzero(still).tolist()} did not move")
        return tuple(found)
    posterior = az.convert_to_dataset({"z": draws})
    if draws.shape[0] > 1:
        rhat = float(np.max(az.rhat(posterior)["z"]))
        if not rhat <= _MOST_RHAT:
            found.append(f"split R-hat is {rhat:.3g}, above {_MOST_RHAT}: the chains disagree")
    for kind in ("bulk", "tail"):
        ess = float(np.min(az.ess(posterior, method=kind)["z"]))
        if not ess >= _LEAST_ESS * draws.shape[0]:
            least = int(_LEAST_ESS * draws.shape[0])
            found.append(f"the least {kind} ESS is {ess:.0f}, below {least}: draw more")
    diverging = int(chains.stats["is_diverging"].sum())
    if diverging:
        found.append(f"{diverging} draws diverged: the density has corners; reparametrise")
    energy = chains.stats["energy"]
    bfmi = np.mean(np.diff(energy, axis=1) ** 2, axis=1) / np.var(energy, axis=1)
    if np.min(bfmi) < _LEAST_BFMI:
        found.append(f"the least E-BFMI is {np.min(bfmi):.2g}, below {_LEAST_BFMI}")
    return tuple(found)
