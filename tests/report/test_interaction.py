"""Interactions out of logs: which elements count, and what is refused."""

import numpy as np
import pytest

from recsim_ng.core import Value
from recsim_ng.core.errors import DataError
from recsim_ng.report.interaction import array_of, interactions

CHOICE = np.array([[0, 2, 1], [1, 1, 0]])
SHOWN = np.arange(12).reshape(2, 3, 2)
SEEN = np.array([[True, False, True], [False, True, True]])
LOGS = {
    "user.x": Value(**{"a.choice": CHOICE, "rating": CHOICE / 2.0}),
    "slate": Value(docs=SHOWN, one=SHOWN[..., :1], real=SHOWN / 2.0),
}


def test_elements_that_count_come_in_the_order_of_time():
    found = interactions(LOGS, "user.x.a.choice", SEEN, "slate.docs")
    assert found.is_choice and len(found) == 4
    assert found.outcome.tolist() == [0, 1, 1, 0]
    assert found.step.tolist() == [0, 0, 1, 1] and found.user.tolist() == [0, 2, 1, 2]
    assert found.item.tolist() == [[0, 1], [4, 5], [8, 9], [10, 11]]


def test_what_a_number_is_about_may_have_an_axis_of_one():
    found = interactions(LOGS, "user.x.rating", SEEN, "slate.one")
    assert not found.is_choice and found.outcome.dtype == np.float64
    assert found.item.tolist() == [0, 4, 8, 10]


def test_without_an_axis_after_time_there_is_one_user():
    found = interactions({"a": Value(x=np.arange(3))}, "a.x", np.ones(3, bool))
    assert found.user.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("field", "kept", "item", "message"),
    [
        ("user.x.b", SEEN, None, r"logs: must hold 'user.x.b', got \['slate.docs', .*name a field"),
        ("user.x.rating", SEEN & False, None, "must have elements that count, got none; the mask"),
        ("user.x.rating", SEEN[:1], None, r"one number for each draw, \[1, 3\], got \[2, 3\]"),
        ("user.x.rating", SEEN, "slate.docs", r"axes of .*, \[2, 3\], and no other, got \[2, 3, 2"),
        ("user.x.a.choice", SEEN, "user.x.a.choice", r"and an axis more, got \[2, 3\]"),
        ("user.x.a.choice", SEEN, "slate.real", "'slate.real' must hold whole numbers, got float"),
    ],
)
def test_logs_that_do_not_fit_are_refused(field, kept, item, message):
    with pytest.raises(DataError, match=message):
        interactions(LOGS, field, kept, item)


def test_the_longest_name_of_a_field_is_found():
    assert array_of(LOGS, "user.x.rating").shape == (2, 3)
