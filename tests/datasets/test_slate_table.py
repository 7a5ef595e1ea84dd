"""Slates out of any table of impressions, against loops over its rows; bad input; histories."""

import collections

import numpy as np
import pytest

from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.datasets import read_slates

COLUMNS = {"item": "item", "position": "pos", "click": "click", "propensity": "p"}
HEADER = "slate,user,t,item,pos,click,p,x,kind"
LOG = f"""{HEADER}
s2,bob,20,b,1,0,0.5,1,u
s1,ann,10,a,2,1,0.25,2,v
s2,bob,20,a,3,1,1,3,u
s1,ann,10,c,1,0,1e-6,4,u
s3,bob,5,a,1,false,0.5,5,u
"""


def test_rows_of_one_slate_are_put_together(write):
    log = read_slates(write(LOG), **COLUMNS, slate_id="slate")
    assert log.slate.tolist() == [0, 1, 0, 1, 2]  # in the order of rows, without times
    assert log.num_slates == 3 and log.num_positions == 3 and log.item_ids == ("a", "b", "c")
    assert log.item.tolist() == [1, 0, 0, 2, 0] and log.position.tolist() == [0, 1, 2, 0, 0]
    assert log.click.tolist() == [False, True, True, False, False]
    assert log.propensity.tolist() == [0.5, 0.25, 1, 1e-6, 0.5]
    assert (log.time, log.user_ids, log.user.tolist()) == (None, ("",), [0, 0, 0])
    assert log.click_rate == 0.4 and log.features.shape == (5, 0)
    assert repr(log) == "SlateLog(5 impressions of 3 items in 3 slates of 3, 2 clicks)"
    dtypes = [
        getattr(log, name).dtype.name
        for name in ("slate", "item", "position", "click", "propensity", "user")
    ]
    assert dtypes == ["int32", "int32", "int32", "bool", "float64", "int32"]


@pytest.mark.parametrize("keys", [{"time": "t"}, {"time": "t", "slate_id": "slate"}])
def test_slates_are_numbered_in_the_order_of_time(write, keys):
    log = read_slates(write(LOG), **COLUMNS, **keys, user="user")
    assert log.slate.tolist() == [2, 1, 2, 1, 0]
    assert log.time.tolist() == [5 * 10**6, 10**7, 2 * 10**7]
    assert log.user.tolist() == [1, 0, 1] and log.user_ids == ("ann", "bob")


def test_without_slate_or_time_each_row_is_one(write):
    assert read_slates(write(LOG), **COLUMNS, user="user").slate.tolist() == [0, 1, 2, 3, 4]


def test_one_time_of_two_users_is_two_slates(write):
    log = read_slates(write(LOG.replace(",10,", ",20,")), **COLUMNS, time="t", user="user")
    assert log.num_slates == 3


def test_what_else_is_known_comes_along(write):
    log = read_slates(
        write(LOG), **COLUMNS, slate_id="slate", features={"x": "x"}, categories={"kind": "kind"}
    )
    assert log.features.tolist() == [[1], [2], [3], [4], [5]] and log.feature_names == ("x",)
    assert log.categories.tolist() == [[0], [1], [0], [0], [0]]
    assert (log.category_names, log.category_values) == (("kind",), (("u", "v"),))


def random_log(rng, path, num_slates=60, num_users=5, num_positions=4, num_items=9):
    """A log of slates of 1 to S positions, its rows shuffled: {(user, time): {position: row}}."""
    rows, slates = [], collections.defaultdict(dict)
    times = rng.choice(10**6, num_slates, replace=False)
    for time in times:
        user = f"u{rng.integers(num_users)}"
        shown = rng.permutation(num_positions)[: rng.integers(1, num_positions + 1)]
        clicked = rng.choice([*shown, -1])
        for position, item in zip(shown, rng.permutation(num_items)[: len(shown)], strict=True):
            p = 1 - rng.random()
            x, click = rng.normal(), int(position == clicked)
            rows.append(f"s,{user},{time},{item},{position},{click},{p},{x},k")
            slates[user, int(time)][int(position)] = (int(item), click, p, x)
    order = rng.permutation(len(rows))
    path.write_text("\n".join([HEADER, *(rows[row] for row in order)]) + "\n")
    return slates


