"""What has been proved of the algorithms' regret holds of ours, on one Bernoulli bandit.

With means 0.5 and 0.2, gap D = 0.3 and K = kl(0.2, 0.5) nats, the constant of Lai and Robbins is
C = D / K = 1.56: no algorithm that serves all bandits has a regret that grows slower than C log T.

A bound on an expectation is checked as the hypothesis nearest to what was found: it fails where the
mean of the replicates is further beyond the bound than chance explains (false alarm at most 1e-9).
Deviations are estimated, with room: an error by a tenth moves that limit by as much. By
`smallest_detectable`, 1,000 replicates catch 0.32 of such a deviation with power 0.999, and 500
(of Thompson sampling, the slowest to draw) 0.45: 0.4 C of their slopes below.
"""

import numpy as np
import pytest
from scipy import optimize, special

from recsim_ng import PythonRuntime, TFRuntime
from recsim_ng.entities import bandits
from recsim_ng.stories.bandit_simulation import bandit_story
from tests import statistical
from tests.entities.bandits.bandit_stories import BERNOULLI

MEANS = (0.5, 0.2)
GAP = MEANS[0] - MEANS[1]
ALGORITHMS = {  # name -> (algorithm, replicates, horizon)
    "random": (bandits.EpsilonGreedy, 1000, 5000),
    "ucb1": (bandits.UCB1, 1000, 5000),
    "kl-ucb": (bandits.KLUCB, 1000, 5000),
    "thompson": (bandits.BernoulliThompson, 500, 2000),
}


def divergence(p, q):
    return special.rel_entr(p, q) + special.rel_entr(1 - p, 1 - q)


CONSTANT = GAP / divergence(MEANS[1], MEANS[0])


@pytest.fixture(scope="module")
def regrets(request):
    """(algorithm, step) -> `[replicates]` cumulative regret of the pulls before the step."""
    seed, made = request.config.getoption("--shift-seed"), {}

    def regret(name, step):
        algorithm, replicates, horizon = ALGORITHMS[name]
        if name not in made:
            config = {"num_bandits": replicates, "num_arms": 2, "arm_means": MEANS, "epsilon": 1.0}
            variables = bandit_story(config, *BERNOULLI, algorithm, bandits.RegretMetrics)
            # The first step is not compiled along, which would take as long again.
            start = PythonRuntime(variables).execute(0, seed=seed)
            run = TFRuntime(variables).trajectory(
                horizon + 1, start, seed=seed, record=["metrics state.cumulative_regret"]
            )
            made[name] = np.asarray(run["metrics state"]["cumulative_regret"], np.float64)
        return made[name][step]

    return regret


def assert_at_most(samples, bound, what):
    """Checks that draws have a mean of at most the bound."""
    spread = 1.1 * samples.std()
    statistical.assert_mean(samples, min(bound, samples.mean()), spread, what=what)


def assert_at_least(samples, bound, what):
    """Checks that draws have a mean of at least the bound."""
    assert_at_most(-samples, -bound, what)


def slope(regrets, name, step):
    """The growth of the regret from a quarter of the steps on, per unit of log T, in C."""
    growth = regrets(name, step) - regrets(name, step // 4)
    return growth / np.log(4) / CONSTANT


@pytest.mark.parametrize("step", [250, 1000, 5000])
def test_ucb1_loses_less_than_its_published_bound(regrets, step):
    # Auer, Cesa-Bianchi and Fischer (2002), Theorem 1.
    bound = 8 * np.log(step) / GAP + (1 + np.pi**2 / 3) * GAP
    assert_at_most(regrets("ucb1", step), bound, "regret of UCB1")
    if step == 5000:  # whoever picks at random is beyond the bound by then: 750 against 229
        with statistical.must_catch():
            assert_at_most(regrets("random", step), bound, "regret of random pulls")


def test_ucb1s_regret_grows_with_the_logarithm(regrets):
    # Each of two fourfold horizons adds as much to c log T; twice as much to c sqrt(T), four times
    # to c T. What UCB1 adds still grows a little: the best arm's own bound is wide at first.
    def excess(name, factor):
        first = regrets(name, 1250) - regrets(name, 312)
        return regrets(name, 5000) - regrets(name, 1250) - factor * first

    assert_at_most(excess("ucb1", 1.5), 0.0, "growth of UCB1's regret less 1.5 times that before")
    assert_at_least(excess("ucb1", 0.9), 0.0, "growth of UCB1's regret less 0.9 times that before")
    with statistical.must_catch():
        assert_at_most(excess("random", 1.5), 0.0, "random pulls")


def regret_without_noise(log_step):
    """KL-UCB's regret if every arm's observed mean were its true one.

    The worse arm has been pulled n times once n kl(0.2, u) = log T, with u the index of the best
    arm, itself pulled T times: kl(0.5, u) = log T / T. So u comes down to 0.5, slowly, and n comes
    up to log T / kl(0.2, 0.5).
    """
    width = log_step * np.exp(-log_step)

    def excess(above):
        return divergence(MEANS[0], MEANS[0] + above) - width

    above = optimize.brentq(excess, 0.0, 0.5 - 1e-12) if width > 1e-14 else 0.0
    return GAP * log_step / divergence(MEANS[1], MEANS[0] + above)


def test_kl_ucb_comes_to_the_slope_of_lai_and_robbins(regrets):
    # At a horizon of 5,000 the best arm's index is still so wide that the regret lies below
    # C log T and catches up: growth per unit of log T is 1.3 C without noise. The tolerance is
    # 0.15 C around that; it comes down to C, within 1 % from T = 10^10 on.
    def limit(step):
        growth = regret_without_noise(np.log(step)) - regret_without_noise(np.log(step / 4))
        return growth / np.log(4) / CONSTANT

    assert 1.0 <= limit(5000) <= 1.4
    assert abs(limit(1e10) - 1.0) < 0.01
    found = slope(regrets, "kl-ucb", 5000)
    assert_at_most(found, limit(5000) + 0.15, "slope of KL-UCB's regret")
    assert_at_least(found, limit(5000) - 0.15, "slope of KL-UCB's regret")
    # Nor does the regret's level leave what the slope gives: it comes up to it from below.
    assert_at_most(regrets("kl-ucb", 5000), CONSTANT * np.log(5000), "regret of KL-UCB")
    assert_at_least(regrets("kl-ucb", 5000), 0.7 * CONSTANT * np.log(5000), "regret of KL-UCB")
    with statistical.must_catch():
        assert_at_most(slope(regrets, "ucb1", 5000), limit(5000) + 0.15, "slope of UCB1's regret")


@pytest.mark.slow
def test_thompson_sampling_stays_within_its_constant(regrets):
    # Kaufmann, Korda and Munos (2012), Theorem 1, with epsilon and the constant 0: they only add.
    for step in (500, 2000):
        bound = CONSTANT * (np.log(step) + np.log(np.log(step)))
        assert_at_most(regrets("thompson", step), bound, "regret of Thompson sampling")
        with statistical.must_catch():
            assert_at_most(regrets("ucb1", step), bound, "regret of UCB1")
    assert_at_most(slope(regrets, "thompson", 2000), 1.0, "slope of Thompson sampling's regret")
    assert_at_least(slope(regrets, "thompson", 2000), 0.5, "slope of Thompson sampling's regret")
