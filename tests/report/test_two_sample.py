"""The two-sample test: its rate of false alarms, and simulators that it must catch."""

import numpy as np
import pytest

from recsim_ng.core.errors import DataError
from recsim_ng.report.two_sample import two_sample_test
from tests.statistical import assert_proportion, must_catch

RUNS, USERS, FEATURES = 24, 60, 3
NAMES = ["a", "b", "c"]


def pairs(rng, shift=0.0, users=USERS):
    """Features of users who differ much among each other, the second of them shifted."""
    own = 3.0 * rng.normal(size=(users, FEATURES))
    real, simulated = (own + rng.normal(size=own.shape) for _ in range(2))
    return real + shift * np.array([0.0, 1.0, 0.0]), simulated


def alarms(rng, shift):
    found = [two_sample_test(*pairs(rng, shift), NAMES, seed=i) for i in range(RUNS)]
    return sum(test.is_told_apart for test in found)


def test_false_alarms_are_no_more_often_than_the_level_and_a_wrong_simulator_is_caught(rng):
    # Of 30 judged pairs 21 must be right: by chance 2 P(Bin(30, 1/2) >= 21) = 0.043 at most. A rate
    # of 0.77 in 24 runs would be found with probability 0.999.
    count = alarms(rng, 0.0)
    if count > 0.05 * RUNS:
        assert_proportion(count, RUNS, 0.05, what="false alarms")
    with must_catch():
        assert_proportion(alarms(rng, 2.5), RUNS, 0.05, what="alarms at a shift")


def test_what_gives_the_simulator_away_is_named_first(rng):
    real, simulated = pairs(rng, 2.0, users=200)
    found = two_sample_test(real, simulated, NAMES)
    assert found.is_told_apart and found.num_users == 100
    name, away, weight = found.giveaways[0]
    assert name == "b" and away > 0.3 and weight > 0
    assert {t.classifier for t in found.tests} == {"logistic regression", "neural network"}
    assert all(t.accuracy > 0.75 for t in found.tests[:1])


def test_a_difference_that_no_mean_shows_is_the_networks(rng):
    real = rng.normal(size=(600, 2))
    simulated = np.sign(real) * 0.05 + rng.normal(size=real.shape)
    simulated[:, 1] = np.abs(simulated[:, 0]) * np.sign(simulated[:, 1])  # a law on two lines
    regression, network = two_sample_test(real, simulated, ["a", "b"]).tests
    assert network.p_value < 1e-6 < regression.p_value


def test_what_a_posterior_is_uncertain_about_for_all_is_no_false_alarm(rng):
    # Users share a shift that nobody knows: the real one's is no further out than simulated ones'.
    real, simulated = rng.normal(size=(60, 1)) + 2.0, rng.normal(size=(60, 1))
    others = [rng.normal(size=(60, 1)) + shift for shift in np.linspace(-4.0, 4.0, 19)]
    assert two_sample_test(real, simulated, ["a"], others[1:]).is_told_apart  # too few to judge by
    found = two_sample_test(real, simulated, ["a"], others)
    assert found.p_value < 0.05 < found.p_among_simulated and not found.is_told_apart


def test_what_is_wrong_is_told_apart_from_simulated_ones_too(rng):
    real = rng.normal(size=(60, 1)) + 4.0
    others = [rng.normal(size=(60, 1)) for _ in range(20)]
    found = two_sample_test(real, others[0], ["a"], others[1:])
    assert found.is_told_apart and found.p_among_simulated == 1 / 20


def test_p_values_are_those_of_the_binomial_law():
    from math import comb

    from recsim_ng.report.two_sample import _judge

    real, simulated = np.array([1.0, 2.0, 3.0, 0.0, 5.0]), np.array([0.0, 1.0, 4.0, 0.0, 1.0])
    told = _judge("x", real, simulated)
    assert (told.right, told.pairs, told.accuracy) == (3, 4, 0.7)
    assert told.p_value == pytest.approx((comb(4, 3) + comb(4, 4)) / 2**4)


def test_too_few_users_and_features_that_do_not_vary_are_refused(rng):
    with pytest.raises(DataError, match="two_sample_test: must have 40 users at least, got 39"):
        two_sample_test(*pairs(rng, users=39), NAMES)
    with pytest.raises(DataError, match="a feature must vary among users, got none that does"):
        two_sample_test(np.ones((50, 2)), np.ones((50, 2)), ["a", "b"])