def test_slates_become_histories_of_people(rng, tmp_path):
    path = tmp_path / "log.csv"
    slates = random_log(rng, path)
    items = [str(i) for i in range(9)]
    log = read_slates(
        path,
        **COLUMNS,
        time="t",
        user="user",
        features={"x": "x"},
        first_position=0,
        items=items,
        users=[f"u{i}" for i in range(5)],
    )
    history = log.history()
    places = log.num_positions
    assert history.num_events == len(slates) == log.num_slates
    assert history.fields["features"].shape == (*history.mask.shape, places, 1)
    for u in range(5):
        own = sorted((time, shown) for (user, time), shown in slates.items() if user == f"u{u}")
        assert history.events_per_user[u] == len(own)
        for k, (time, shown) in enumerate(own):
            at = {name: field[k, u] for name, field in history.fields.items()}
            assert history.time[k, u] == time * 10**6
            for s in range(places):
                item, click, p, x = shown.get(s, (0, 0, 1, 0))
                assert (at["item"][s], at["click"][s], at["shown"][s]) == (item, click, s in shown)
                assert at["propensity"][s] == np.float32(p)
                assert at["features"][s, 0] == np.float32(x)
            clicked = [s for s, row in shown.items() if row[1]]
            assert at["choice"] == (clicked[0] if clicked else places)
        for k in range(len(own), history.num_steps):
            assert history.fields["choice"][k, u] == places
            assert not history.fields["shown"][k, u].any()
            assert (history.fields["propensity"][k, u] == 1).all()
    assert history.axes["features"] == ("slate", "feature") and history.axes["item"] == ("slate",)


def test_a_history_of_slates_is_a_trajectory(write):
    log = read_slates(write(LOG), **COLUMNS, time="t", user="user")
    trajectory = log.history().trajectory("user response")
    labelled = trajectory.to_xarray()
    assert labelled["user response.item"].dims == ("time", "user", "slate")
    assert labelled["user response.choice"].values.tolist() == [[1, 3], [3, 2]]


def test_two_clicks_in_a_slate_are_no_choice(write):
    log = read_slates(write(LOG.replace("c,1,0", "c,1,1")), **COLUMNS, time="t")
    with pytest.raises(DataError) as caught:
        log.history()
    assert str(caught.value) == (
        "SlateLog.history: at most one item of a slate must be clicked, got 2 in slate 1 (1 such "
        "slates); say single_choice=False"
    )
    history = log.history(single_choice=False)
    assert "choice" not in history.fields and history.fields["click"][1, 0].tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("row", "options", "message"),
    [
        ("", {"click": "klick"}, "must have one column 'klick', for click, got none; there are"),
        ("s4,a,9,a,1,0,0,1,u", {}, "line 7: 'p' must be a number from 2.22507e-308 to 1, got '0'"),
        ("s4,a,9,a,1,0,1.01,1,u", {}, "line 7: 'p' must be a number from"),
        ("s4,a,9,a,1,0,nan,1,u", {}, "line 7: 'p' must be a number from"),
        ("s4,a,9,a,1,2,1,1,u", {}, "line 7: 'click' must be 0 or 1, false or true, got '2'"),
        ("s4,a,9,a,0,0,1,1,u", {}, "line 7: 'pos' must be a whole number from 1 to 1e+06, got '0'"),
        (
            "s4,a,9,a,1,0,1,1e39,u",
            {"features": {"x": "x"}},
            "line 7: 'x' must be a number from -3.4",
        ),
        ("s4,a,9,,1,0,1,1,u", {}, "line 7: 'item' must be a name, got ''"),
        ("s4,a,9,d,1,0,1,1,u", {"items": list("abc")}, "line 7: 'item' must be one of the 3 items"),
        ("s4,a,x,a,1,0,1,1,u", {"time": "t"}, "line 7: 't' must be a time in units of 1 s"),
        (
            "s1,a,9,b,2,0,1,1,u",
            {"slate_id": "slate"},
            "line 7: each position of a slate must be filled once, got 'pos' 2 again, as in ",
        ),
        (
            "s1,a,9,c,3,0,1,1,u",
            {"slate_id": "slate"},
            "line 7: each item of a slate must be shown once, got 'item' c again, as in ",
        ),
    ],
)
def test_bad_logs_are_refused(write, row, options, message):
    path = write(LOG + row)
    with pytest.raises(DataError) as caught:
        read_slates(path, **{**COLUMNS, **options})
    assert str(caught.value).startswith(str(path)) and message in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": {"item": "x"}}, "each column must have a name of its own, got 'item' twice"),
        ({"first_position": -1}, "first_position must be a whole number of at least 0, got -1"),
    ],
)
def test_bad_settings_are_refused(write, options, message):
    with pytest.raises(ConfigError, match=message):
        read_slates(write(LOG), **COLUMNS, **options)
