"""The KL-UCB bound against SciPy's root finder."""

import numpy as np
import pytest
from scipy import optimize, special

from recsim_ng.core.value import Value
from recsim_ng.entities.bandits import KLUCB, kl_ucb_bound


def divergence(p, q):
    return special.rel_entr(p, q) + special.rel_entr(1 - p, 1 - q)


def root(p, d):
    """The greatest mean within a divergence of p, by bisection in -log(1 - q)."""

    def excess(y):
        return divergence(p, -np.expm1(-y)) - d

    if p == 1.0:
        return 1.0
    low, high = -np.log1p(-p), 700.0
    return (
        -np.expm1(-optimize.brentq(excess, low, high, xtol=1e-13, maxiter=1000))
        if excess(high) > 0
        else 1.0
    )


MEANS = [0.0, 1e-3, 0.05, 0.3, 0.5, 0.9, 0.999, 1.0]
DIVERGENCES = [1e-4, 1e-3, 0.01, 0.1, 1.0, 10.0]


@pytest.mark.parametrize("p", MEANS)
def test_the_bound_is_the_root(p):
    expected = np.array([root(p, d) for d in DIVERGENCES])
    found = kl_ucb_bound(np.full(6, p, np.float32), np.array(DIVERGENCES, np.float32)).numpy()
    tolerance = np.maximum(1e-5, 1e-3 * (expected - p))
    assert (np.abs(found - expected) <= tolerance).all(), (found, expected)


def test_without_divergence_it_is_the_mean():
    p = np.array([0.0, 0.25, 0.5, 1.0], np.float32)
    np.testing.assert_allclose(kl_ucb_bound(p, np.zeros(4, np.float32)), p, atol=2e-4)


@pytest.mark.parametrize("weight", [0.0, 3.0])
def test_the_arm_of_the_greatest_bound_is_pulled(weight, rng):
    many, arms = 200, 4
    pulls = rng.integers(1, 50, (many, arms)).astype(np.float32)
    sums = rng.binomial(pulls.astype(int), rng.uniform(size=(many, arms))).astype(np.float32)
    algorithm = KLUCB({"num_bandits": many, "num_arms": arms, "log_log_weight": weight})
    statistics = Value(pulls=pulls, reward_sum=sums)
    found = algorithm.arm_choice(statistics, Value()).get("arm").numpy()
    log = np.log(pulls.sum(1))
    budget = (log + weight * np.log(log))[:, None] / pulls
    index = np.array(
        [
            [root(p, d) for p, d in zip(*rows, strict=True)]
            for rows in zip(sums / pulls, budget, strict=True)
        ]
    )
    # Up to the bound's error.
    assert (index[np.arange(many), found] >= index.max(1) - 1e-3).all()
    assert np.mean(found == index.argmax(1)) > 0.98
