"""Regret metrics against NumPy, over whole runs."""

import numpy as np
import pytest

from recsim_ng import PythonRuntime
from tests.entities.bandits.bandit_stories import A, B, numpy_of, story

T = 12


@pytest.mark.parametrize("name", ["kl-ucb", "linucb", "drifting"])
def test_metrics_are_those_of_the_arms_pulled_before(name, seed):
    found = numpy_of(PythonRuntime(story(name)).trajectory(T, seed=seed))
    means, arm = found["bandit state"]["arm_means"], found["algorithm choice"]["arm"]
    metrics = found["metrics state"]
    for field, x in metrics.items():
        assert not x[0].any(), field
    reward = np.take_along_axis(means, arm[:, :, None], axis=2)[:, :, 0]
    best = means.max(axis=2)
    pulls = np.cumsum(np.eye(A, dtype=int)[arm], axis=0)
    recommended = pulls.argmax(axis=2)
    expected = {
        "reward": reward,
        "cumulative_reward": np.cumsum(reward, axis=0),
        "regret": best - reward,
        "cumulative_regret": np.cumsum(best - reward, axis=0),
        "pulls": pulls,
        "best_arm_rate": np.cumsum(reward == best, axis=0) / np.arange(1, T + 1)[:, None],
        "simple_regret": best - np.take_along_axis(means, recommended[:, :, None], axis=2)[:, :, 0],
    }
    assert sorted(expected) == sorted(metrics)
    for field, x in expected.items():
        np.testing.assert_allclose(metrics[field][1:], x[:-1], rtol=1e-5, atol=1e-5, err_msg=field)
    assert metrics["pulls"].shape == (T, B, A)
