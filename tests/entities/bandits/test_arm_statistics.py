"""Counts and sums, UCB1's index and epsilon-greedy's propensities, by hand."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.value import Value
from recsim_ng.entities.bandits import UCB1, EpsilonGreedy
from tests.entities.bandits.bandit_stories import run

B, A = 5, 3
CONFIG = {"num_bandits": B, "num_arms": A}


@pytest.fixture
def statistics(rng):
    pulls = rng.integers(1, 20, (B, A)).astype(np.float32)
    return Value(
        pulls=tf.constant(pulls),
        reward_sum=tf.constant(pulls * rng.uniform(size=(B, A)), tf.float32),
    )


@pytest.mark.parametrize("discount", [1.0, 0.9, 0.0])
def test_statistics_count_pulls_and_sum_rewards(discount, rng):
    algorithm = UCB1({**CONFIG, "discount": discount})
    found = algorithm.initial_statistics(Value())
    pulls, sums = np.zeros((B, A)), np.zeros((B, A))
    for _ in range(6):
        arm, reward = rng.integers(0, A, B), rng.uniform(size=B)
        found = algorithm.next_statistics(
            found,
            Value(arm=tf.constant(arm)),
            Value(reward=tf.constant(reward, tf.float32)),
            Value(),
        )
        pulled = np.eye(A)[arm]
        pulls, sums = discount * pulls + pulled, discount * sums + pulled * reward[:, None]
    np.testing.assert_allclose(found.get("pulls"), pulls, rtol=1e-6)
    np.testing.assert_allclose(found.get("reward_sum"), sums, rtol=1e-5)


@pytest.mark.parametrize("exploration", [0.0, 1.0, 3.0])
def test_ucb1_pulls_the_greatest_bound(exploration, statistics):
    n, s = statistics.get("pulls").numpy(), statistics.get("reward_sum").numpy()
    index = s / n + exploration * np.sqrt(2 * np.log(n.sum(1, keepdims=True)) / n)
    choice = UCB1({**CONFIG, "exploration": exploration}).arm_choice(statistics, Value())
    np.testing.assert_array_equal(choice.get("arm"), index.argmax(1))


@pytest.mark.parametrize("make", [UCB1, lambda c: EpsilonGreedy({**c, "epsilon": 0.0})])
def test_every_arm_is_pulled_once_first(make, seed):
    algorithm = make(CONFIG)
    statistics, seen = algorithm.initial_statistics(Value()), []
    for _ in range(A):
        choice, _ = run(algorithm.arm_choice, statistics, Value(), seed=seed)
        arm = tf.convert_to_tensor(choice.get("arm"))
        seen.append(arm.numpy())
        reward = Value(reward=tf.ones([B]))
        statistics = algorithm.next_statistics(statistics, Value(arm=arm), reward, Value())
    np.testing.assert_array_equal(np.sort(seen, axis=0), np.tile(np.arange(A)[:, None], [1, B]))


@pytest.mark.parametrize(
    ("epsilon", "decay"), [(0.0, 0.0), (0.3, 0.0), (1.0, 0.0), (5.0, 1.0), (500.0, 1.0)]
)
def test_epsilon_greedy_has_exact_propensities(epsilon, decay, statistics):
    algorithm = EpsilonGreedy({**CONFIG, "epsilon": epsilon, "epsilon_decay": decay})
    _, sites = run(algorithm.arm_choice, statistics, Value())
    arms = tf.tile(tf.range(A)[:, None], [1, B])
    found = np.exp(sites["arm"].distribution.log_prob(arms)).T
    n, s = statistics.get("pulls").numpy(), statistics.get("reward_sum").numpy()
    share = np.minimum(1, epsilon / (1 + n.sum(1, keepdims=True)) ** decay)
    expected = (1 - share) * np.eye(A)[(s / n).argmax(1)] + share / A
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(found.sum(1), 1.0, rtol=1e-5)
