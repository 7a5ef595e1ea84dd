import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.entities.metrics import ConsumptionMetrics

CONFIG = {"num_users": 3, "num_docs": 4}


def step(metrics, previous, choice, enjoyment, rating):
    choice = tf.constant(choice)
    response = Value(
        choice=choice,
        is_chosen=choice < 2,
        enjoyment=tf.constant(enjoyment),
        rating=tf.constant(rating),
    )
    slate = Value(doc_ranks=tf.constant([[0, 1], [1, 2], [3, 0]]))
    return metrics.next_metrics(previous, Value(), Value(), response, slate)


def test_two_steps_are_added_up_as_by_hand():
    metrics = ConsumptionMetrics(CONFIG)
    spec = metrics.specs().get("state")
    state = Variable("metrics state", spec).typecheck(metrics.initial_metrics())
    assert all(not np.any(field) for field in state.as_dict.values())
    state = step(metrics, state, [0, 1, 2], [0.5, -0.5, 0.0], [4.0, 3.0, 9.0])
    np.testing.assert_array_equal(state.get("consumption"), [1, 0, 1, 0])
    assert state.get("coverage") == 0.5
    assert state.get("consumption_gini") == 0.5
    state = step(metrics, state, [0, 2, 0], [1.0, 0.0, 0.25], [5.0, 9.0, 2.0])
    Variable("metrics state", spec).typecheck(state)
    np.testing.assert_array_equal(state.get("consumption"), [2, 0, 1, 1])
    np.testing.assert_array_equal(state.get("num_chosen"), [2, 1, 1])
    np.testing.assert_array_equal(state.get("rating_sum"), [9, 3, 2])
    np.testing.assert_array_equal(state.get("enjoyment"), [1, 0, 0.25])
    np.testing.assert_array_equal(state.get("cumulative_enjoyment"), [1.5, -0.5, 0.25])
    assert state.get("coverage") == 0.75


@pytest.mark.parametrize(
    ("count", "gini"), [([0, 0, 0, 0], 0), ([3, 3, 3, 3], 0), ([0, 0, 0, 8], 0.75)]
)
def test_gini_of_known_cases(count, gini):
    metrics = ConsumptionMetrics(CONFIG)
    state = Value(**{**metrics.initial_metrics().as_dict, "consumption": tf.constant(count)})
    state = step(metrics, state, [2, 2, 2], [0.0] * 3, [0.0] * 3)
    assert float(state.get("consumption_gini")) == pytest.approx(gini)


def test_gini_is_the_mean_difference_of_all_pairs(rng):
    count = rng.integers(0, 50, 4)
    metrics = ConsumptionMetrics(CONFIG)
    state = Value(
        **{**metrics.initial_metrics().as_dict, "consumption": tf.constant(count, tf.int32)}
    )
    state = step(metrics, state, [2, 2, 2], [0.0] * 3, [0.0] * 3)
    pairs = np.abs(count[:, None] - count).mean() / (2 * max(count.mean(), 1e-9))
    assert float(state.get("consumption_gini")) == pytest.approx(pairs, abs=1e-5)
