"""Means over interactions: the interval covers, and users are its blocks."""

import numpy as np

from recsim_ng.report.difference import mean_by_user
from tests.statistical import assert_proportion, must_catch

RUNS, USERS = 2000, 40


def coverage(rng, of):
    """How often 95 % intervals hold the mean 0 of numbers whose users differ."""
    count = 0
    for _ in range(RUNS):
        user = np.repeat(np.arange(USERS), rng.integers(1, 9, USERS))
        x = rng.normal(size=USERS)[user] + rng.normal(size=len(user))
        found = of(x, user)
        count += found.low <= 0.0 <= found.high
    return count


def test_intervals_cover_though_a_users_numbers_go_together(rng):
    # Of 2,000 intervals a coverage that is off by 0.05 is found out with probability 0.999; the
    # sandwich with unequal blocks is itself off by 0.015 at most here.
    count = coverage(rng, mean_by_user)
    assert_proportion(count, RUNS, np.clip(count / RUNS, 0.935, 0.965), what="coverage")
    with must_catch():  # blocks forgotten
        count = coverage(rng, lambda x, user: mean_by_user(x, np.arange(len(x))))
        assert_proportion(count, RUNS, np.clip(count / RUNS, 0.935, 0.965), what="coverage")


def test_with_blocks_of_one_it_is_students_interval(rng):
    from scipy import stats

    x = rng.normal(size=12)
    found = mean_by_user(x, np.arange(12))
    expected = stats.t.interval(0.95, 11, x.mean(), stats.sem(x))
    np.testing.assert_allclose((found.low, found.high), expected)


def test_one_user_says_nothing_of_others():
    found = mean_by_user(np.array([1.0, 3.0]), np.array([7, 7]))
    assert (found.mean, found.low, found.high) == (2.0, -np.inf, np.inf)
