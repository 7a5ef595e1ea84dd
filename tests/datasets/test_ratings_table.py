"""Ratings out of any table: the same as by the reader of MovieLens; every bad input refused."""

import os

import numpy as np
import pytest

from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.datasets import read_movielens, read_ratings
from tests import synthetic_ratings

LOG = "u,i,r,t\nbob,x,7.5,9\nann,x,-3,8\nbob,w,0,7\n"
COLUMNS = {"user": "u", "item": "i", "rating": "r", "timestamp": "t"}


def test_ratings_of_any_scale_are_read_and_indexed(write):
    ratings = read_ratings(write(LOG), **COLUMNS)
    assert ratings.user_ids == ("ann", "bob") and ratings.item_ids == ratings.titles == ("w", "x")
    assert ratings.user.tolist() == [1, 0, 1] and ratings.item.tolist() == [1, 1, 0]
    assert ratings.rating.tolist() == [7.5, -3, 0] and ratings.scale == (-3, 7.5)
    assert ratings.timestamp.tolist() == [9, 8, 7] and ratings.timestamp_known
    assert ratings.genres.shape == (2, 0) and not ratings.year_known.any()
    dtypes = [getattr(ratings, n).dtype.name for n in ("user", "item", "rating", "timestamp")]
    assert dtypes == ["int32", "int32", "float32", "int64"]
    assert repr(ratings) == "Ratings(3 ratings of 2 items by 2 users, 0 genres)"


def test_times_need_not_be_known(write):
    ratings = read_ratings(write(LOG), user="u", item="i", rating="r")
    assert not ratings.timestamp_known and ratings.history().time is None
    np.testing.assert_array_equal(ratings.history().fields["rating"].T, [[-3, 0], [7.5, 0]])


def test_it_reads_what_the_reader_of_movielens_reads(tmp_path, rng):
    truth = synthetic_ratings.simulate(rng)
    folder = synthetic_ratings.write_grouplens(tmp_path, truth)
    expected = read_movielens(folder)
    found = read_ratings(
        folder / "u.data", user=0, item=1, rating=2, timestamp=3, delimiter="\t", scale=(1, 5)
    )
    ids = np.array(expected.item_ids)[expected.item]
    np.testing.assert_array_equal(np.array(found.item_ids)[found.item], ids)
    for name in ("user", "rating", "timestamp", "user_ids", "scale"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_histories_are_in_the_order_of_time(write):
    history = read_ratings(write(LOG), **COLUMNS).history()
    np.testing.assert_array_equal(history.fields["item"].T, [[1, 0], [0, 1]])
    np.testing.assert_array_equal(history.fields["rating"].T, [[-3, 0], [0, 7.5]])
    np.testing.assert_array_equal(history.time.T, [[8, 0], [7, 9]])


def test_ratings_of_one_second_stay_in_the_order_of_the_log(write):
    history = read_ratings(write(LOG + "bob,v,1,7\nbob,u,2,7\n"), **COLUMNS).history()
    np.testing.assert_array_equal(history.fields["rating"][:, 1], [0, 1, 2, 7.5])


@pytest.mark.parametrize(
    ("row", "options", "message"),
    [
        ("", {"rating": "stars"}, "must have one column 'stars', for rating, got none; there are"),
        ("ann,w,nan,1", {}, "line 5: 'r' must be a number, got 'nan'"),
        ("ann,w,6,1", {"scale": (-5, 5)}, "line 2: 'r' must be a number from -5 to 5, got '7.5'"),
        ("ann,w,6,", {}, "line 5: 't' must be a time in units of 1 s from"),
        ("ann,w,1e39,1", {}, "line 5: 'r' must be a number from -3.40282e+38 to 3.40282e+38, got"),
        ("ann,,6,1", {}, "line 5: 'i' must be a name, got ''"),
        ("cleo,w,6,1", {"users": ["bob", "ann"]}, "line 5: 'u' must be one of the 2 users given"),
        ("", {"items": ["x"]}, "line 4: 'i' must be one of the 1 items given, got 'w'"),
        (
            "bob,x,1,1\nbob,w,1,1",
            {},
            "line 5: each pair of user and item must be rated once, got user 'bob', item 'x' "
            "again, as in ",
        ),
    ],
)
def test_bad_ratings_are_refused(write, row, options, message):
    path = write(LOG + row)
    with pytest.raises(DataError) as caught:
        read_ratings(path, **{**COLUMNS, **options})
    assert str(caught.value).startswith(str(path)) and message in str(caught.value)


@pytest.mark.parametrize("scale", [(5, 1), ("a", 5), (float("nan"), 1), 5, (1, 2, 3), "12"])
def test_a_scale_that_is_none_is_refused(write, scale):
    with pytest.raises(ConfigError, match="read_ratings: scale must "):
        read_ratings(write(LOG), **COLUMNS, scale=scale)


@pytest.mark.skipif("RECSIM_NG_MOVIELENS" not in os.environ, reason="needs the real files")
def test_the_real_ratings_are_read_from_their_table_and_become_histories():
    folder = os.environ["RECSIM_NG_MOVIELENS"]
    ratings = read_ratings(
        os.path.join(folder, "ml-100k.inter"),
        user="user_id:token",
        item="item_id:token",
        rating="rating:float",
        timestamp="timestamp:float",
        delimiter="\t",
    )
    expected = read_movielens(folder)
    np.testing.assert_array_equal(ratings.rating, expected.rating)
    np.testing.assert_array_equal(
        np.array(ratings.user_ids)[ratings.user], np.array(expected.user_ids)[expected.user]
    )
    history = expected.history()
    assert (history.num_steps, history.num_users, history.num_events) == (737, 943, 100_000)
    np.testing.assert_array_equal(history.events_per_user, expected.ratings_per_user)
