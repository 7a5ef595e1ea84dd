"""The report card: how far a fitted story is to be trusted, failures first."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError, DataError, OutputError
from recsim_ng.core.network import Network
from recsim_ng.core.variable import Variable
from recsim_ng.inference.fitting import Fit
from recsim_ng.report.baseline import Comparison, compare
from recsim_ng.report.calibration import ProbabilityIntegral, Reliability, calibrate
from recsim_ng.report.difference import Difference, mean_by_user
from recsim_ng.report.failure import failures_of
from recsim_ng.report.feature import summary_features
from recsim_ng.report.interaction import Interactions, Logs, array_of, interactions, require_logs
from recsim_ng.report.plain import plain
from recsim_ng.report.policy import PolicyAgreement, PolicyLog, policy_agreement
from recsim_ng.report.prediction import Prediction, predict
from recsim_ng.report.predictive_check import PredictiveCheck, Statistic, predictive_checks
from recsim_ng.report.simulation import Arrays, arrays, compared_fields, simulate
from recsim_ng.report.two_sample import TwoSample, two_sample_test
from recsim_ng.runtime.runtime import as_network

_OTHERS = 19  # simulated trajectories in the real one's place

Features = Callable[[Arrays], Mapping[str, np.ndarray]]
"""{"variable.field": `[T, U, ...]`} -> feature -> `[U]`."""


@dataclasses.dataclass(frozen=True, eq=False)
class ReportCard:
    """What a fitted story is worth on logs that it has not seen.

    Attributes:
      failures: what speaks against trusting it, the fit's own problems first; empty if nothing.
      method: by which it was fitted.
      field: "variable.field" of the interactions.
      num_interactions: held out.
      num_users: whose they are.
      num_draws: of the posterior, that predict together.
      log_prob: log-likelihood per held-out interaction, nats, with its 95 % interval.
      comparisons: with baselines.
      calibration: of choices or of numbers; None if it could not be looked at.
      two_sample: None if it could not be made.
      checks: posterior-predictive checks of the statistics that were given.
      policies: None if no policies were given.
      skipped: what was not looked at -> why.
    """

    failures: tuple[str, ...]
    method: str
    field: str
    num_interactions: int
    num_users: int
    num_draws: int
    log_prob: Difference
    comparisons: tuple[Comparison, ...]
    calibration: Reliability | ProbabilityIntegral | None
    two_sample: TwoSample | None
    checks: tuple[PredictiveCheck, ...]
    policies: PolicyAgreement | None
    skipped: Mapping[str, str]

    @property
    def is_trusted(self) -> bool:
        """Whether nothing that was looked at speaks against it."""
        return not self.failures

    def __repr__(self) -> str:
        head = f"ReportCard of {self.field} by {self.method}: "
        lines = ["nothing that was looked at speaks against it"]
        if self.failures:
            lines = [f"{len(self.failures)} FAILED", *(f"  - {x}" for x in self.failures)]
        size = f"{self.num_interactions} interactions of {self.num_users} users"
        lines.append(f"  log-likelihood {self.log_prob.mean:.4f} nats per interaction, {size}")
        for c in self.comparisons:
            a = c.advantage
            interval = f"{a.mean:+.4f} [{a.low:+.4f}, {a.high:+.4f}]"
            lines.append(f"  over {c.name}: {interval} nats per interaction: {c.verdict}")
        lines += [f"  not looked at: {part}: {why}" for part, why in self.skipped.items()]
        return head + "\n".join(lines)

    def to_json(self) -> str:
        """Returns all of it as JSON; numbers that are not finite are null."""
        return json.dumps(plain(self), indent=1, allow_nan=False)

    def save_html(self, path: str | os.PathLike) -> None:
        """Writes it as one HTML page that needs no other file.

        Args:
          path: of the file.

        Raises:
          ConfigError: (also a ValueError) the path is none.
          OutputError: (also an OSError) it cannot be written there.
        """
        from recsim_ng.report.page import page

        if not isinstance(path, str | os.PathLike):
            raise ConfigError(
                f"ReportCard.save_html: path must be the name of a file, got {path!r}"
            )
        try:
            Path(path).write_text(page(self), encoding="utf-8")
        except OSError as error:
            raise OutputError(
                f"ReportCard.save_html: '{path}' must be a file that can be written, got: {error}"
            ) from error


def report_card(
    story: Network | Sequence[Variable],
    fit: Fit,
    held_out: Logs,
    *,
    field: str | None = None,
    mask: str | None = None,
    item: str | None = None,
    logs: Logs | None = None,
    statistics: Mapping[str, Statistic] | None = None,
    features: Features | None = None,
    policies: PolicyLog | None = None,
    replayed: Sequence[str] = (),
    start: str = "logs",
    num_draws: int = 200,
    num_runs: int = 100,
    rank: int = 4,
    seed: int = 0,
) -> ReportCard:
    """Judges a fitted story by logs that were held out of the fit.

    Args:
      story: a Network, or its variables.
      fit: the posterior.
      held_out: variable name -> Value, time axis first: the fields that the fit had, of the same
        users, such as their later steps.
      field: "variable.field" of the interactions; None: the only one that is drawn at every step.
      mask: "variable.field" of bools, true where there was an interaction.
      item: "variable.field" of identifiers, as for `interactions`: what could be chosen, or what is
        rated; without it baselines know alternatives by their places only, and no rated items.
      logs: of the fit, which baselines learn from, where they hold what the story does not, such as
        mask or items; None: as the fit has them.
      statistics: name -> function of a trajectory, {"variable.field": `[T, ...]`}, to a number or a
        vector, for posterior-predictive checks on the held-out logs.
      features: of trajectories, for the two-sample test; None: `summary_features`.
      policies: decisions with logged propensities and policies; None: there are none.
      replayed: variables that follow the held-out logs in simulations, such as what was shown by a
        system that the story does not know.
      start: "logs": simulations begin with the held-out logs' x_0; "story": with the story's own.
      num_draws: of the posterior, that predict together, at most.
      num_runs: simulated trajectories for the checks.
      rank: of matrix factorisation.
      seed: of simulations, splits and resampling.

    Returns:
      The report card, failures first.

    Raises:
      DataError: (also a ValueError) the logs do not fit the story or the fit, or nothing counts.
      ConfigError: (also a ValueError) a setting is outside its range.
    """
    check.instance("report_card", "fit", fit, Fit, "take the result of recsim_ng.inference.fit")
    require_logs("report_card", "held_out", held_out)
    if logs is not None:
        require_logs("report_card", "logs", logs)
    check.function("report_card", "features", features, optional=True)
    if policies is not None:
        check.instance("report_card", "policies", policies, PolicyLog)
    if not isinstance(story, Network | Sequence):
        raise ConfigError(
            f"report_card: story must be a Network or its variables, got {type(story).__name__}"
        )
    story = as_network(story)
    check.whole("report_card", "num_runs", num_runs, 1)
    check.whole("report_card", "rank", rank, 1)
    check.whole("report_card", "seed", seed, 0)
    prediction = predict(story, fit, held_out, field, mask=mask, item=item, num_draws=num_draws)
    train = _trained_on(fit, logs, prediction, mask, item)
    test = prediction.interactions
    skipped = {}
    calibration = calibrate(prediction, seed)
    if calibration is None:
        skipped["calibration"] = (
            "the story's law gives no probabilities of alternatives and no distribution function"
        )
    names = compared_fields(story, held_out, replayed)
    runs = simulate(story, fit, held_out, num_runs, replayed=replayed, start=start, seed=seed)
    real = arrays(held_out, names)
    # What begins as the logs do has its first steps in common with them.
    common = prediction.whole_step + 1 if start == "logs" else 0
    if prediction.lacking:
        skipped[f"steps before {prediction.whole_step}"] = (
            "the held-out logs begin in the middle of a run and lack what the story carries on, "
            f"{', '.join(prediction.lacking)}; later it follows from them"
        )
    two_sample = None
    try:
        seen = {} if mask is None else {prediction.field: array_of(held_out, mask)}
        two_sample = _two_sample(real, runs[: 1 + _OTHERS], seen, features, common, seed)
    except DataError as error:
        skipped["two-sample test"] = str(error).removeprefix("two_sample_test: ")
    checks = tuple(predictive_checks(statistics or {}, real, runs))
    if not checks:
        skipped["posterior-predictive checks"] = "no statistics were given"
    agreement = None if policies is None else policy_agreement(policies, seed)
    if agreement is None:
        skipped["agreement of policy ranking"] = "no logged propensities were given"
    comparisons = tuple(compare(train, prediction, rank=rank, seed=seed))
    failures = failures_of(fit, prediction, comparisons, calibration, two_sample, checks, agreement)
    if _is_of_the_fit(fit, held_out, prediction.field):
        failures = ("the held-out logs are those of the fit: take what it has not seen", *failures)
    return ReportCard(
        failures,
        fit.method,
        prediction.field,
        len(test),
        len(np.unique(test.user)),
        prediction.num_draws,
        mean_by_user(prediction.log_prob, test.user),
        comparisons,
        calibration,
        two_sample,
        checks,
        agreement,
        skipped,
    )


def _trained_on(
    fit: Fit, logs: Logs | None, prediction: Prediction, mask: str | None, item: str | None
) -> Interactions:
    """The interactions of the fit's logs."""
    given = fit.target.given
    if logs is None:
        logs = dict(given.moving)
        for name, value in given.static.items():
            whole = value.map(lambda x: tf.broadcast_to(x, [given.length, *x.shape]))
            logs[name] = logs[name].union(whole) if name in logs else whole
    try:
        happened = array_of(logs, prediction.field)
        if item is not None:
            array_of(logs, item)
        seen = None if mask is None else array_of(logs, mask)
    except DataError as error:
        raise DataError(f"report_card, logs of the fit: {error}; pass them as logs=") from error
    kept = np.ones(happened.shape, bool) if seen is None else seen.copy()
    kept[: prediction.first_step] = False
    return interactions(logs, prediction.field, kept, item)


