"""Failures: what of a report speaks against trusting a fitted story, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsim_ng.inference.fitting import Fit
from recsim_ng.report.baseline import Comparison
from recsim_ng.report.calibration import ProbabilityIntegral, Reliability
from recsim_ng.report.policy import PolicyAgreement
from recsim_ng.report.prediction import Prediction
from recsim_ng.report.predictive_check import PredictiveCheck
from recsim_ng.report.two_sample import TwoSample


def failures_of(
    fit: Fit,
    prediction: Prediction,
    comparisons: Sequence[Comparison],
    calibration: Reliability | ProbabilityIntegral | None,
    two_sample: TwoSample | None,
    checks: Sequence[PredictiveCheck],
    policies: PolicyAgreement | None,
) -> tuple[str, ...]:
    """Says what failed, the fit first.

    Args:
      fit: the posterior.
      prediction: of held-out logs.
      comparisons: with baselines.
      calibration: of the prediction, if it was looked at.
      two_sample: test, if it was made.
      checks: posterior-predictive ones.
      policies: agreement of their ranking, if it was looked at.

    Returns:
      One sentence for each failure.
    """
    found = [f"the fit failed: {problem}" for problem in fit.problems]
    off = ~np.isfinite(prediction.log_prob)
    if off.any():
        at, n = prediction.interactions, int(np.argmax(off))
        found.append(
            f"prediction: {int(off.sum())} interactions were held to be impossible, the first at "
            f"step {at.step[n]} of user {at.user[n]}"
        )
    for comparison in comparisons:
        if not comparison.is_beaten:
            found.append(_not_beaten(comparison))
    if calibration is not None and not calibration.is_calibrated:
        if isinstance(calibration, Reliability):
            x = calibration.happened
            off = (x < calibration.low) | (x > calibration.high)
        else:
            off = (calibration.counts < calibration.low) | (calibration.counts > calibration.high)
        found.append(f"calibration: {off.sum()} of {len(off)} bins are outside the band of all")
    if two_sample is not None and two_sample.is_told_apart:
        best = min(two_sample.tests, key=lambda test: test.p_value)
        found.append(
            "two-sample test: real and simulated trajectories are told apart, best by "
            f"{best.classifier}, accuracy {best.accuracy:.2f}, p = {two_sample.p_value:.2g} over "
            f"both classifiers, most by '{two_sample.giveaways[0][0]}'"
        )
    for check in checks:
        if not check.is_passed:
            found.append(f"predictive check '{check.name}': p = {check.p_value:.2g}")
    for ranking in policies.rankings if policies is not None else ():
        if not ranking.interval[0] > 0.0:
            found.append(
                f"policies: Kendall's tau with {ranking.estimator} estimates is "
                f"{ranking.tau:.2f}, its interval [{ranking.interval[0]:.2f}, "
                f"{ranking.interval[1]:.2f}] is not above 0"
            )
    return tuple(found)


def _not_beaten(comparison: Comparison) -> str:
    by = comparison.advantage
    interval = f"95 % interval [{by.low:+.4f}, {by.high:+.4f}]"
    if by.high < 0.0:
        return (
            f"baseline: {comparison.name} predicts better than the story, by {-by.mean:.4f} nats "
            f"per interaction, {interval} of the advantage"
        )
    return (
        f"baseline: the story is not clearly better than {comparison.name}, {by.mean:+.4f} nats "
        f"per interaction, {interval}"
    )
