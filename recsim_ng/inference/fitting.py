"""fit: what a story does not know, out of logs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from recsim_ng.core import check
from recsim_ng.core.errors import DataError
from recsim_ng.core.network import Network
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.inference.density import Density
from recsim_ng.inference.diagnosis import pareto_ks, pareto_problems
from recsim_ng.inference.fitted import Fit
from recsim_ng.inference.inference_data import (
    inference_data,
    signed,
)
from recsim_ng.inference.inferred import Inferred
from recsim_ng.inference.method import SETTINGS, Method
from recsim_ng.inference.parameter import named_and_trained
from recsim_ng.inference.population import Populations
from recsim_ng.inference.problem import check_story, require_all_drawn, set_problem
from recsim_ng.inference.progress import Progress, shown
from recsim_ng.inference.run import Run
from recsim_ng.inference.target import Target
from recsim_ng.inference.training import trainable_variables


def fit(
    story: Network | Sequence[Variable],
    logs: Trajectory | Mapping[str, Value],
    parameters: str | Sequence[Any] | None = None,
    method: str = "mcmc",
    *,
    seed: Any = 0,
    settings: Any = None,
    joint: bool = False,
    log_likelihood: bool = False,
    posterior_predictive: int = 0,
    progress: Progress = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Fit:
    """Infers what a story draws and the logs do not hold.

    Priors are random variables of the story itself: a static variable that draws a parameter, a
    state that is drawn at the first step. Their laws' supports say how they are constrained.

    Args:
      story: a Network, or its variables.
      logs: what was observed: variable name -> Value, time axis first; fields may be missing.
      parameters: "variable.field" of all that is to be inferred; None: all that is drawn and not in
        the logs. For "em" these are the parameters, and what else is drawn is latent. For "mle" and
        "em" the story's own trainable variables may be named too, and are the default if there are
        any; they keep what was found.
      method: "mcmc": NUTS or HMC, as the settings say; "map": the mode of what is unknown, the
        prior counted; "mle": the maximum of the likelihood, the prior left out; "em": the same with
        latents averaged over; "vi": draws of a surrogate, the nearest of its family; "neutra": NUTS
        in the space of a fitted flow; "smc": a particle filter and smoother, for what evolves
        unseen, with log p(logs) in `details["filtered"]`; "gibbs": chains of what is discrete
        alone. For the other methods discrete unknowns of few values are summed out; the posterior
        probabilities of their values are in `details["probabilities"]`.
      seed: an int or a pair of ints.
      settings: of the method, as `method.SETTINGS` says, such as McmcSettings; None: its defaults.
      joint: whether users are fitted all at once, even where they seem not to touch.
      log_likelihood: whether the result holds the log-likelihood of every observed draw under
        every posterior draw, as large as the logs times the draws, and each one's Pareto k.
      posterior_predictive: under how many posterior draws what was observed is simulated anew, at
        most all of them; 0: none.
      progress: True: a bar on a terminal with the rate and the time left; a `ProgressBar` of one's
        own; or what is called with (steps done, steps in all) from time to time.
      checkpoint: a file that keeps what a long run has done; called again with the same arguments,
        an interrupted fit goes on from it. It is deleted at the end.

    Returns:
      The fit. Its `problems` say what failed.

    Raises:
      ConfigError: (also a ValueError) there is no such method, the settings are another's, or an
        argument is of another kind.
      DataError: (also a ValueError) the logs do not fit the story, say nothing or are impossible
        (the message names the first observation that is), nothing is unknown, or what is unknown is
        discrete.
      FieldError: (also a ValueError) a field of the logs has another shape than the story's, or
        numbers that the story's type cannot hold.
      OutputError: (also an OSError) the checkpoint cannot be written.
      SiteError: (also a ValueError) a behaviour draws something that is none of its fields.
    """
    fitter = Fitter(story, logs, parameters, method, settings=settings, seed=seed, joint=joint)
    return fitter.fit(
        seed=seed,
        log_likelihood=log_likelihood,
        posterior_predictive=posterior_predictive,
        progress=progress,
        checkpoint=checkpoint,
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
      joint: as for `fit`.

    Raises:
      ConfigError: (also a ValueError) as for `fit`.
      DataError: (also a ValueError) as for `fit`.
    """

    def __init__(
        self,
        story: Network | Sequence[Variable],
        logs: Trajectory | Mapping[str, Value],
        parameters: str | Sequence[Any] | None = None,
        method: str = "mcmc",
        *,
        settings: Any = None,
        seed: Any = 0,
        joint: bool = False,
    ) -> None:
        check.flag("fit", "joint", joint)
        check.one_of("fit", "method", method, tuple(SETTINGS))
        kind = SETTINGS[method]
        if settings is not None:
            check.instance("fit", "settings", settings, kind)
        self._settings = kind() if settings is None else settings
        check_story("fit", story)
        self._names, variables = named_and_trained(parameters, method)
        # EM's parameters are some of the unknowns, other methods' all of them.
        names = self._names if self._names and method != "em" else None
        if method in ("mle", "em") and not (self._names or variables):
            variables = trainable_variables(Target(story, logs))
        self._populations: Populations | None = None
        if method == "mle" and variables:
            self._target = Target(story, logs)
            self._require_no_unknowns()
        else:
            is_continuous = method not in ("smc", "gibbs")
            self._target = set_problem(
                story, logs, names, is_continuous=is_continuous, is_trained=method in ("mle", "em")
            )
            if is_continuous:
                self._populations = Populations(self._target, seed, joint)
        self._method = Method(
            method, self._settings, self._target, self._populations, self._names, variables
        )

    def _require_no_unknowns(self) -> None:
        if self._target.unknowns:
            raise DataError(
                "fit: for the maximum of the likelihood over variables the logs must hold all that "
                f"is drawn, got none of {[u.name for u in self._target.unknowns]}; use 'em', which "
                "averages over it"
            )

    def fit(
        self,
        logs: Trajectory | Mapping[str, Value] | None = None,
        *,
        seed: Any = 0,
        log_likelihood: bool = False,
        posterior_predictive: int = 0,
        progress: Progress = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Fit:
        """Returns the fit to logs.

        Args:
          logs: of the same form; None: those that the fitter was made with.
          seed: as for `fit`.
          log_likelihood: as for `fit`.
          posterior_predictive: as for `fit`.
          progress: as for `fit`.
          checkpoint: as for `fit`.

        Raises:
          ConfigError: (also a ValueError) the checkpoint is another run's.
          DataError: (also a ValueError) the logs are of another form, or impossible.
          OutputError: (also an OSError) the checkpoint cannot be written.
        """
        check.whole("fit", "posterior_predictive", posterior_predictive, 0)
        check.flag("fit", "log_likelihood", log_likelihood)
        target = self._target_for(logs)
        method = self._method.name
        said = {"method": method, "settings": str(self._settings), "seed": str(seed)}
        if log_likelihood or posterior_predictive:
            require_all_drawn(
                target, "log_likelihood" if log_likelihood else "posterior_predictive"
            )
        with shown(progress, f"fit by {method}") as told:
            run = Run(target, seed, told, checkpoint)
            if self._populations is None:
                data, problems, details = self._method.drawn(run)
                return Fit(signed(data, target, said), method, problems, target, {}, details)
            found = self._method.inferred(run)
        data = inference_data(
            target,
            self._populations.density.blocks,
            found,
            log_likelihood,
            posterior_predictive=posterior_predictive,
            words=run.words(2),
            attributes=said,
        )
        pareto_k = pareto_ks(data)
        problems = (*found.problems, *pareto_problems(pareto_k))
        return Fit(data, method, problems, target, pareto_k, found.details)

    @property
    def density(self) -> Density | None:
        """Of the unknowns; None where only variables are trained."""
        return None if self._populations is None else self._populations.density

    def infer(
        self, logs: Trajectory | Mapping[str, Value], *, seed: Any = 0
    ) -> tuple[Target, Inferred]:
        """Returns the draws of a fit as they lie in the density's blocks, without an account.

        Args:
          logs: as for `Fitter.fit`.
          seed: as for `fit`.

        Raises:
          DataError: (also a ValueError) the logs are of another form, or impossible, or only
            variables are trained.
        """
        target = self._target_for(logs)
        if self._populations is None:
            raise DataError(
                "infer: the story must draw something that the logs do not hold, got logs of all; "
                "use fit, which trains variables"
            )
        return target, self._method.inferred(Run(target, seed, None, None))

    def _target_for(self, logs: Trajectory | Mapping[str, Value] | None) -> Target:
        target = self._target
        if logs is not None:
            target = self._target.with_logs(logs)
        return target
