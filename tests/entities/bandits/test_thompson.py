"""Thompson sampling: its posteriors in closed form, and how often it pulls an arm."""

import numpy as np
import tensorflow as tf
from scipy import integrate, stats

from recsim_ng.core.value import Value
from recsim_ng.entities.bandits import BernoulliThompson, GaussianThompson
from tests import statistical
from tests.entities.bandits.bandit_stories import run

MANY = 20_000
CONFIG = {"num_bandits": MANY, "num_arms": 2}
PULLS, SUMS = np.array([12.0, 5.0]), np.array([7.0, 2.0])


def statistics():
    def rows(x):
        return tf.constant(np.tile(x, (MANY, 1)), tf.float32)

    return Value(pulls=rows(PULLS), reward_sum=rows(SUMS))


def check_pulls(choice, first):
    """The first arm is pulled as often as it is believed to be the best."""
    successes = np.sum(choice.get("arm").numpy() == 0)
    # 20,000 draws: 0.033 more or less are caught with power 0.999.
    statistical.assert_proportion(successes, MANY, first, what="pulls of the first arm")
    with statistical.must_catch():
        statistical.assert_proportion(successes, MANY, first + 0.06)


def test_the_bernoulli_posterior_is_a_beta_law(seed):
    algorithm = BernoulliThompson({**CONFIG, "belief_successes": 2.0, "belief_failures": 3.0})
    choice, sites = run(algorithm.arm_choice, statistics(), Value(), seed=seed)
    law = sites["sampled_means"].distribution
    np.testing.assert_allclose(law.concentration1[0], 2 + SUMS, rtol=1e-6)
    np.testing.assert_allclose(law.concentration0[0], 3 + PULLS - SUMS, rtol=1e-6)
    one, other = (stats.beta(2 + s, 3 + n - s) for n, s in zip(PULLS, SUMS, strict=True))
    check_pulls(choice, integrate.quad(lambda x: one.pdf(x) * other.cdf(x), 0, 1)[0])


def test_the_gaussian_posterior_is_that_of_a_known_noise(seed):
    settings = {"belief_mean": 0.5, "belief_scale": 2.0, "noise_scale": 0.7}
    algorithm = GaussianThompson({**CONFIG, **settings})
    choice, sites = run(algorithm.arm_choice, statistics(), Value(), seed=seed)
    precision = 1 / 4 + PULLS / 0.49
    mean = (0.5 / 4 + SUMS / 0.49) / precision
    law = sites["sampled_means"].distribution
    np.testing.assert_allclose(law.loc[0], mean, rtol=1e-5)
    np.testing.assert_allclose(law.scale[0], precision**-0.5, rtol=1e-5)
    check_pulls(choice, stats.norm.cdf((mean[0] - mean[1]) / np.sqrt(np.sum(1 / precision))))
