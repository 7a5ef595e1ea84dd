"""fit: what a story does not know, out of logs."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import DataError
from recsim_ng.core.network import Network
from recsim_ng.core.noise import seed_words
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.inference.density import Density
from recsim_ng.inference.diagnosis import chain_problems
from recsim_ng.inference.inference_data import inference_data
from recsim_ng.inference.inferred import Inferred
from recsim_ng.inference.mcmc import McmcSettings, Sampler
from recsim_ng.inference.neutra import Neutra, NeutraSettings
from recsim_ng.inference.optimum import Optimiser
from recsim_ng.inference.population import Populations
from recsim_ng.inference.target import Target
from recsim_ng.inference.variational import Variational, ViSettings

SETTINGS: dict[str, type | None] = {
    "mcmc": McmcSettings,
    "map": None,
    "vi": ViSettings,
    "neutra": NeutraSettings,
}


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
    settings: Any = None,
    log_likelihood: bool = False,
    progress: Callable[[int, int], None] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
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
      settings: of the method, a McmcSettings for "mcmc"; None: its defaults.
      log_likelihood: whether the result holds the log-likelihood of every observed draw under
        every posterior draw: as large as the logs times the draws.
      progress: called with (steps done, steps in all) from time to time.
      checkpoint: a file that keeps what a long run has done; called again with the same arguments,
        an interrupted fit goes on from it. It is deleted at the end.

    Returns:
      The fit. Its `problems` say what failed.

    Raises:
      ConfigError: (also a ValueError) there is no such method, or the settings are another's.
      DataError: (also a ValueError) the logs do not fit the story or are impossible (the message
        names the first observation that is), nothing is unknown, or what is unknown is discrete.
      OutputError: (also an OSError) the checkpoint cannot be written.
      SiteError: (also a ValueError) a behaviour draws something that is none of its fields.
    """
    fitter = Fitter(story, logs, parameters, method, settings=settings, seed=seed)
    return fitter.fit(
        seed=seed, log_likelihood=log_likelihood, progress=progress, checkpoint=checkpoint
    )


class Fitter:
    """Fits one story to logs of one form, again and again, and compiles once.

    Args:
      story: as for `fit`.
      logs: of the form of all that are to be fitted.
      parameters: as for `fit`.
      method: as for `fit`.
      settings: as for `fit`.
      seed: an int or a pair of ints; of the draws by which the density is looked at.

    Raises:
      ConfigError: (also a ValueError) as for `fit`.
      DataError: (also a ValueError) as for `fit`.
    """

    def __init__(
        self,
        story: Network | Sequence[Variable],
        logs: Trajectory | Mapping[str, Value],
        parameters: Sequence[str] | None = None,
        method: str = "mcmc",
        *,
        settings: Any = None,
        seed: Any = 0,
    ) -> None:
        check.one_of("fit", "method", method, tuple(SETTINGS))
        kind = SETTINGS[method]
        if settings is not None:
            check.instance("fit", "settings", settings, type(None) if kind is None else kind)
        self._method, self._parameters = method, parameters
        self._settings = kind() if settings is None and kind is not None else settings
        self._target = Target(story, logs, parameters)
        _require_continuous(self._target)
        self._populations = Populations(self._target, seed)
        self._density = self._populations.density
        self._machine: Any = None

    @property
    def density(self) -> Density:
        """What is fitted."""
        return self._density

    def fit(
        self,
        logs: Trajectory | Mapping[str, Value] | None = None,
        *,
        seed: Any = 0,
        log_likelihood: bool = False,
        progress: Callable[[int, int], None] | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Fit:
        """Returns the fit to logs.

        Args:
          logs: of the same form; None: those that the fitter was made with.
          seed: as for `fit`.
          log_likelihood: as for `fit`.
          progress: as for `fit`.
          checkpoint: as for `fit`.

        Raises:
          ConfigError: (also a ValueError) the checkpoint is another run's.
          DataError: (also a ValueError) the logs are of another form, or impossible.
          OutputError: (also an OSError) the checkpoint cannot be written.
        """
        target = self._target
        if logs is not None:
            target = Target(self._target.network, logs, self._parameters)
            self._density.require_form(target)
        run = _Run(
            target=target,
            data=self._density.data(target),
            seed=seed,
            progress=progress,
            checkpoint=checkpoint,
        )
        found = {
            "mcmc": self._sampled,
            "map": self._climbed,
            "vi": self._approximated,
            "neutra": self._pulled,
        }[self._method](run)
        data = inference_data(target, self._density.blocks, found, log_likelihood)
        return Fit(data, self._method, found.problems, target)

    def _sampled(self, run: _Run) -> Inferred:
        settings = self._settings
        if self._machine is None:
            self._machine = Sampler(self._density, settings)
        population = self._populations.at(run.target, run.seed, run.words(0), settings.num_chains)
        chains = self._machine.run(
            population.points,
            population.scaling,
            run.data,
            run.words(1),
            progress=run.progress,
            checkpoint=run.checkpoint,
            origin=run.origin(self._method, settings),
        )
        return Inferred(chains.draws, chains.stats, chain_problems(chains.draws, chains.stats))

    def _climbed(self, run: _Run) -> Inferred:
        if self._machine is None:
            self._machine = Optimiser(self._density)
        population = self._populations.at(run.target, run.seed, run.words(0), 1)
        return self._machine.run(population.points[0], run.data, is_near=population.is_tempered)

    def _approximated(self, run: _Run) -> Inferred:
        if self._machine is None:
            self._machine = Variational(self._density, self._settings)
        start = None
        if not self._machine.is_learnt:
            start = self._populations.at(run.target, run.seed, run.words(0), 1)
        return self._machine.run(
            start,
            run.target,
            run.data,
            run.words(1),
            progress=run.progress,
            checkpoint=run.checkpoint,
            origin=run.origin(self._method, self._settings),
        )

    def _pulled(self, run: _Run) -> Inferred:
        if self._machine is None:
            self._machine = Neutra(self._density, self._settings)
        return self._machine.run(
            self._populations.at(run.target, run.seed, run.words(0), 1),
            run.data,
            run.words(1),
            progress=run.progress,
            checkpoint=run.checkpoint,
            origin=run.origin(self._method, self._settings),
        )


@dataclasses.dataclass(frozen=True, eq=False)
class _Run:
    target: Target
    data: list[Any]
    seed: Any
    progress: Callable[[int, int], None] | None
    checkpoint: str | os.PathLike[str] | None

    def words(self, part: int) -> Any:
        """`[2]` int32, another for each part of a run."""
        words = np.asarray([int(x) for x in seed_words(self.seed)], np.uint32).astype(np.int32)
        return tf.random.experimental.stateless_fold_in(tf.constant(words), part)

    def origin(self, method: str, settings: Any) -> str:
        """What a checkpoint belongs to."""
        if self.checkpoint is None:
            return ""
        digest = hashlib.sha256()
        for x in self.data:
            digest.update(np.ascontiguousarray(x).tobytes())
        names = [(u.name, u.when, u.shape) for u in self.target.unknowns]
        return f"{method} {settings} {self.seed} {names} {digest.hexdigest()}"


def _require_continuous(target: Target) -> None:
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
