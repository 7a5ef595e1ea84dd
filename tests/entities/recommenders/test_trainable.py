"""Recommenders that are trained: collaborative filtering and the recurrent one."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.site import Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders import (
    CollabFilteringModel,
    CollabFilteringRecommender,
    RecurrentRecommender,
)
from tests.recommender_world import World

WORLD = World(num_users=120, num_docs=9, has_reward=True, has_candidates=False)
BOTH = pytest.mark.parametrize("make", [CollabFilteringRecommender, RecurrentRecommender])


def consume(recommender, items, times):
    """The state after users consumed `[T, U]` items (-1: nothing) for some time each."""
    state = recommender.initial_state()
    for row, time in zip(items, times, strict=True):
        ranks = tf.constant(np.tile(np.maximum(row, 0)[:, None], (1, 3)), tf.int32)
        choice = tf.constant(np.where(row >= 0, 1, 3), tf.int32)
        response = Value(choice=choice, reward=tf.constant(time, tf.float32))
        state = recommender.next_state(state, response, Value(doc_ranks=ranks))
    return state


def logits(recommender, state):
    return recommender.scores(state, Value(), WORLD.docs(), Value())


def test_histories_move_only_where_something_was_consumed():
    recommender = CollabFilteringRecommender(WORLD.config(history_length=2))
    items = np.array([[4] * 120, [-1] * 120, [7] * 120, [2] * 120])
    items[3, 0] = -1
    state = consume(recommender, items, np.arange(480).reshape(4, 120))
    np.testing.assert_array_equal(state.get("doc_history")[0], [5, 8])
    np.testing.assert_array_equal(state.get("ctime_history")[0], [0, 240])
    np.testing.assert_array_equal(state.get("doc_history")[1], [8, 3])
    np.testing.assert_array_equal(state.get("ctime_history")[1], [241, 361])


def test_the_collaborative_model_is_the_published_one(rng):
    model = CollabFilteringModel(3, 9, 6, 4)
    history = rng.integers(0, 10, (3, 4)).astype(np.int32)
    times = rng.random((3, 4)).astype(np.float32)
    embeddings, w1, b1, w2, b2, proposals = (np.asarray(v) for v in model.trainable_variables)
    assert embeddings.shape == (10, 6) and w1.shape == (4 * 7, 32) and w2.shape == (32, 6)
    h = np.concatenate([embeddings[history], times[..., None]], axis=-1).reshape(3, -1) @ w1 + b1
    user = np.where(h > 0, h, model._activation.negative_slope * h) @ w2 + b2
    np.testing.assert_allclose(model((history, times)), user @ proposals.T, rtol=1e-4, atol=1e-5)


def test_the_recurrent_state_moves_only_where_something_was_consumed(rng):
    recommender = RecurrentRecommender(WORLD.config())
    items = rng.integers(0, 9, (2, 120))
    items[1, :6] = -1
    times = rng.random((2, 120))
    first = consume(recommender, items[:1], times[:1]).get("hidden").numpy()
    second = consume(recommender, items, times).get("hidden").numpy()
    np.testing.assert_array_equal(first[:6], second[:6])
    assert (np.abs(first[6:] - second[6:]).max(axis=1) > 1e-4).all()
    assert np.abs(first).max() > 1e-3


@BOTH
def test_every_process_starts_with_the_same_weights(make):
    weights = [[np.asarray(v) for v in make(WORLD.config()).trainable_variables] for _ in range(2)]
    assert len(weights[0]) == {CollabFilteringRecommender: 6, RecurrentRecommender: 7}[make]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


@BOTH
@pytest.mark.parametrize("chunk", [0, pytest.param(120, marks=pytest.mark.slow)])
def test_training_on_propensities_teaches_the_planted_tastes(make, chunk, rng):
    """REINFORCE with what each shown document is worth, 80 steps: more than half of the way."""
    recommender = make(WORLD.config(chunk=chunk, doc_embed_dim=8, hidden_size=8))
    # One consumed document tells a user's group.
    items = np.array([np.arange(120) % 3])
    state_times = np.ones((1, 120))
    worth = tf.constant(WORLD.utility)
    optimiser = tf.keras.optimizers.Adam(0.02)
    variables = recommender.trainable_variables

    def value_of(ranks):
        return tf.reduce_mean(tf.gather(worth, ranks, batch_dims=1), axis=1)

    before = None
    for step in range(80):
        with Seed(1, step), tf.GradientTape() as tape, behaviour("slate"):
            state = consume(recommender, items, state_times)
            slate = recommender.slate_docs(state, Value(), WORLD.docs())
            gain = value_of(tf.convert_to_tensor(slate.get("doc_ranks")))
            advantage = tf.stop_gradient(gain - np.mean(WORLD.utility, axis=1))
            loss = -tf.reduce_sum(advantage * slate.get("log_propensity"))
        before = float(np.mean(WORLD.utility)) if before is None else before
        gradients = tape.gradient(loss, variables)
        assert all(np.isfinite(tf.convert_to_tensor(g)).all() for g in gradients if g is not None)
        optimiser.apply_gradients(
            [(g, v) for g, v in zip(gradients, variables, strict=True) if g is not None]
        )
    ranks = tf.math.top_k(logits(recommender, consume(recommender, items, state_times)), 3)[1]
    best = np.sort(WORLD.utility, axis=1)[:, -3:].mean()
    assert float(tf.reduce_mean(value_of(ranks))) > before + 0.5 * (best - before)


@pytest.mark.parametrize(
    ("make", "setting", "message"),
    [
        (CollabFilteringRecommender, {"history_length": 0}, "history_length must be a whole num"),
        (RecurrentRecommender, {"hidden_size": 0}, "hidden_size must be a whole number of at lea"),
        (RecurrentRecommender, {"doc_embed_dim": 0}, "doc_embed_dim must be a whole number of at"),
    ],
)
def test_settings_out_of_range_are_refused(make, setting, message):
    with pytest.raises(ConfigError, match=f"{make.__name__}: {message}"):
        make(WORLD.config(**setting))
    with pytest.raises(ConfigError, match="CollabFilteringModel: doc_embed_dim must be a whole"):
        CollabFilteringModel(1, 1, 0, 1)
