"""Bernoulli, Gaussian and drifting bandits: their laws, and who knows them."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.value import Value
from recsim_ng.entities.bandits import (
    BernoulliGenerator,
    BernoulliProblem,
    DriftContext,
    DriftingProblem,
    GaussianGenerator,
    GaussianProblem,
)
from tests.entities.bandits.bandit_stories import run

B, A = 4, 3
CONFIG = {"num_bandits": B, "num_arms": A}
ARM = Value(arm=tf.constant([0, 2, 1, 2]))
MEANS = np.linspace(0.0, 1.0, B * A, dtype=np.float32).reshape(B, A)
CHOSEN = MEANS[np.arange(B), ARM.get("arm")]


def test_probabilities_are_drawn_from_a_beta_law():
    config = {**CONFIG, "prior_successes": 2.0, "prior_failures": 5.0}
    _, sites = run(BernoulliGenerator(config).parameters)
    law = sites["arm_means"].distribution
    assert law.batch_shape == (B, A)
    np.testing.assert_allclose(law.mean(), 2 / 7, rtol=1e-5)
    np.testing.assert_allclose(law.variance(), 10 / (49 * 8), rtol=1e-5)


def test_means_are_drawn_from_a_normal_law():
    _, sites = run(GaussianGenerator({**CONFIG, "prior_mean": 1.0, "prior_scale": 2.0}).parameters)
    law = sites["arm_means"].distribution
    assert law.batch_shape == (B, A)
    np.testing.assert_array_equal(law.loc, 1.0)
    np.testing.assert_array_equal(law.scale, 2.0)


@pytest.mark.parametrize("generator", [BernoulliGenerator, GaussianGenerator])
def test_given_means_are_not_drawn(generator):
    for given in ([0.25, 0.5, 1.0], MEANS):
        parameters, sites = run(generator({**CONFIG, "arm_means": given}).parameters)
        assert not sites
        np.testing.assert_array_equal(parameters.get("arm_means"), np.broadcast_to(given, (B, A)))


def test_a_success_has_the_probability_of_the_chosen_arm():
    problem = BernoulliProblem(CONFIG)
    state = problem.initial_state(Value(arm_means=MEANS), Value())
    reward, sites = run(problem.reward, ARM, state)
    np.testing.assert_allclose(sites["reward"].distribution.mean(), CHOSEN, atol=1e-6)
    assert set(reward.get("reward").numpy()) <= {0.0, 1.0}
    # A probability of 0 or 1 leaves nothing to chance.
    sure = problem.initial_state(Value(arm_means=np.float32(MEANS > 0.5)), Value())
    reward, _ = run(problem.reward, ARM, sure)
    np.testing.assert_array_equal(reward.get("reward").value, CHOSEN > 0.5)


def test_gaussian_rewards_have_the_mean_of_the_chosen_arm():
    problem = GaussianProblem({**CONFIG, "noise_scale": 0.5})
    state = problem.initial_state(Value(arm_means=MEANS), Value())
    _, sites = run(problem.reward, ARM, state)
    np.testing.assert_allclose(sites["reward"].distribution.loc, CHOSEN, atol=1e-6)
    np.testing.assert_array_equal(sites["reward"].distribution.scale, 0.5)


def test_drift_is_a_random_walk_of_the_means():
    context, problem = DriftContext({**CONFIG, "drift_scale": 0.25}), DriftingProblem(CONFIG)
    parameters = Value(arm_means=MEANS)
    first, sites = run(context.initial_state, parameters)
    assert not sites and not np.any(first.get("drift"))
    np.testing.assert_array_equal(problem.initial_state(parameters, first)["arm_means"], MEANS)
    second, _ = run(context.next_state, first, parameters, seed=1)
    _, sites = run(context.next_state, second, parameters, seed=2)
    walked = second.get("drift").numpy()
    np.testing.assert_array_equal(sites["drift"].distribution.loc, walked)
    np.testing.assert_array_equal(sites["drift"].distribution.scale, 0.25)
    found = problem.next_state(parameters, second).get("arm_means")
    np.testing.assert_allclose(found, MEANS + walked, rtol=1e-6)
