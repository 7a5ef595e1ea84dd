"""Whole episodes of many worlds, as learners in TensorFlow take them."""

import gymnasium
import numpy as np
import tensorflow as tf

import recsim_ng  # noqa: F401 (registers)
from examples.episodes import Episodes


def test_everything_that_is_observed_stands_side_by_side():
    names = ["available docs.doc_features", "user response.choice", "environment.step"]
    made = gymnasium.make("recsim_ng/InterestEvolution-v0", observation=names, num_steps=3)
    design = made.unwrapped.design
    episodes = Episodes(design, 4)

    @tf.function
    def run():
        slates = tf.tile([[0, 1]], [4, 1])
        return episodes.run(tf.constant([1, 1]), lambda seen, seed: slates)

    seen, slates, (rewards,) = run()
    assert seen.shape == (4, 4, 10 * 2 + 1 + 1) and slates.shape == (3, 4, 2)
    assert rewards.shape == (3, 4)
    docs = design.functions.constant["available docs/doc_features"].ravel()
    np.testing.assert_allclose(seen[..., :20], np.tile(docs, [4, 4, 1]))
    np.testing.assert_array_equal(seen[:, 0, -1], [0, 1, 2, 3])
    totals = episodes.returns(7, lambda seen: tf.tile([[0, 1]], [4, 1]))
    env = gymnasium.make("recsim_ng/InterestEvolution-v0", num_steps=3)
    env.reset(seed=8)
    np.testing.assert_allclose(totals[1], sum(env.step([0, 1])[1] for _ in range(3)), rtol=1e-5)
