import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders import ItemItemRecommender
from tests.recommender_world import World

WORLD = World(num_users=7, num_docs=9, has_candidates=False)


def consume(recommender, items):
    """The state after each user consumed their column of `[T, U]` items, -1: nothing."""
    state = recommender.initial_state()
    for row in items:
        slate = Value(doc_ranks=tf.constant(np.tile(np.maximum(row, 0)[:, None], (1, 3)), tf.int32))
        choice = tf.constant(np.where(row >= 0, 1, 3), tf.int32)
        state = recommender.next_state(state, Value(choice=choice), slate)
    return state


def scores(recommender, state):
    users = Value(user_index=tf.range(WORLD.num_users))
    return recommender.scores(state, Value(), WORLD.docs(), users).numpy()


def test_scores_are_cosines_of_the_columns_of_who_consumed_what(rng):
    recommender = ItemItemRecommender(WORLD.config(history_length=9))
    items = np.array([rng.permutation(9)[:6] for _ in range(7)]).T
    items[rng.random(items.shape) < 0.2] = -1
    items[5, 0] = items[0, 0]  # consumed twice, counted once
    state = consume(recommender, items)
    matrix = np.zeros((7, 9))
    for row in items:
        matrix[np.arange(7)[row >= 0], row[row >= 0]] = 1
    together = matrix.T @ matrix
    np.testing.assert_array_equal(state.get("count"), np.diag(together))
    np.testing.assert_array_equal(state.get("together"), together - np.diag(np.diag(together)))
    norm = np.sqrt(np.maximum(np.outer(np.diag(together), np.diag(together)), 1))
    cosine = (together - np.diag(np.diag(together))) / norm
    # What is added to tell equals apart is below 2e-3.
    np.testing.assert_allclose(scores(recommender, state), matrix @ cosine, atol=2e-3)


def test_pairs_are_counted_within_the_window(rng):
    recommender = ItemItemRecommender(WORLD.config(history_length=2))
    items = rng.integers(-1, 9, (12, 7))
    state = consume(recommender, items)
    together, windows = np.zeros((9, 9)), [[] for _ in range(7)]
    for row in items:
        for u, i in enumerate(row):
            if i >= 0 and i not in windows[u]:
                for j in windows[u]:
                    together[i, j] += 1
                    together[j, i] += 1
                windows[u] = [*windows[u], i][-2:]
    np.testing.assert_array_equal(state.get("together"), together)
    history = [[-1] * (2 - len(w)) + w for w in windows]
    np.testing.assert_array_equal(state.get("history"), history)


def test_who_has_consumed_nothing_is_shown_what_many_consumed(rng):
    recommender = ItemItemRecommender(WORLD.config())
    items = np.full((1, 7), -1)
    items[0, :4] = [5, 5, 5, 2]
    order = np.argsort(-scores(recommender, consume(recommender, items))[6])
    assert list(order[:2]) == [5, 2]


def test_a_population_that_knows_nothing_tries_everything():
    recommender = ItemItemRecommender(WORLD.config())
    slate = recommender.slate_docs(recommender.initial_state(), Value(), WORLD.docs())
    assert set(slate.get("doc_ranks").numpy().ravel()) == set(range(9))


def test_settings_out_of_range_are_refused():
    with pytest.raises(ConfigError, match="history_length must be a whole number of at least 1"):
        ItemItemRecommender(WORLD.config(history_length=0))
    with pytest.raises(ConfigError, match=r"num_items must be .* within 1\.\.46340, got 50000"):
        ItemItemRecommender({"num_users": 1, "num_docs": 50_000, "slate_size": 1})
