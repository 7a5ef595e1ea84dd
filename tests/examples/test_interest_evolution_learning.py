"""The learner of interest evolution: its scores, its advantages, and that it learns."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from examples import interest_evolution_learning as example
from recsim_ng import PythonRuntime
from recsim_ng.stories import interest_evolution

STORY = interest_evolution.Config(num_users=400, num_docs=20, history_length=5)


def test_slates_scored_at_once_are_as_likely_as_when_they_were_drawn(seed):
    made = []

    def recommender(settings):
        made.append(example.CollabFilteringRecommender(settings))
        return made[-1]

    small = dataclasses.replace(STORY, num_users=6)
    run = PythonRuntime(interest_evolution.story_with(small, recommender)).trajectory(4, seed=seed)
    log_probability, entropy = example.score(made[0], run)
    drawn = run["slate docs"]["log_propensity"]
    np.testing.assert_allclose(log_probability, drawn, rtol=1e-4)
    assert (entropy.numpy() > 0).all() and (entropy.numpy() < np.log(20) + 1e-4).all()


def test_advantages_are_what_the_past_does_not_foretell(rng):
    rewards = rng.gamma(2.0, size=(5, 40)).astype(np.float32)
    found = example.advantages(tf.constant(rewards), 0.9).numpy()
    expected = np.empty_like(found)
    for t in range(5):
        returns = sum(0.9 ** (s - t) * rewards[s] for s in range(t, 5))
        past = sum((rewards[s] for s in range(t)), np.zeros(40))
        recent = sum((0.8 ** (t - 1 - s) * rewards[s] for s in range(t)), np.zeros(40))
        x = np.stack([past, recent], axis=1)
        x, y = x - x.mean(axis=0), returns - returns.mean()
        expected[t] = y - x @ np.linalg.solve(x.T @ x + np.eye(2), x.T @ y)
    np.testing.assert_allclose(found, expected / expected.std(), rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_it_learns(seed):

    config = example.Config(
        story=STORY,
        others=(),
        num_seeds=1,
        first_seed=seed % 1000,
        num_iterations=15,
        num_training_users=100,
        learning_rate=0.03,
    )
    reports = []
    found = example.run(config, lambda *told: reports.append(told))
    learner, untrained = (
        found.estimate("cumulative_time", arm).mean[-1] for arm in ("learner", "untrained")
    )
    assert found.arms == ["learner", "untrained"]
    assert learner > 1.2 * untrained
    assert [iteration for _, iteration, _ in reports] == [0, 10]


@pytest.mark.parametrize("discount", [0.0, 1.0])
def test_advantages_have_mean_0_and_deviation_1(discount, rng):
    rewards = tf.constant(rng.gamma(2.0, size=(3, 50)), tf.float32)
    found = example.advantages(rewards, discount).numpy()
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(), 1, rtol=1e-4)
