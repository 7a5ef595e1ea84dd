"""Histories against a plain loop over events; what is refused; scored as they are."""

import collections

import numpy as np
import pytest

from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.datasets import History


def random_events(rng, *, num_events=200, num_users=12, num_times=10**6):
    user = rng.integers(0, num_users - 1, num_events)  # the last user has none
    time = rng.choice(num_times, num_events, replace=num_times < num_events)
    return (
        user,
        time,
        rng.normal(size=num_events).astype(np.float32),
        rng.integers(1, 9, num_events),
    )


def by_hand(user, time, *columns):
    """What each user did in the order of time, by a loop: user -> list of rows."""
    histories = collections.defaultdict(list)
    for row in sorted(range(len(user)), key=lambda row: time[row]):
        histories[int(user[row])].append((time[row], *(column[row] for column in columns)))
    return histories


def ids(num_users):
    return [f"u{i}" for i in range(num_users)]


@pytest.mark.parametrize("num_times", [10**6, 5])
def test_the_kth_event_of_a_user_stands_at_step_k(rng, num_times):
    user, time, x, item = random_events(rng, num_times=num_times)
    history = History.from_events(
        user, {"x": x, "item": item}, ids(12), time=time, fillers={"item": -1}, ties=True
    )
    expected = by_hand(user, time, x, item)
    longest = max(len(events) for events in expected.values())
    assert history.mask.shape == (longest, 12) and history.num_events == len(user)
    for u in range(12):
        events = expected[u]
        assert history.events_per_user[u] == len(events)
        for k in range(longest):
            found = tuple(
                a[k, u] for a in (history.time, history.fields["x"], history.fields["item"])
            )
            assert history.mask[k, u] == (k < len(events))
            assert found == (events[k] if k < len(events) else (0, 0, -1))
    assert history.fields["x"].dtype == np.float32


def test_the_order_of_rows_does_not_matter(rng):
    user, time, x, _ = random_events(rng)
    order = rng.permutation(len(user))
    one = History.from_events(user, {"x": x}, ids(12), time=time)
    other = History.from_events(user[order], {"x": x[order]}, ids(12), time=time[order])
    np.testing.assert_array_equal(one.fields["x"], other.fields["x"])
    np.testing.assert_array_equal(one.mask, other.mask)


def test_events_give_back_what_went_in(rng):
    user, time, x, _ = random_events(rng)
    pairs = np.stack([x, 2 * x], axis=1)
    history = History.from_events(user, {"pairs": pairs}, ids(12), time=time)
    np.testing.assert_array_equal(history.events("pairs"), pairs[np.lexsort((time, user))])
    with pytest.raises(ConfigError, match="History.events: name must be one of"):
        history.events("x")


def test_steps_may_be_given_and_leave_gaps():
    history = History.from_events([1, 0, 1], {"x": [1.0, 2.0, 3.0]}, ids(2), step=[3, 0, 1])
    np.testing.assert_array_equal(history.mask.T, [[1, 0, 0, 0], [0, 1, 0, 1]])
    np.testing.assert_array_equal(history.fields["x"].T, [[2, 0, 0, 0], [0, 3, 0, 1]])
    assert history.time is None


def test_without_times_events_stay_in_the_order_of_the_rows():
    history = History.from_events([1, 0, 1], {"x": [5, 6, 7]}, ids(2))
    np.testing.assert_array_equal(history.fields["x"].T, [[6, 0], [5, 7]])


def refusal(*args, error=DataError, **options):
    with pytest.raises(error) as caught:
        History.from_events(*args, **options)
    assert isinstance(caught.value, ValueError) and "\n" not in str(caught.value)
    return str(caught.value)


USER, X = [0, 1, 0, 0], {"x": [1.0, 2.0, 3.0, 4.0]}


def test_unsorted_rows_are_sorted_or_refused():
    for time in ([1, 9, 5, 3], [1, 9, 5, 5]):
        History.from_events(USER, X, ids(2), time=time, ties=True)
    History.from_events(USER, X, ids(2), time=[1, 0, 3, 5], sort=False)  # each user's are sorted
    History.from_events(USER, X, ids(2), time=[1, 0, 3, 3], sort=False, ties=True)
    assert refusal(USER, X, ids(2), time=[1, 9, 5, 3], sort=False) == (
        "History, event 3: each user's events must be in the order of time, got user 'u0' at time "
        "3 after a later one (1 such rows); sort the rows, or say sort=True"
    )
    assert "got user 'u0' at step 0 after" in refusal(
        USER, X, ids(2), step=[1, 9, 0, 3], sort=False
    )


def test_two_events_at_one_time_or_step_are_refused_by_name():
    assert refusal(USER, X, ids(2), time=[5, 5, 7, 5]) == (
        "History, event 3: each user must have one event at a time, got user 'u0' again at time 5, "
        "as in History, event 0 (1 such rows); leave repeated rows out, or say ties=True to keep "
        "the order of the rows"
    )
    message = refusal(USER, X, ids(2), step=[5, 5, 5, 5], ties=True)
    assert message == (
        "History, event 2: each user must have one event at a step, got user 'u0' again at step 5, "
        "as in History, event 0 (2 such rows); leave repeated rows out"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time": [0, 1, np.nan, 3.0]}, "History, event 2: 'time' must be finite, got nan (1 such"),
        ({"time": list("abcd")}, "History: 'time' must be numbers, got <U1"),
        ({"time": [1, 2]}, "History: 'time' must have one value for each of 4 events, got [2]"),
        ({"step": [0, 0, -1, 1]}, "History, event 2: 'step' must be a whole number from 0"),
        ({"step": [0, 0, 0.5, 1]}, "'step' must be a whole number from 0 to 999999, got 0.5"),
        (
            {"step": [0, 0, 10**6, 1]},
            "a whole number from 0 to 999999, got 1000000; number the steps",
        ),
    ],
)
def test_bad_times_and_steps_are_refused(options, message):
    assert message in refusal(USER, X, ids(2), **options)


