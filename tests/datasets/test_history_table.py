"""Histories out of files of events; every bad input named with its line."""

import numpy as np
import pytest

from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.datasets import read_history

LOG = "who,what,when,x\nbob,b,3,1.5\nann,b,1,2\nbob,a,1,3\nbob,c,2,4\n"
COLUMNS = {"user": "who", "time": "when", "numbers": {"x": "x"}, "names": {"item": "what"}}


def test_events_are_numbered_and_put_into_histories(write):
    history, names = read_history(write(LOG), **COLUMNS)
    assert history.user_ids == ("ann", "bob") and names == {"item": ("a", "b", "c")}
    np.testing.assert_array_equal(history.mask.T, [[1, 0, 0], [1, 1, 1]])
    np.testing.assert_array_equal(history.fields["item"].T, [[1, 0, 0], [0, 2, 1]])
    np.testing.assert_array_equal(history.fields["x"].T, [[2, 0, 0], [3, 4, 1.5]])
    np.testing.assert_array_equal(history.time.T, np.array([[1, 0, 0], [1, 2, 3]]) * 10**6)
    assert [history.fields[name].dtype for name in ("item", "x")] == [np.int32, np.float32]


def test_vocabularies_fix_the_numbers(write):
    history, names = read_history(
        write(LOG), **COLUMNS, users=["zoe", "bob", "ann"], vocabularies={"item": list("xcba")}
    )
    assert history.user_ids == ("zoe", "bob", "ann") and names["item"] == tuple("xcba")
    np.testing.assert_array_equal(history.events_per_user, [0, 3, 1])
    np.testing.assert_array_equal(history.fields["item"][:, 1], [3, 1, 2])


def test_names_that_are_numbers_are_in_their_order(write):
    history, names = read_history(write("u,i\n10,30\n9,4\n"), user="u", names={"i": "i"})
    assert history.user_ids == ("9", "10") and names["i"] == ("4", "30")


def test_the_same_through_a_file_without_names(write):
    expected, _ = read_history(write(LOG), **COLUMNS)
    found, _ = read_history(
        write(LOG.partition("\n")[2]), user=0, time=2, numbers={"x": 3}, names={"item": 1}
    )
    np.testing.assert_array_equal(found.fields["x"], expected.fields["x"])


@pytest.mark.parametrize(
    ("row", "options", "message"),
    [
        ("", {"user": "whom"}, "must have one column 'whom', for user, got none; there are ['who'"),
        ("", {"numbers": {"y": "z"}}, "must have one column 'z', for y, got none"),
        ("ann,c,7,nan", {}, "log.csv, line 6: 'x' must be a number, got 'nan'"),
        ("ann,nan,7,1", {}, "log.csv, line 6: 'what' must be a name, got 'nan'"),
        (",c,7,1", {}, "log.csv, line 6: 'who' must be a name, got ''"),
        (
            "ann,c,2020-01-01,1",
            {},
            "log.csv, line 6: 'when' must be a number as others are, or all",
        ),
        ("ann,c,nan,1", {}, "log.csv, line 6: 'when' must be a time in units of 1 s"),
        (
            "zoe,a,1,1\nyan,a,1,1\nzoe,a,2,1",
            {"users": ["ann", "bob"]},
            "log.csv, line 6: 'who' must be one of the 2 users given, got 'zoe' (2 unknown users "
            "in 3 rows); give all users, or leave these rows out",
        ),
        (
            "",
            {"vocabularies": {"item": ["a", "b"]}},
            "log.csv, line 5: 'what' must be one of the 2 items given, got 'c' (1 unknown items in "
            "1 rows)",
        ),
        ("", {"sort": False}, "log.csv, line 4: each user's events must be in the order of time"),
        (
            "bob,c,2,1",
            {},
            "log.csv, line 6: each user must have one event at a time, got user 'bob' again at "
            "time 2000000, as in ",
        ),
        (
            "bob,c,2,1",
            {"time": None, "step": "when", "ties": True},
            "log.csv, line 5 (1 such rows); leave repeated rows out",
        ),
        ("ann,c,-1,1", {"time": None, "step": "when"}, "'when' must be a whole number from 0 to"),
        (
            "ann,c,2000000000,1",
            {"time": None, "step": "when"},
            "log.csv, line 6: 'step' must be a whole number from 0 to 999999, got 2000000000; "
            "number the steps from 0, or give it as time",
        ),
    ],
)
def test_bad_logs_are_refused(write, row, options, message):
    path = write(LOG + row)
    with pytest.raises(DataError) as caught:
        read_history(path, **{**COLUMNS, **options})
    assert message in str(caught.value) and str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step": "when"}, "time or step must be given, not both"),
        ({"numbers": {"item": "x"}}, "of numbers or of names, got 'item' in both"),
        ({"vocabularies": {"x": []}}, "vocabularies must be one of"),
        ({"numbers": {"user": "x"}}, "a field must not be called 'user'"),
        ({"users": "ab"}, "users: must be a sequence of names, got the string 'ab'"),
        ({"users": ["ann", "bob", "ann"]}, "users: each name must be given once, got 'ann' twice"),
        ({"numbers": {"__time": "x"}}, "a field must not be called '__time'"),
        ({"numbers": ["x"]}, r"read_history: numbers must be a Mapping, got \['x'\]; give one by"),
        ({"user": True}, "the column of user must be its name or its number from 0, got True"),
        ({"fillers": {"y": 0}}, "each filler must be of a field"),
        ({"fillers": {"x": "a"}}, "the filler of 'x' must be a finite number that float32"),
        ({"fillers": {"x": np.nan}}, "the filler of 'x' must be a finite number that float32"),
        ({"fillers": {"item": 0.5}}, "the filler of 'item' must be a finite number that int32"),
        ({"fillers": {"item": [1, 2]}}, "the filler of 'item' must be a finite number that int32"),
    ],
)
def test_bad_settings_are_refused(write, options, message):
    with pytest.raises(ConfigError, match=message):
        read_history(write(LOG), **{**COLUMNS, **options})
