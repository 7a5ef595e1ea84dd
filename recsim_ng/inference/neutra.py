"""Chains in the space of a fitted surrogate, where the posterior is nearly round."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.inference.ascent import Learnt
from recsim_ng.inference.checkpoint import Checkpoint
from recsim_ng.inference.density import Density
from recsim_ng.inference.diagnosis import chain_problems
from recsim_ng.inference.inferred import Inferred
from recsim_ng.inference.mcmc import McmcSettings, Sampler
from recsim_ng.inference.origin import NOWHERE, Origin
from recsim_ng.inference.population import Start
from recsim_ng.inference.scaling import Scaling
from recsim_ng.inference.surrogate import Surrogate
from recsim_ng.inference.target import Target
from recsim_ng.inference.variational import Variational, ViSettings


@dataclasses.dataclass(frozen=True)
class NeutraSettings:
    """How a surrogate is fitted and chains are run in its space.

    Attributes:
      vi: of the surrogate; its num_draws are not used.
      mcmc: of the chains.
    """

    vi: ViSettings = ViSettings(family="flow")
    mcmc: McmcSettings = McmcSettings()

    def __post_init__(self) -> None:
        check.instance("NeutraSettings", "vi", self.vi, ViSettings)
        check.instance("NeutraSettings", "mcmc", self.mcmc, McmcSettings)
        if self.vi.amortised:
            raise ConfigError(
                "NeutraSettings: vi must not be amortised, got amortised=True; leave it out"
            )


class Pulled:
    """A density in a surrogate's coordinates e, with z = T(e).

        log p(e) = log p(z) + log |det dz/de|

    Its data are the surrogate's parameters and frame, then the density's own.

    Args:
      density: of z.
      surrogate: whose map T is.
      like: parameters and frame of the surrogate, for their structure.
    """

    def __init__(self, density: Density, surrogate: Surrogate, like: Any) -> None:
        self._density, self._surrogate, self._like = density, surrogate, like
        self._number = len(tf.nest.flatten(like))
        self.blocks = density.blocks
        self.forward = tf.function(self._mapped, jit_compile=True, autograph=False)

    def data(self, learnt: Learnt, data: list[Any]) -> list[Any]:
        """Returns what the functions below take.

        Args:
          learnt: the surrogate.
          data: of the density.
        """
        return [*tf.nest.flatten((learnt.parameters, learnt.frame)), *data]

    def batch(self, count: int) -> Callable[..., Any]:
        """Returns a function of (e `[C, B, n]`, sharpness `[B]`, *data): `[C, B]` log densities.

        Args:
          count: C.
        """
        log_prob = self._density.batch(count)

        def pulled(e: Any, sharpness: Any, *data: Any) -> Any:
            z, moved = self._mapped(e, *data)
            return log_prob(z, sharpness, *data[self._number :]) + moved

        return pulled

    def _mapped(self, e: Any, *data: Any) -> tuple[Any, Any]:
        """(z, log |det dz/de|)."""
        parameters, frame = tf.nest.pack_sequence_as(self._like, list(data[: self._number]))
        own, outer = self._surrogate.bijector(parameters, frame.features), frame.bijector()
        y = own.forward(e)
        moved = own.forward_log_det_jacobian(e, 1) + outer.forward_log_det_jacobian(y, 1)
        return outer.forward(y), moved + tf.zeros(e.shape[:-1])


class Neutra:
    """Fits a surrogate, and runs chains over the density that is pulled back through it.

    Chains start from draws of the surrogate. What it lacks they make good, given time: its ELBO and
    Pareto k are in the details, but the chains' own diagnostics are what counts.

    Args:
      density: what is sampled.
      settings: how.

    Raises:
      ConfigError: (also a ValueError) the surrogate would be too large.

    Source: Hoffman et al. (2019), NeuTra-lizing bad geometry in Hamiltonian Monte Carlo using
      neural transport, arXiv 1903.03704.
    """

    def __init__(self, density: Density, settings: NeutraSettings) -> None:
        self._settings, self._density = settings, density
        self._variational = Variational(density, settings.vi)
        self._pulled: Pulled | None = None
        self.is_learnt = False  # every run has a surrogate of its own
        self._sampler: Any = None

    def run(
        self,
        start: Start,
        target: Target,
        seed: Any,
        *,
        progress: Callable[[int, int], None] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        origin: Origin = NOWHERE,
    ) -> Inferred:
        """Returns the chains' draws.

        Args:
          start: where the surrogate begins.
          target: whose logs are fitted.
          seed: `[2]` int32.
          progress: called with (steps done, steps at most): of the surrogate, then of the chains.
          checkpoint: a file that keeps what the chains have done; what the surrogate has learnt is
            in another beside it, of the same name and ".surrogate".
          origin: says what the run is of; a checkpoint of another is refused.

        Raises:
          ConfigError: (also a ValueError) the checkpoint is another run's.
        """
        data, seeds = target.data(), tf.random.experimental.stateless_split(seed, 3)
        beside = None if checkpoint is None else f"{os.fspath(checkpoint)}.surrogate"
        learnt = self._variational.ascent.learn(
            start.points[0],
            start.scaling,
            data,
            seeds[0],
            progress=progress,
            checkpoint=beside,
            origin=origin,
        )
        if self._pulled is None:
            like = learnt.parameters, learnt.frame
            self._pulled = Pulled(self._density, self._variational.surrogate, like)
            self._sampler = Sampler(self._pulled, self._settings.mcmc)
        given = self._pulled.data(learnt, data)
        shape = [self._settings.mcmc.num_chains, *self._density.shape]
        chains = self._sampler.run(
            tf.random.stateless_normal(shape, seeds[1]),
            Scaling(tf.ones(self._density.shape)),
            given,
            seeds[2],
            progress=progress,
            checkpoint=checkpoint,
            origin=origin,
        )
        Checkpoint(beside, origin).remove()
        found = [
            [x.numpy() for x in self._pulled.forward(tf.constant(e), *given)]
            for e in chains.draws.swapaxes(0, 1)
        ]
        draws, moved = (np.stack(part, axis=1) for part in zip(*found, strict=True))
        stats = {**chains.stats, "log_density": chains.stats["log_density"] - moved}
        details = {"learnt": learnt, "elbo_trace": learnt.trace, "surrogate": learnt.problems()}
        return Inferred(draws, stats, chain_problems(draws, stats), details)