def test_histories_beyond_all_memory_are_refused():
    message = refusal([0], {"x": [1.0]}, ids(2148), step=[999_999])
    assert "steps times users must be at most 2147483647, got 1000000 times 2148" in message


@pytest.mark.parametrize(
    ("user", "fields", "message"),
    [
        ([0, 2, 0, 2], X, "History, event 1: user must be one of 0..1, got 2 (2 such events)"),
        ([0, -1, 0, 0], X, "History, event 1: user must be one of 0..1, got -1 (1 such events)"),
        ([0.0, 1, 0, 0], X, "user must be at least one whole number for each event, got float64"),
        ([], {"x": []}, "user must be at least one whole number for each event"),
        (USER, {"x": [1, 2]}, "'x' must have one value for each of 4 events, got [2]"),
        (USER, {"x": [0, np.inf, 0, 0]}, "History, event 1: 'x' must be finite, got inf (1 such"),
        (USER, {"x": list("abcd")}, "'x' must be numbers, got <U1; number the names from 0"),
    ],
)
def test_bad_events_are_refused(user, fields, message):
    assert message in refusal(user, fields, ids(2))


def test_settings_that_contradict_each_other_are_refused():
    settings = {"time": [1, 2, 3, 4], "step": [1, 2, 3, 4]}
    assert "not both" in refusal(USER, X, ids(2), error=ConfigError, **settings)
    message = refusal(USER, X, ids(2), error=ConfigError, fillers={"y": 1})
    assert "each filler must be of a field, got one of 'y'; there are ['x']" in message
    assert "sort must be True or False" in refusal(USER, X, ids(2), error=ConfigError, sort=1)


def test_what_is_left_out_is_forgotten(rng):
    user, time, x, item = random_events(rng)
    fields = {"x": np.stack([x, x], 1), "item": item}
    history = History.from_events(user, fields, ids(12), time=time, fillers={"x": 7})
    kept = rng.random(history.mask.shape) < 0.5
    some = history.where(kept)
    np.testing.assert_array_equal(some.mask, history.mask & kept)
    assert (some.fields["x"][~some.mask] == 7).all() and (
        some.fields["item"][~some.mask] == 0
    ).all()
    assert (some.time[~some.mask] == 0).all()
    np.testing.assert_array_equal(some.fields["x"][some.mask], history.fields["x"][some.mask])
    with pytest.raises(ConfigError, match="kept must be bool"):
        history.where(kept[1:])


def test_a_trajectory_holds_fields_mask_and_times_and_survives_a_file(tmp_path):
    from recsim_ng.core import Trajectory

    fields = {**X, "pair": np.arange(8).reshape(4, 2)}
    history = History.from_events(
        USER, fields, ids(2), time=[1, 9, 5, 3], axes={"pair": ("slate",)}
    )
    trajectory = history.trajectory("log", time="when")
    trajectory.save(tmp_path / "log.nc")
    for one in (trajectory, Trajectory.load(tmp_path / "log.nc")):
        assert one.length == 3 and sorted(one["log"]) == ["mask", "pair", "when", "x"]
        for name, expected in {
            **history.fields,
            "mask": history.mask,
            "when": history.time,
        }.items():
            found = one["log"].get(name).numpy()
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)
    labelled = trajectory.to_xarray()
    assert labelled["log.pair"].dims == ("time", "user", "slate")
    assert labelled["log.mask"].dims == ("time", "user")
    assert sorted(history.trajectory("log", fields=["x"], mask="")["log"]) == ["x"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fields": ["y"]}, "fields must be one of"),
        ({"mask": "x"}, "mask must have a name of its own, got 'x'"),
        ({"time": "mask"}, "time must have a name of its own, got 'mask'"),
        ({"time": "when"}, "time must be known, got time='when' for histories without"),
    ],
)
def test_a_trajectory_that_cannot_be_is_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        History.from_events(USER, X, ids(2)).trajectory("log", **options)


def test_ragged_histories_are_scored_by_their_events_alone(rng):
    """Against the sum of the normal density's logarithm over R events; fillers are far off."""
    import tensorflow as tf
    import tensorflow_probability as tfp

    from recsim_ng import ed
    from recsim_ng.core import FieldSpec, Value, ValueSpec, Variable
    from recsim_ng.core.variable import value
    from recsim_ng.inference.log_probability import log_probability_from_value_trajectory

    user, x = rng.integers(0, 5, 30), rng.normal(1, 1, 30).astype(np.float32)
    history = History.from_events(user, {"x": x}, ids(5), fillers={"x": 1000.0})
    mask = Variable("mask", ValueSpec(mask=FieldSpec()))
    mask.value = value(lambda: Value(mask=tf.ones(5, tf.bool)))
    log = Variable("log", ValueSpec(x=FieldSpec()))

    def seen(mask):
        normal = tfp.distributions.Normal(tf.zeros(5), 1.0)
        return Value(x=ed.Masked(normal, mask.get("mask"), name="x"))

    log.value = value(seen, (mask,))
    logs = {
        "log": history.trajectory("log", mask="")["log"],
        "mask": history.trajectory("mask", fields=[])["mask"],
    }
    found = log_probability_from_value_trajectory([mask, log], logs, history.num_steps - 1)
    expected = np.sum(-0.5 * x.astype(np.float64) ** 2 - 0.5 * np.log(2 * np.pi))
    assert float(found) == pytest.approx(expected, rel=1e-5)
