"""Boredom: closed form over time."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.value import Value
from recsim_ng.entities.response_models import Boredom

TOPICS = np.array([[1, 0], [0.5, 0.5], [0, 0]], np.float32)


def test_a_diet_of_one_topic_bores_by_a_geometric_sum():
    model = Boredom((1,), 2, weight=0.5, decay=0.8)
    state = model.initial_state()
    np.testing.assert_array_equal(model.penalty(state, TOPICS), np.zeros([1, 3]))
    for _ in range(4):
        state = model.next_state(state, np.float32([[1, 0]]))
    had = (1 - 0.8**4) / (1 - 0.8)
    np.testing.assert_allclose(model.penalty(state, TOPICS), [[had / 2, had / 4, 0]], rtol=1e-6)
    for _ in range(3):
        state = model.next_state(state, np.zeros([1, 2], np.float32))
    np.testing.assert_allclose(model.penalty(state, TOPICS)[0, 0], 0.8**3 * had / 2, rtol=1e-6)


def test_users_and_topics_may_differ():
    model = Boredom((2,), 2, weight=[1.0, 2.0], decay=[0.5, 1.0])
    state = Value(recent=np.float32([[1, 1], [1, 1]]))
    state = model.next_state(state, np.float32([[0, 1], [1, 0]]))
    np.testing.assert_allclose(state.get("recent"), [[0.5, 2.0], [1.5, 1.0]])
    topics = np.tile(TOPICS, [2, 1, 1])
    expected = [[0.5, 1.25, 0], [3.0, 2.5, 0]]
    np.testing.assert_allclose(model.penalty(state, topics), expected)


def test_weight_may_be_trained():
    weight = tf.Variable(0.5)
    model = Boredom((1,), 2, weight=weight)
    with tf.GradientTape() as tape:
        y = model.penalty(Value(recent=np.float32([[2, 4]])), TOPICS)
    np.testing.assert_allclose(tape.gradient(y, weight), 2.0 + 3.0)
    assert [id(v) for v in model.trainable_variables] == [id(weight)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_topics": 0}, "Boredom: num_topics must be a whole number of at least 1, got 0"),
        ({"weight": -0.5}, "Boredom: weight must be within [0, inf), got -0.5"),
        ({"decay": -0.1}, "Boredom: decay must be within [0, 1], got -0.1"),
        ({"decay": [0.5, 1.1]}, "Boredom: decay must be within [0, 1], got 1.1"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError) as error:
        Boredom((1,), **{"num_topics": 2, **settings})
    assert str(error.value) == message
