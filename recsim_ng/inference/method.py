"""Methods of inference, by name: what they are set, and how they are run."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.inference.density import Density, Of
from recsim_ng.inference.diagnosis import chain_problems
from recsim_ng.inference.element import element_names
from recsim_ng.inference.em import EmSettings, ExpectationMaximisation
from recsim_ng.inference.gibbs import GibbsSettings, run_gibbs
from recsim_ng.inference.inference_data import drawn_data, variables_data
from recsim_ng.inference.inferred import Inferred
from recsim_ng.inference.mcmc import McmcSettings, Sampler
from recsim_ng.inference.neutra import Neutra, NeutraSettings
from recsim_ng.inference.optimum import Optimiser, OptimumSettings
from recsim_ng.inference.particle_filter import ParticleFilter, SmcSettings
from recsim_ng.inference.population import Populations, Start
from recsim_ng.inference.run import Run
from recsim_ng.inference.summed_out import SummedOut
from recsim_ng.inference.support import at_the_edge
from recsim_ng.inference.target import Target
from recsim_ng.inference.training import Trainer
from recsim_ng.inference.variational import Variational, ViSettings

SETTINGS: dict[str, type] = {
    "mcmc": McmcSettings,
    "map": OptimumSettings,
    "mle": OptimumSettings,
    "em": EmSettings,
    "smc": SmcSettings,
    "gibbs": GibbsSettings,
    "vi": ViSettings,
    "neutra": NeutraSettings,
}

_RETESTED = 16  # draws at which it is tried again whether blocks touch
_SHOWN = 5  # names, at most
_SHARE = 0.2  # of the greatest share in a combination, above which a number is named
_AVERAGED = 50  # draws over which the probabilities of what was summed out are averaged


class Method:
    """A method for one story and logs of one form, which compiles once.

    Args:
      name: of `SETTINGS`.
      settings: of the method.
      target: of the logs.
      populations: where methods over a density start; None for those without one.
      names: of the unknowns that were named as parameters.
      variables: the story's own that are estimated.
    """

    def __init__(
        self,
        name: str,
        settings: Any,
        target: Target,
        populations: Populations | None,
        names: Sequence[str],
        variables: Sequence[Any],
    ) -> None:
        self.name, self._settings = name, settings
        self._populations = populations
        self._machine = self._made(target, names, variables)

    def _made(self, target: Target, names: Sequence[str], variables: Sequence[Any]) -> Any:
        settings = self._settings
        if self.name == "smc":
            return ParticleFilter(target.network, settings)
        if self.name == "gibbs":
            return None
        if self._populations is None:
            return Trainer(target, variables, settings)
        density = self._populations.density
        if self.name == "em":
            return ExpectationMaximisation(density, settings, names, variables)
        if self.name in ("map", "mle"):
            of: Of = "unknowns" if self.name == "map" else "logs"
            return Optimiser(density, of, settings)
        kind: Any = {"mcmc": Sampler, "vi": Variational, "neutra": Neutra}[self.name]
        return kind(density, settings)

    def inferred(self, run: Run) -> Inferred:
        """Returns what a method over a density has found.

        Args:
          run: its logs and seed.
        """
        assert self._populations is not None, self.name  # Fitter asks for no other
        methods = {
            "mcmc": self._sampled,
            "em": self._averaged,
            "vi": self._approximated,
            "neutra": self._approximated,
        }
        found = methods.get(self.name, self._climbed)(run, self._populations)
        return _judged(found, run, self._populations.density)

    def drawn(self, run: Run) -> tuple[Any, tuple[str, ...], dict[str, Any]]:
        """Returns (InferenceData, problems, details) of a method without a density.

        Args:
          run: its logs and seed.
        """
        target = run.target
        if self.name == "smc":
            filtered = self._machine.run(target.given, run.seed)
            data = filtered.inference_data(self._settings.num_draws, run.seed)
            return data, filtered.problems, {"filtered": filtered}
        if self.name == "gibbs":
            drawn = run_gibbs(target, self._settings, run.seed, run.progress)
            names = [u.name for u in target.unknowns]
            posterior = dict(zip(names, drawn.values, strict=True))
            stats = {"log_density": drawn.log_joint}
            data = drawn_data(target.network, target.given, posterior, stats, target.unknowns)
            return data, drawn.problems, {}
        log_prob, problems = self._machine.run(*target.data())
        return variables_data(target, self._machine.variables, log_prob), problems, {}

    def _sampled(self, run: Run, populations: Populations) -> Inferred:
        start = populations.at(run.target, run.seed, run.words(0), self._settings.num_chains)
        chains = self._machine.run(
            start.points,
            start.scaling,
            run.target.data(),
            run.words(1),
            progress=run.progress,
            checkpoint=run.checkpoint,
            origin=run.origin(self.name, self._settings),
        )
        names = _names(run, populations)
        problems = chain_problems(chains.draws, chains.stats, names)
        return _told(Inferred(chains.draws, chains.stats, problems), start)

    def _climbed(self, run: Run, populations: Populations) -> Inferred:
        start = populations.at(run.target, run.seed, run.words(0), 1)
        data = run.target.data()
        found = self._machine.run(start.points[0], data, is_near=start.is_tempered)
        z = populations.density.blocks.unpack(tf.constant(found.draws[0, 0]))
        edge = at_the_edge(run.target, run.target.constrain(z), z)
        problems = [
            f"'{name}' has run to the edge of its support: the density has no mode within"
            for name in edge
        ]
        if self.name == "mle":
            problems += _unidentified(
                self._machine, found.draws[0, 0], _names(run, populations), data
            )
        found = dataclasses.replace(found, problems=(*problems, *found.problems))
        return found if self.name == "mle" else _told(found, start)

    def _averaged(self, run: Run, populations: Populations) -> Inferred:
        start = populations.at(run.target, run.seed, run.words(0), self._settings.num_chains)
        found = self._machine.run(
            start,
            run.target.data(),
            run.words(1),
            progress=run.progress,
            checkpoint=run.checkpoint,
            origin=run.origin(f"em of {self._machine.point}", self._settings),
        )
        return _told(found, start)

    def _approximated(self, run: Run, populations: Populations) -> Inferred:
        start = None
        if not self._machine.is_learnt:
            start = populations.at(run.target, run.seed, run.words(0), 1, is_wide=True)
        found = self._machine.run(
            start,
            run.target,
            run.words(1),
            progress=run.progress,
            checkpoint=run.checkpoint,
            origin=run.origin(self.name, self._settings),
        )
        return found if start is None else _told(found, start)


def _names(run: Run, populations: Populations) -> np.ndarray:
    """`[B, n]` names of all numbers that are inferred."""
    target = run.target
    return element_names(populations.density.blocks, target.unknowns, target.unconstrained_shapes())


def _unidentified(machine: Optimiser, mode: np.ndarray, names: np.ndarray, data: Any) -> list[str]:
    """What a likelihood does not say: numbers by themselves, and numbers together."""
    problems = []
    flat = names[machine.is_flat(mode, data)]
    if flat.size:
        problems.append(
            f"the likelihood is the same whatever {_shown(flat)}: the logs do not say what it is"
        )
    for block, direction in zip(names, machine.ridges(mode, data), strict=True):
        if not np.any(direction):
            continue
        weight = np.abs(direction)
        order = np.argsort(-weight, kind="stable")
        together = block[order[weight[order] > _SHARE * weight.max()]]
        problems.append(
            f"the likelihood is the same if {_shown(together)} change together: the logs do not "
            "tell them apart"
        )
        break  # one is enough to be told
    return problems


def _shown(names: np.ndarray) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if names.size > _SHOWN else "")


def _told(found: Inferred, start: Start) -> Inferred:
    """What was found, with word of logs that tell nothing of it."""
    if start.is_informed:
        return found
    said = "the logs are as likely whatever is inferred, so that this is the prior: is all masked?"
    return dataclasses.replace(found, problems=(said, *found.problems))


def _judged(found: Inferred, run: Run, density: Density) -> Inferred:
    """What was found, with what speaks against its blocks, and what follows for what was summed."""
    draws = found.draws.reshape(-1, *found.draws.shape[2:])
    problems, details = list(found.problems), dict(found.details)
    if density.blocks.axis is not None and len(draws) > 1:
        some = draws[np.linspace(0, len(draws) - 1, _RETESTED).astype(int)]
        if not density.are_independent(some, run.target.data()):
            problems.insert(
                0,
                f"{density.blocks.axis}s were fitted apart, but touch where the posterior lies: "
                "fit them with joint=True",
            )
    if isinstance(run.target, SummedOut):
        some = draws[np.linspace(0, len(draws) - 1, min(len(draws), _AVERAGED)).astype(int)]
        parts = [run.target.constrain(density.blocks.unpack(tf.constant(z))) for z in some]
        probabilities = tf.function(run.target.probabilities, jit_compile=True, autograph=False)
        each = [probabilities(x) for x in parts]
        details["probabilities"] = {
            name: np.mean([np.asarray(x[name]) for x in each], axis=0) for name in each[0]
        }
    return dataclasses.replace(found, problems=tuple(problems), details=details)