def _is_of_the_fit(fit: Fit, held_out: Logs, field: str) -> bool:
    """Whether the interactions are, to the bit, those that the story was fitted to."""
    variable, _, name = field.partition(".")
    seen = fit.target.given.moving.get(variable)
    if seen is None or name not in seen.as_dict:
        return False
    return np.array_equal(np.asarray(seen.get(name)), array_of(held_out, field))


def _two_sample(
    real: Arrays,
    runs: Sequence[Arrays],
    seen: Mapping[str, np.ndarray],
    features: Features | None,
    common: int,
    seed: int,
) -> TwoSample:
    if not real:
        raise DataError("something in the logs must be simulated, got all of it replayed")
    begin = common if len(next(iter(real.values()))) > common else 0
    both = [{name: x[begin:] for name, x in run.items()} for run in (real, *runs)]
    if features is None:
        tables, names = summary_features(both, {name: x[begin:] for name, x in seen.items()})
    else:
        found = [_features_of(features, run) for run in both]
        names = list(found[0])
        tables = [np.stack([f[n] for n in names], axis=1) for f in found]
    return two_sample_test(tables[0], tables[1], names, tables[2:], seed=seed)


def _features_of(features: Features, run: Arrays) -> dict[str, np.ndarray]:
    found = features(run)
    if not isinstance(found, Mapping) or not found:
        raise ConfigError(
            "report_card: features must return a mapping of names to one number for each user, got "
            f"{found!r}"
        )
    return {str(name): np.asarray(x, np.float64) for name, x in found.items()}
