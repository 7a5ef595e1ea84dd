"""Posterior-predictive checks: p-values are those of ranks, wrong statistics are refused."""

import numpy as np
import pytest

from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.report.predictive_check import predictive_checks
from tests.statistical import assert_proportion, must_catch

MEAN = {"mean": lambda run: run["a.x"].mean(), "steps": lambda run: run["a.x"].mean(axis=1)}


def run(rng, shift=0.0):
    return {"a.x": rng.normal(size=(4, 6)) + shift}


def failed(rng, shift, runs=150):
    count = 0
    for _ in range(runs):
        checks = predictive_checks(MEAN, run(rng, shift), [run(rng) for _ in range(39)])
        count += not checks[1].is_passed
    return count


def test_exchangeable_logs_fail_at_the_level_and_others_more_often(rng):
    # The rank of one among 40 is below or at 0.05 with probability 2 / 40. A rate of 0.31 in
    # its place is found in 150 runs with probability 0.999.
    assert_proportion(failed(rng, 0.0), 150, 0.05, what="failed checks")
    with must_catch():
        assert_proportion(failed(rng, 1.0), 150, 0.05, what="failed checks of shifted logs")


def test_p_values_count_what_is_simulated():
    runs = [{"a.x": np.full((2, 2), v)} for v in (0.0, 1.0, 2.0, 3.0)]
    (found,) = predictive_checks({"m": MEAN["mean"]}, {"a.x": np.full((2, 2), 2.0)}, runs)
    assert found.observed.tolist() == [2.0] and found.simulated.shape == (4, 1)
    assert found.p_values.tolist() == [(1 + 0.5) / 4]
    # Of 0, 1, 2, 3 and 2, about 1.6, only 2 and 2 are nearer than or as near as 0.4.
    assert found.p_value == 1.0


@pytest.mark.parametrize(
    ("statistic", "error", "message"),
    [
        (3, ConfigError, r"statistics\['s'\] must be"),
        (
            lambda run: run["a.y"],
            DataError,
            r"'s' must read what is simulated, \['a.x'\], got 'a.y'",
        ),
        (lambda run: "much", DataError, "'s' must be a finite number or vector, got 'much'"),
        (lambda run: np.nan, DataError, "'s' must be a finite number or vector, got"),
        (lambda run: run["a.x"], DataError, "'s' must be a finite number or vector, got"),
        (lambda run: np.ones(int(run["a.x"][0, 0])), DataError, r"always be as long, got \[1, 2\]"),
    ],
)
def test_wrong_statistics_are_refused(statistic, error, message):
    logs, runs = {"a.x": np.ones((2, 2))}, [{"a.x": np.full((2, 2), 2.0)}]
    with pytest.raises(error, match=message):
        predictive_checks({"s": statistic}, logs, runs)
