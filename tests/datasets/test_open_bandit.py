"""Logs of the Open Bandit Dataset: small ones of its format, and the published figures."""

import os
import pathlib

import numpy as np
import pytest

from recsim_ng.core.errors import DataError
from recsim_ng.datasets import read_open_bandit
from tests import statistical

NUM_ITEMS = 4
TIMES = [f"2019-11-24 00:00:0{second}.000001+00:00" for second in (0, 0, 1, 2)]
HEADER = ",".join(
    ["", "timestamp", "item_id", "position", "click", "propensity_score"]
    + [f"user_feature_{i}" for i in range(2)]
    + [f"user-item_affinity_{i}" for i in range(NUM_ITEMS)]
)
ROWS = [
    f"0,{TIMES[0]},3,2,0,0.25,aa,bb,0.0,1.0,0.0,2.0",
    f"1,{TIMES[1]},1,1,1,0.5,aa,bb,0.0,1.0,0.0,2.0",
    f"2,{TIMES[2]},3,3,0,1e-06,cc,bb,0.0,0.0,0.0,0.0",
    f"3,{TIMES[3]},0,1,0,0.25,aa,dd,0.0,0.0,3.0,0.0",
]


def write(folder, rows=ROWS, header=HEADER):
    path = folder / "men.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_impressions_of_one_microsecond_are_one_slate(tmp_path):
    log = read_open_bandit(write(tmp_path))
    assert log.item_ids == ("0", "1", "2", "3")  # also the one never shown
    assert log.slate.tolist() == [0, 0, 1, 2] and log.num_positions == 3
    assert log.item.tolist() == [3, 1, 3, 0] and log.position.tolist() == [1, 0, 2, 0]
    assert log.click.tolist() == [False, True, False, False]
    assert log.propensity.tolist() == [0.25, 0.5, 1e-6, 0.25]
    assert np.diff(log.time).tolist() == [10**6, 10**6]
    assert log.time[0] == np.datetime64("2019-11-24T00:00:00.000001").astype(np.int64)
    assert log.categories.tolist() == [[0, 0], [0, 0], [1, 0], [0, 1]]
    assert log.category_names == ("user_feature_0", "user_feature_1")
    assert log.category_values == (("aa", "cc"), ("bb", "dd"))
    assert log.features[0].tolist() == [0, 1, 0, 2] and log.features.shape == (4, NUM_ITEMS)
    history = log.history()
    assert history.mask.shape == (3, 1)
    assert history.fields["item"][:, 0].tolist() == [[1, 3, 0], [0, 0, 3], [0, 0, 0]]
    assert history.fields["choice"][:, 0].tolist() == [0, 3, 3]


def test_propensities_reweight_clicks_to_another_policy(rng, tmp_path):
    """Importance weights have mean 1 and give the other policy's click rate.

    The logging policy shows item d with probability p_d, the other one with q_d; clicks are the
    item's parity, so that the value under q is q_1 + q_3. With 20,000 rows a mean that is 0.066
    standard deviations off is caught with probability 0.999: 0.03 in the value. What ignores the
    propensities is off by 0.3.
    """
    logging, other = np.array([0.1, 0.4, 0.1, 0.4]), np.array([0.25, 0.1, 0.25, 0.4])
    item = rng.choice(NUM_ITEMS, 20_000, p=logging)
    rows = [
        f"{r},2020-01-01 00:{r // 600:02d}:{r // 10 % 60:02d}.{r % 10},{d},1,{d % 2},{logging[d]},"
        "a,b,0,0,0,0"
        for r, d in enumerate(item)
    ]
    log = read_open_bandit(write(tmp_path, rows))
    weight = other[log.item] / log.propensity
    ratio, parity = other / logging, np.arange(NUM_ITEMS) % 2
    for found, law in ((weight, ratio), (weight * log.click, ratio * parity)):
        mean = logging @ law
        sd = np.sqrt(logging @ (law - mean) ** 2)
        skewness = logging @ (law - mean) ** 3 / sd**3
        statistical.assert_mean(found, mean, sd, skewness=skewness)
    assert mean == pytest.approx(other @ parity)
    with statistical.must_catch():
        statistical.assert_mean(log.click, mean, sd, skewness=skewness)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (f"4,{TIMES[0]},1,2,0,0.25,aa,bb,0,0,0,0", "each position of a slate must be filled once"),
        (f"4,{TIMES[0]},4,1,0,0.25,aa,bb,0,0,0,0", "'item_id' must be one of the 4 items given"),
        (f"4,{TIMES[3]},1,2,0,0,aa,bb,0,0,0,0", "'propensity_score' must be a number from"),
        (f"4,{TIMES[3]},1,0,0,0.25,aa,bb,0,0,0,0", "'position' must be a whole number from 1 to"),
        (f"4,{TIMES[3]},1,2,0,0.25,aa,,0,0,0,0", "'user_feature_1' must be a name, got ''"),
        (f"4,{TIMES[3]},1,2,0,0.25,aa,bb,0,nan,0,0", "'user-item_affinity_1' must be a number"),
        ("4,soon,1,2,0,0.25,aa,bb,0,0,0,0", "'timestamp' must be a number or an ISO 8601 time"),
    ],
)
def test_bad_logs_are_refused(tmp_path, row, message):
    path = write(tmp_path, [*ROWS, row])
    with pytest.raises(DataError) as caught:
        read_open_bandit(path)
    assert str(caught.value).startswith(f"{path}, line 6: {message}")


def test_another_file_is_refused_with_the_remedy(tmp_path):
    path = write(tmp_path, header=HEADER.replace("click", "klick"))
    with pytest.raises(DataError) as caught:
        read_open_bandit(path)
    assert str(caught.value) == (
        f"{path}: must have a column 'click', got ['timestamp', 'item_id', 'position', 'klick', "
        "'propensity_score', 'user_feature_0', 'user_feature_1', 'user-item_affinity_0']...; "
        "fetch the logs with `recsim-ng data open-bandit DIR`"
    )


@pytest.mark.skipif("RECSIM_NG_OPEN_BANDIT" not in os.environ, reason="needs the real files")
@pytest.mark.parametrize(
    ("policy", "campaign", "num_items", "click_rate"),
    [
        ("random", "all", 80, 0.0038),
        ("random", "men", 34, 0.0046),
        ("random", "women", 46, 0.0046),
        ("bts", "all", 80, 0.0042),
        ("bts", "men", 34, 0.0069),
        ("bts", "women", 46, 0.0046),
    ],
)
def test_the_real_logs_have_their_published_figures(policy, campaign, num_items, click_rate):
    folder = pathlib.Path(os.environ["RECSIM_NG_OPEN_BANDIT"]) / policy / campaign
    log = read_open_bandit(folder / f"{campaign}.csv")
    assert (log.num_impressions, log.num_items, log.num_positions) == (10_000, num_items, 3)
    assert log.click_rate == pytest.approx(click_rate, abs=1e-12)
    assert (np.diff(log.time) > 0).all() and 9_989 <= log.num_slates < 10_000
    if policy == "random":
        np.testing.assert_allclose(log.propensity, 1 / num_items, rtol=1e-12)
    elif campaign == "women":
        assert log.propensity.min() == 1e-6
    assert log.history().num_events == log.num_slates
