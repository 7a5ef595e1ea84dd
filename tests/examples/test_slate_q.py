"""SlateQ's values: by enumeration, and the next state's value in a world of two states."""

import numpy as np
import pytest
import tensorflow as tf

from examples import slate_q


def test_the_value_of_a_slate_is_the_mean_over_choices():
    rng = np.random.default_rng(0)
    values, logits = rng.normal(size=(3, 5)).astype("f"), rng.normal(size=(3, 4)).astype("f")
    slates = slate_q.slates_of(4, 2)
    assert slates.shape == (6, 2)
    found = slate_q.slate_values(values, logits, 0.5, slates)
    for b in range(3):
        for m, (i, j) in enumerate(slates):
            weights = np.exp([logits[b, i], logits[b, j], 0.5])
            want = weights @ [values[b, i], values[b, j], values[b, 4]] / weights.sum()
            assert float(found[b, m]) == pytest.approx(want, rel=1e-4)


def test_the_next_states_value_counts_in_a_world_of_two_states():
    """Document 0 brings 1 and stays; document 1 brings nothing and leads to where 0 brings 10.

    With g = .9, the second state is worth 100 and going there 90; staying for good, 10.
    """
    rewards = np.array([[1.0, 0.0], [10.0, 0.0]], np.float32)
    leads_to = np.array([[0, 1], [1, 0]])
    slates = slate_q.slates_of(2, 1)

    def solved(discount):
        items = np.zeros([2, 3], np.float32)
        for _ in range(400):
            values = slate_q.slate_values(items, np.zeros([2, 2], "f"), -np.inf, slates).numpy()
            goals = [
                slate_q.targets(rewards[:, d], values[leads_to[:, d]], np.zeros(2, bool), discount)
                for d in range(2)
            ]
            items = np.stack([*goals, np.zeros(2)], axis=1).astype(np.float32)
        return items[:, :2]

    np.testing.assert_allclose(solved(0.9), [[82.0, 90.0], [100.0, 81.0]], rtol=1e-3)
    assert solved(0.9)[0].argmax() == 1 and solved(0.0)[0].argmax() == 0


def test_nothing_follows_the_last_step():
    found = slate_q.targets(tf.constant([1.0, 1.0]), tf.ones([2, 3]), np.array([True, False]), 0.5)
    np.testing.assert_allclose(found, [1.0, 1.5])
