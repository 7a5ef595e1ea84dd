"""Fits: what was inferred, and how far it is to be trusted."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from recsim_ng.inference.diagnosis import Diagnostics, diagnostics
from recsim_ng.inference.target import Target


@dataclasses.dataclass(frozen=True, eq=False)
class Fit:
    """What was inferred, with an account of how far to trust it.

    Attributes:
      data: an ArviZ InferenceData: posterior, sample_stats, observed_data and, where asked for,
        log_likelihood and posterior_predictive.
      method: that was used.
      problems: what speaks against trusting it; empty if nothing does.
      target: the density that was fitted.
      pareto_k: "variable.field" -> the Pareto k of each observation, where log_likelihood was asked
        for.
      details: what else the method has found, by name: EM's iterates, a surrogate's ELBO, the
        particles of a filter.
    """

    data: Any
    method: str
    problems: tuple[str, ...]
    target: Target
    pareto_k: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def is_trusted(self) -> bool:
        """Whether no diagnostic speaks against it."""
        return not self.problems

    @functools.cached_property
    def diagnostics(self) -> Diagnostics:
        """R-hat, effective sample sizes and errors of every number, and what chains have met."""
        return diagnostics(self.data, self.pareto_k)

    def __repr__(self) -> str:
        verdict = "no diagnostic speaks against it"
        if self.problems:
            verdict = "NOT TO BE TRUSTED: " + "; ".join(self.problems)
        names = ", ".join(str(name) for name in self.data.posterior)
        return f"Fit of {names} by {self.method}: {verdict}{self._paths}"

    @property
    def _paths(self) -> str:
        held = set(self.data.posterior.data_vars)
        paths = [u.name for u in self.target.unknowns if u.when != "always" and u.name in held]
        if not paths:
            return ""
        return (
            f"; {', '.join(paths)} changes over time and is known at the steps of these logs "
            "alone: a report card needs it in the logs"
        )
