"""Purchases of CDNOW: small files of its format against loops, and the published figures."""

import os
import pathlib

import numpy as np
import pytest

from recsim_ng.core.errors import DataError
from recsim_ng.datasets import read_cdnow

HEADER = " customer_id  date number_of_cds  dollar_value\r\n"
LOG = (
    " 00002 19970112  1   12.00\r\n"
    " 00001 19970201  2   20.50\r\n"
    " 00002 19970112  5   77.00\r\n"
    " 00001 19970101  1    0.00\r\n"
    " 00002 19970301  1    5.00\r\n"
    " 00003 19980630  3    9.00\r\n"
)


def write(folder, text):
    path = folder / "CDNOW_master.txt"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("header", [HEADER, ""])
def test_purchases_are_in_the_order_of_customers_and_days(tmp_path, header):
    purchases = read_cdnow(write(tmp_path, header + LOG))
    assert purchases.customer_ids == ("00001", "00002", "00003")
    assert purchases.customer.tolist() == [0, 0, 1, 1, 1, 2]
    assert purchases.day.tolist() == [0, 31, 11, 11, 59, 545]
    assert purchases.count.tolist() == [1, 2, 1, 5, 1, 3]
    assert purchases.amount.tolist() == [0, 20.5, 12, 77, 5, 9]
    assert purchases.first_day == np.datetime64("1997-01-01") and purchases.num_days == 546
    assert purchases.purchases_per_customer.tolist() == [2, 3, 1]
    assert purchases.gaps.tolist() == [31, 0, 48]
    assert repr(purchases) == ("Purchases(6 purchases by 3 customers in 546 days from 1997-01-01)")
    dtypes = [getattr(purchases, n).dtype.name for n in ("customer", "day", "count", "amount")]
    assert dtypes == ["int32", "int32", "int32", "float32"]


def test_purchases_of_one_day_may_be_taken_together(tmp_path):
    purchases = read_cdnow(write(tmp_path, LOG)).by_day()
    assert purchases.customer.tolist() == [0, 0, 1, 1, 2]
    assert purchases.day.tolist() == [0, 31, 11, 59, 545]
    assert purchases.count.tolist() == [1, 2, 6, 1, 3]
    assert purchases.amount.tolist() == [0, 20.5, 89, 5, 9]
    assert purchases.gaps.tolist() == [31, 48]


def test_purchases_of_two_customers_on_one_day_stay_apart(tmp_path):
    purchases = read_cdnow(write(tmp_path, "1 19970101 1 2.0\n2 19970101 3 4.0\n"))
    assert purchases.by_day().count.tolist() == [1, 3]


def test_purchases_become_histories(tmp_path):
    history = read_cdnow(write(tmp_path, LOG)).history()
    np.testing.assert_array_equal(history.mask.T, [[1, 1, 0], [1, 1, 1], [1, 0, 0]])
    np.testing.assert_array_equal(history.fields["gap"].T, [[0, 31, 0], [0, 0, 48], [0, 0, 0]])
    np.testing.assert_array_equal(history.fields["count"].T, [[1, 2, 0], [1, 5, 1], [3, 0, 0]])
    np.testing.assert_array_equal(history.time.T, [[0, 31, 0], [11, 11, 59], [545, 0, 0]])


@pytest.mark.parametrize("by_day", [False, True])
def test_random_purchases_against_loops(rng, tmp_path, by_day):
    customer, day = rng.integers(1, 9, 60), rng.integers(1, 29, 60)
    count = rng.integers(1, 5, 60)
    rows = [f"{c} 199702{d:02d} {n} 1.5\n" for c, d, n in zip(customer, day, count, strict=True)]
    purchases = read_cdnow(write(tmp_path, "".join(rows)))
    purchases = purchases.by_day() if by_day else purchases
    gaps, history = [], purchases.history()
    for index, c in enumerate(sorted(set(customer.tolist()))):
        days = sorted(set(day[customer == c]) if by_day else day[customer == c])
        gaps += list(np.diff(days))
        events = history.mask[:, index]
        assert history.fields["gap"][events, index].tolist() == [0, *np.diff(days)]
        assert history.fields["count"][events, index].sum() == count[customer == c].sum()
    assert purchases.gaps.tolist() == gaps


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (" 00003 19970230  3    9.00\n", "'date' must be a date %Y%m%d, got '19970230'"),
        (" 00003 1997022  3    9.00\n", "'date' must be a date %Y%m%d, got '1997022'"),
        (" 00003 99991231  3    9.00\n", "'date' must be a date %Y%m%d, from 1900 to 2200, got"),
        (" 00003 19970228  0    9.00\n", "'number_of_cds' must be a whole number from 1 to"),
        (" 00003 19970228  1   -9.00\n", "'dollar_value' must be a number of at least 0, got '-9"),
        (
            " 00003 19970228  1     nan\n",
            "'dollar_value' must be a number of at least 0, got 'nan'",
        ),
    ],
)
def test_bad_purchases_are_refused(tmp_path, row, message):
    path = write(tmp_path, HEADER + LOG + row)
    with pytest.raises(DataError) as caught:
        read_cdnow(path)
    assert str(caught.value).startswith(f"{path}, line 8: {message}")


def test_another_file_is_refused_with_the_remedy(tmp_path):
    path = write(tmp_path, HEADER.replace("date", "day") + LOG)
    with pytest.raises(DataError) as caught:
        read_cdnow(path)
    assert "must have one column 'date', for date, got none; there are" in str(caught.value)
    assert str(caught.value).endswith("fetch the file with `recsim-ng data cdnow DIR`")


@pytest.mark.skipif("RECSIM_NG_CDNOW" not in os.environ, reason="needs the real file")
def test_the_real_purchases_have_their_published_figures():
    purchases = read_cdnow(pathlib.Path(os.environ["RECSIM_NG_CDNOW"]) / "CDNOW_master.txt")
    assert (purchases.num_customers, purchases.num_purchases) == (23_570, 69_659)
    assert round(float(np.mean(purchases.purchases_per_customer == 1)), 3) == 0.505
    assert np.quantile(purchases.gaps, [0.25, 0.5, 0.75, 0.9]).tolist() == [10, 31, 89, 194]
    assert purchases.first_day == np.datetime64("1997-01-01") and purchases.num_days == 546
    assert purchases.history().num_events == 69_659
