"""get_chosen: the chosen document's features."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Value, ed
from recsim_ng.core.errors import ConfigError
from recsim_ng.entities.choice_models import get_chosen

U, S, K = 3, 2, 4
FEATURES = Value(
    features=tf.reshape(tf.range(U * S * K, dtype=tf.float32), [U, S, K]),
    doc_id=tf.constant([[1, 2], [3, 4], [5, 6]]),
    **{"n.quality": tf.constant([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])},
)


def test_the_chosen_documents_features():
    chosen = get_chosen(FEATURES, tf.constant([1, 0, 1]))
    assert list(chosen) == list(FEATURES)
    expected = FEATURES.get("features").numpy()[np.arange(U), [1, 0, 1]]
    np.testing.assert_array_equal(chosen.get("features"), expected)
    assert chosen.get("doc_id").numpy().tolist() == [2, 3, 6]
    np.testing.assert_allclose(chosen.get("n.quality"), [0.2, 0.3, 0.6])


def test_the_no_choice_value_stands_where_nothing_was_chosen():
    chosen = get_chosen(FEATURES, tf.constant([S, 0, S]))
    assert chosen.get("doc_id").numpy().tolist() == [-1, 3, -1]
    np.testing.assert_array_equal(chosen.get("features")[0], [-1.0] * K)
    np.testing.assert_array_equal(chosen.get("features")[1], FEATURES.get("features")[1, 0])
    other = get_chosen(FEATURES, tf.constant([S, 0, S]), nochoice_value=0.0)
    assert other.get("doc_id").numpy().tolist() == [0, 3, 0]
    assert other.get("doc_id").dtype == tf.int32


@pytest.mark.parametrize(
    "choices", [[1, 0, 2], (1, 0, 2), np.array([1, 0, 2]), tf.constant([1, 0, 2], tf.int64)]
)
def test_choices_may_be_a_list_an_array_or_any_ints(choices):
    assert get_chosen(FEATURES, choices).get("doc_id").numpy().tolist() == [2, 3, -1]


def test_choices_may_be_a_random_variable():
    choice = ed.Categorical(logits=tf.zeros([U, S + 1]), value=[0, 1, 2])
    assert get_chosen(FEATURES, choice).get("doc_id").numpy().tolist() == [1, 4, -1]


def test_any_subset_of_fields_will_do():
    for names in (["doc_id"], ["features", "n.quality"], []):
        assert list(get_chosen(FEATURES.at(*names), [0, 0, 0])) == names


def test_the_no_choice_value_is_cast_to_the_fields_type():
    fields = {
        "float64": tf.ones([U, S], tf.float64),
        "int8": tf.ones([U, S], tf.int8),
        "bool": tf.zeros([U, S], tf.bool),
        "string": tf.fill([U, S], "a"),
    }
    chosen = get_chosen(Value(**fields), [0, 1, 2])
    assert {name: x.dtype.name for name, x in chosen.as_dict.items()} == {n: n for n in fields}
    assert [x.numpy()[2] for x in chosen.as_dict.values()] == [-1.0, -1, True, b"-1"]


def test_many_picks_keep_their_order():
    chosen = get_chosen(FEATURES, tf.constant([[1, 0, 2], [2, 2, 2], [0, 0, 1]]))
    assert chosen.get("doc_id").numpy().tolist() == [[2, 1, -1], [-1, -1, -1], [5, 5, 6]]
    assert chosen.get("features").shape == (U, 3, K)
    np.testing.assert_array_equal(chosen.get("features")[0, 1], FEATURES.get("features")[0, 0])


def test_batches_may_have_many_axes_or_none():
    stacked = FEATURES.map(lambda x: tf.stack([x, 10 * x]))
    chosen = get_chosen(stacked, [[0, 1, 2], [2, 1, 0]], batch_dims=2)
    assert chosen.get("doc_id").numpy().tolist() == [[1, 4, -1], [-1, 40, 50]]
    one = get_chosen(FEATURES.map(lambda x: x[0]), 1, batch_dims=0)
    assert one.get("doc_id") == 2 and one.get("features").shape == (K,)
    none = get_chosen(FEATURES.map(lambda x: x[0]), S, batch_dims=0)
    assert none.get("doc_id") == -1


@pytest.mark.parametrize("jit_compile", [False, True])
def test_it_compiles(jit_compile):
    compiled = tf.function(get_chosen, jit_compile=jit_compile)
    chosen = compiled(FEATURES, tf.constant([1, 2, 0]))
    assert chosen.get("doc_id").numpy().tolist() == [2, -1, 5]


def test_the_slates_size_may_be_unknown_before_the_graph_runs():
    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32)])
    def run(x):
        return get_chosen(Value(x=x), tf.constant([1, 2, 0])).get("x")

    assert run(FEATURES.get("doc_id")).numpy().tolist() == [2, -1, 5]


def test_gradients_flow_to_the_chosen_alone():
    with tf.GradientTape() as tape:
        x = tf.ones([U, S])
        tape.watch(x)
        y = get_chosen(Value(x=x), [1, 2, 0]).get("x")
    np.testing.assert_array_equal(tape.gradient(y, x), [[0, 1], [0, 0], [1, 0]])


@pytest.mark.parametrize("jit_compile", [None, False, True])
def test_what_is_no_place_on_the_slate_is_no_choice_in_every_runtime(jit_compile):
    def run(choices):
        return get_chosen(FEATURES, choices)

    run = run if jit_compile is None else tf.function(run, jit_compile=jit_compile)
    chosen = run(tf.constant([7, -1, -2]))
    assert chosen.get("doc_id").numpy().tolist() == [-1, -1, -1]
    np.testing.assert_array_equal(chosen.get("features"), -np.ones([U, K]))


def test_fields_without_an_axis_of_places_are_left_out():
    slate = FEATURES.union(Value(log_propensity=tf.zeros([U]), total=tf.zeros([])))
    chosen = get_chosen(slate, [0, 1, 2])
    assert set(chosen) == set(FEATURES) and chosen.get("doc_id").numpy().tolist() == [1, 4, -1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"choices": None}, "choices must be an array of whole numbers, got None"),
        ({"choices": [0.0, 1.0, 2.0]}, "choices must be an array of whole numbers, got float32"),
        ({"batch_dims": -1}, "batch_dims must be a whole number of at least 0, got -1"),
    ],
)
def test_choices_that_are_no_places_are_refused(settings, message):
    with pytest.raises(ConfigError) as error:
        get_chosen(FEATURES, **{"choices": [0, 1, 2], **settings})
    assert str(error.value) == f"get_chosen: {message}"
