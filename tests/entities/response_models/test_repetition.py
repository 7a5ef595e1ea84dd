"""RepetitionPenalty: by how long ago the same document was had."""

import numpy as np
import pytest

from recsim_ng.entities.response_models import RepetitionPenalty


def after(model, consumed):
    state = model.initial_state()
    for doc in consumed:
        state = model.next_state(state, [doc])
    return state


def test_the_penalty_fades_with_the_steps_since():
    model = RepetitionPenalty((1,), 4, weight=2.0, decay=0.5)
    state = after(model, [7, 3, 7, 5])
    # 5 one step ago, 7 two and four, 3 three steps ago, 9 never.
    expected = [[2.0, 2.0 * (0.5 + 0.125), 2.0 * 0.25, 0.0]]
    np.testing.assert_allclose(model.penalty(state, [5, 7, 3, 9]), expected)
    np.testing.assert_allclose(model.penalty(state, [[5, 7, 3, 9]]), expected)


def test_what_is_older_than_the_history_and_nothing_leave_no_trace():
    model = RepetitionPenalty((1,), 2)
    state = after(model, [4, -1, -1])
    np.testing.assert_array_equal(model.penalty(state, [0, 4]), [[0.0, 0.0]])
    np.testing.assert_array_equal(model.penalty(model.initial_state(), [0, 4]), [[0.0, 0.0]])


def test_users_may_differ():
    model = RepetitionPenalty((2,), 2, weight=[1.0, 3.0], decay=[0.0, 1.0])
    state = model.next_state(model.next_state(model.initial_state(), [1, 1]), [2, 2])
    np.testing.assert_allclose(model.penalty(state, [1, 2]), [[0.0, 1.0], [3.0, 3.0]])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"history_length": 0}, "history_length must be a whole number of at least 1, got 0"),
        ({"weight": -1.0}, "weight must be within [0, inf), got -1.0"),
        ({"decay": -1.0}, "decay must be within [0, 1], got -1.0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError) as error:
        RepetitionPenalty((1,), **settings)
    assert str(error.value) == f"RepetitionPenalty: {message}"
