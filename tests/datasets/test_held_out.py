"""Histories in two: what is held out, against loops; nothing of it is left to learn from."""

import numpy as np
import pytest

from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.datasets import (
    History,
    split_at_random,
    split_by_time,
    split_last,
    split_last_fraction,
)


@pytest.fixture
def history(rng):
    user = np.concatenate([np.repeat(range(8), range(1, 9)), [9]])  # 1, 2, ..., 8, 0, 1 events
    order = rng.permutation(len(user))
    fields = {"x": np.arange(1, len(user) + 1)}
    return History.from_events(
        user[order], fields, list("abcdefghij"), time=rng.permutation(37) + 1
    )


@pytest.mark.parametrize(
    "split",
    [
        lambda h: split_last(h),
        lambda h: split_last(h, 3),
        lambda h: split_last_fraction(h, 0.5),
        lambda h: split_by_time(h, 20),
        lambda h: split_at_random(h, 0.3, seed=1),
    ],
)
def test_each_event_is_in_one_part_and_train_knows_nothing_of_the_other(history, split):
    parts = split(history)
    train, held_out = parts.train, parts.held_out
    assert not (train.mask & held_out.mask).any()
    np.testing.assert_array_equal(train.mask | held_out.mask, history.mask)
    np.testing.assert_array_equal(train.fields["x"] + held_out.fields["x"], history.fields["x"])
    assert not np.isin(train.fields["x"][train.mask], held_out.fields["x"][held_out.mask]).any()
    assert (train.fields["x"][~train.mask] == 0).all() and (train.time[~train.mask] == 0).all()


@pytest.mark.parametrize("n", [1, 3])
def test_the_last_events_are_held_out_of_who_has_more(history, n):
    held_out = split_last(history, n).held_out
    for u, count in enumerate(history.events_per_user):
        expected = range(count - n, count) if count > n else []
        assert np.flatnonzero(held_out.mask[:, u]).tolist() == list(expected)


def test_a_fraction_is_rounded_down(history):
    for fraction in (0.1, 0.5, 0.7):
        held_out = split_last_fraction(history, fraction).held_out if fraction > 0.1 else None
        if held_out is None:
            with pytest.raises(DataError, match="got none in held_out"):
                split_last_fraction(history, fraction)
            continue
        expected = [int(fraction * count + 1e-9) for count in history.events_per_user]
        assert held_out.events_per_user.tolist() == expected


def test_a_fraction_that_is_whole_but_for_rounding_is_not_rounded_down():
    history = History.from_events(np.zeros(100, int), {}, ["a"])
    assert 0.29 * 100 < 29
    assert split_last_fraction(history, 0.29).held_out.num_events == 29


def test_the_last_events_are_right_where_steps_are_left_out():
    history = History.from_events([0, 0, 0, 1], {"x": [1, 2, 3, 4]}, "ab", step=[0, 3, 7, 2])
    assert np.argwhere(split_last(history, 2).held_out.mask).tolist() == [[3, 0], [7, 0]]


def test_a_time_parts_before_and_after(history):
    parts = split_by_time(history, 20)
    assert parts.train.time.max() == 19
    assert parts.held_out.time[parts.held_out.mask].min() == 20


def test_random_parts_have_their_size_and_seed(history, seed):
    one, same, other = (
        split_at_random(history, 0.25, seed=s).held_out.mask for s in (seed, seed, seed + 1)
    )
    assert one.sum() == 9  # of 37 events; two draws agree with a chance below 1e-8
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda h: split_last(h, 0),
            ConfigError,
            "num_events must be a whole number of at least 1",
        ),
        (
            lambda h: split_last(h, 8),
            DataError,
            "split_last: both parts must have events, got none",
        ),
        (lambda h: split_last_fraction(h, 1.5), ConfigError, "fraction must be a number within"),
        (
            lambda h: split_last_fraction(h, 1),
            DataError,
            "got none in train; hold out more or less",
        ),
        (
            lambda h: split_last(None),
            ConfigError,
            "split_last: history must be a History, got None",
        ),
        (lambda h: split_by_time(h, "x"), ConfigError, "time must be a number"),
        (lambda h: split_by_time(h, 99), DataError, "got none in held_out"),
        (lambda h: split_at_random(h, -1, seed=0), ConfigError, "fraction must be a number within"),
        (lambda h: split_at_random(h, seed=-1), ConfigError, "seed must be a whole number within"),
        (
            lambda h: split_by_time(History.from_events([0], {}, "a"), 1),
            DataError,
            "the histories must have times, got none",
        ),
    ],
)
def test_what_parts_nothing_is_refused(history, call, error, message):
    with pytest.raises(error, match=message):
        call(history)
