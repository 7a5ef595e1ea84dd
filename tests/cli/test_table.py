"""The tables at the end of a study."""

import io

import numpy as np
from rich.console import Console

from recsim_ng.cli.table import decimals_of, estimate_cells, print_results
from recsim_ng.core.study import HeadlineMetric
from recsim_ng.runtime.estimate import estimate
from recsim_ng.runtime.results import Results

METRIC = HeadlineMetric("x", "mean of x", (), None)


def printed(arms, values, seeds, width=100):
    runs = {
        (a, s): {"x": np.array([0.0, v])} for a, row in values.items() for s, v in enumerate(row)
    }
    console = Console(file=io.StringIO(), width=width)
    print_results(console, Results.of(runs, arms, range(seeds), [METRIC], 2, {}))
    return console.file.getvalue()


def rows(text):
    return [line.split() for line in text.splitlines() if line.strip()]


def test_one_arm_is_one_row_for_each_metric():
    text = printed(["toy"], {"toy": [10.0, 12.0, 14.0]}, 3)
    assert "At step 1, 3 seeds" in text
    assert ["mean", "of", "x", "12.0", "1.2", "7.0", "to", "17.0"] in rows(text)


def test_several_arms_show_the_paired_differences_to_the_first():
    text = printed(["cap=0", "cap=2"], {"cap=0": [1.0, 5.0, 9.0], "cap=2": [0.9, 4.7, 8.9]}, 3)
    found = rows(text)
    assert found[1] == ["cap", "mean", "s.e.", "95", "%", "interval", "less", "0", "s.e."] + [
        "95",
        "%",
        "interval",
    ]
    assert ["0", "5.0", "2.3", "−4.9", "to", "14.9"] in found
    assert ["2", "4.8", "2.3", "−5.1", "to", "14.8", "−0.167", "0.067"] + [
        "−0.454",
        "to",
        "0.120",
    ] in found


def test_where_there_is_no_room_for_one_table_differences_have_their_own():
    values = {"cap=0": [1.0, 5.0, 9.0], "cap=2": [0.9, 4.7, 8.9]}
    found = rows(printed(["cap=0", "cap=2"], values, 3, width=45))
    assert ["2", "4.8", "2.3", "−5.1", "to", "14.8"] in found
    assert ["2", "−0.167", "0.067", "−0.454", "to", "0.120"] in found
    assert not any("…" in word for row in found for word in row)


def test_one_seed_has_no_interval():
    assert ["mean", "of", "x", "10", "-", "-"] in rows(printed(["toy"], {"toy": [10.0]}, 1))


def test_as_many_decimals_as_show_two_digits_of_every_error():
    wide = estimate(np.array([[0.0], [100.0]])).at_step(0)
    assert decimals_of([wide]) == 0
    narrow = estimate(np.array([[1.0], [1.01]])).at_step(0)
    assert decimals_of([narrow]) == 4 and decimals_of([wide, narrow]) == 4
    same = estimate(np.array([[1234.5678], [1234.5678]])).at_step(0)
    assert decimals_of([same]) is None
    assert estimate_cells(same, None) == ["1235", "0", "1235 to 1235"]
    assert estimate_cells(wide, 0)[0] == "50"


def test_nan_is_shown():
    nan = estimate(np.array([[np.nan], [1.0]])).at_step(0)
    assert estimate_cells(nan, None) == ["nan", "nan", "nan to nan"]
