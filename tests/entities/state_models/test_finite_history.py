"""FiniteHistoryStateModel by hand."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Value, ed
from recsim_ng.core.errors import ConfigError, FieldError
from recsim_ng.entities.state_models import FiniteHistoryStateModel


@pytest.mark.parametrize("batch", [None, (), (2,), (2, 3)])
@pytest.mark.parametrize("observation", [(), (2,), (2, 1)])
def test_the_window_slides_with_the_newest_last(batch, observation, rng):
    model = FiniteHistoryStateModel(3, observation, batch)
    batch = batch or ()
    axis = len(batch)
    seen = [np.zeros((*batch, *observation))] * 3
    history = model.initial_state()
    for _ in range(5):
        got = history.get("state")
        assert tf.is_tensor(got) and not isinstance(got, ed.RandomVariable)
        np.testing.assert_array_equal(got, np.stack(seen[-3:], axis=axis))
        assert model.specs().get("state").check_value(got) == (True, "")
        seen.append(rng.normal(size=(*batch, *observation)).astype(np.float32))
        history = model.next_state(history, Value(input=tf.constant(seen[-1])))


@pytest.mark.parametrize("dtype", [tf.int32, tf.float64, tf.bool, "float16"])
def test_observations_may_be_of_any_type(dtype):
    model = FiniteHistoryStateModel(2, [], dtype=dtype)
    later = model.next_state(model.initial_state(), Value(input=1))
    assert later.get("state").dtype == dtype
    np.testing.assert_array_equal(tf.cast(later.get("state"), tf.int32), [0, 1])
    assert model.specs().get("state").check_value(later.get("state")) == (True, "")


def test_a_history_may_be_of_flags_and_one_axis_may_be_a_number():
    model = FiniteHistoryStateModel(2, 3, 4, bool)
    state = model.next_state(model.initial_state(), Value(input=tf.ones([4, 3], bool))).get("state")
    assert state.shape == (4, 2, 3) and state.dtype == tf.bool
    assert not state[:, 0].numpy().any() and state[:, 1].numpy().all()


SIZES = "must be a sequence of whole numbers of at least 1, such as (100,), got "


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, [2]), "history_length must be a whole number of at least 2, got 1"),
        ((2.0, [2]), "history_length must be a whole number of at least 2, got 2.0"),
        ((2, [None]), "observation_shape " + SIZES + "[None]"),
        ((2, [-1]), "observation_shape " + SIZES + "[-1]"),
        ((2, [2], "x"), "batch_shape " + SIZES + "'x'"),
        ((2, [2], [0]), "batch_shape " + SIZES + "[0]"),
        ((2, [2], None, "nope"), "dtype must be a type of numbers, such as tf.float32, got 'nope'"),
        (
            (2, [2], None, object),
            f"dtype must be a type of numbers, such as tf.float32, got {object}",
        ),
        ((2, [2], None, None), "dtype must be a type of numbers, such as tf.float32, got None"),
    ],
)
def test_bad_sizes_are_refused(arguments, message):
    with pytest.raises(ValueError) as error:
        FiniteHistoryStateModel(*arguments, name="memory")
    assert isinstance(error.value, ConfigError)
    assert str(error.value) == f"memory: {message}"


def test_the_input_must_fit():
    model = FiniteHistoryStateModel(2, [3], [4], name="memory")
    with pytest.raises(FieldError) as error:
        model.next_state(model.initial_state(), Value(input=tf.zeros([3])))
    assert str(error.value) == (
        "memory: the input must have the shape [4, 3], batch_shape and observation_shape, got (3,)"
    )
    with pytest.raises(FieldError, match="must have the field 'input', got .'other'."):
        model.next_state(model.initial_state(), Value(other=1))
