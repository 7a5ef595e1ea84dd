"""Annealing: the most likely values of discrete unknowns, from the prior to the mode."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from recsim_ng.core import check
from recsim_ng.inference.gibbs import DiscreteChains
from recsim_ng.inference.target import Target


@dataclasses.dataclass(frozen=True)
class AnnealingSettings:
    """How chains are cooled.

    Attributes:
      num_sweeps: in all.
      num_chains: C, the best of which counts.
      first_weight: of the likelihood at first.
      last_weight: of prior and likelihood at last.
      cooling: share of the sweeps in which the likelihood's weight rises to 1; in the rest both
        rise further.
    """

    num_sweeps: int = 500
    num_chains: int = 16
    first_weight: float = 0.1
    last_weight: float = 4.0
    cooling: float = 0.8

    def __post_init__(self) -> None:
        where = "AnnealingSettings"
        check.whole(where, "num_sweeps", self.num_sweeps, 2)
        check.whole(where, "num_chains", self.num_chains, 1)
        check.real(where, "first_weight", self.first_weight, 1e-6, 1.0)
        check.real(where, "last_weight", self.last_weight, 1.0, 1e6)
        check.real(where, "cooling", self.cooling, 0.0, 1.0)

    def weights(self) -> np.ndarray:
        """Returns `[num_sweeps, 2]` the weights of prior and likelihood at each sweep."""
        done = np.linspace(0.0, 1.0, self.num_sweeps)
        if self.cooling > 0.0:
            likelihood = self.first_weight ** np.maximum(1.0 - done / self.cooling, 0.0)
        else:
            likelihood = np.ones_like(done)
        both = np.ones_like(done)
        if self.cooling < 1.0:
            late = np.maximum(done - self.cooling, 0.0) / (1.0 - self.cooling)
            both = self.last_weight**late
        return np.stack([both, likelihood * both], axis=-1)


@dataclasses.dataclass(frozen=True, eq=False)
class Annealed:
    """What annealing has found.

    Attributes:
      values: for each unknown its values in the most likely state that any chain was in.
      log_joint: of that state, log p(unknowns, logs).
      ends: for each unknown `[C, *its shape]` the most likely state of each chain.
      end_log_joint: `[C]` float32 of these.
      log_prior: `[S, C]` float32 log p(unknowns) after each sweep.
      log_likelihood: `[S, C]` float32 log p(logs | unknowns) after each sweep.
    """

    values: list[np.ndarray]
    log_joint: float
    ends: list[np.ndarray]
    end_log_joint: np.ndarray
    log_prior: np.ndarray
    log_likelihood: np.ndarray


def anneal(
    target: Target,
    settings: AnnealingSettings | None = None,
    seed: Any = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Annealed:
    """Searches for the most likely values of discrete unknowns given the logs.

    Chains are moved under p(unknowns)^a p(logs | unknowns)^b, with a = 1 at first and b small: they
    start from the prior. b rises to 1, then both rise further, towards the mode. It need not be
    reached: the slower, the likelier; whether chains agree says something of it.

    Args:
      target: the story, the logs and the unknowns.
      settings: of the chains and their cooling.
      seed: an int or a pair of ints.
      progress: called with (sweeps done, sweeps in all) after each sweep.

    Returns:
      The best state that was met, and where each chain ended.

    Raises:
      ConfigError: (also a ValueError) elements depend on each other in a way that was not seen.
      DataError: (also a ValueError) an unknown is neither a Bernoulli nor a Categorical draw.

    Source: Kirkpatrick, Gelatt and Vecchi (1983), Optimization by simulated annealing, Science 220.
    """
    settings = settings or AnnealingSettings()
    chains = DiscreteChains(target, settings.num_chains, seed)
    best = chains.codes
    most = np.full(settings.num_chains, -np.inf, np.float32)
    prior, likelihood = [], []
    for k, (a, b) in enumerate(settings.weights()):
        chains.sweep(float(a), float(b))
        prior.append(chains.log_prior)
        likelihood.append(chains.log_likelihood)
        joint = prior[-1] + likelihood[-1]
        better = joint > most
        best = np.where(better[:, None], chains.codes, best)
        most = np.maximum(joint, most)
        if progress is not None:
            progress(k + 1, settings.num_sweeps)
    ends = [x.numpy() for x in chains.discrete.values(best)]
    first = int(most.argmax())
    return Annealed(
        [x[first] for x in ends],
        float(most[first]),
        ends,
        most,
        np.stack(prior),
        np.stack(likelihood),
    )
