"""Estimates over seeds, paired differences, and results on disk."""

import numpy as np
import pytest
import scipy.stats
import xarray as xr

from recsim_ng.core import errors
from recsim_ng.core.study import HeadlineMetric
from recsim_ng.runtime.estimate import estimate
from recsim_ng.runtime.results import Results

METRIC = HeadlineMetric("x", "mean of x, metres", (), None, False)
SEEDS = [4, 5, 6]


@pytest.fixture
def runs(rng):
    return {(arm, seed): {"x": rng.normal(size=3)} for arm in "ab" for seed in SEEDS}


def results_of(runs):
    return Results.of(runs, ["a", "b"], SEEDS, [METRIC], 3, {"story": "toy", "num_steps": 3})


@pytest.mark.parametrize("level", [0.95, 0.5])
def test_an_interval_is_students(rng, level):
    samples = rng.normal(size=(7, 2))
    got = estimate(samples, level)
    error = scipy.stats.sem(samples)
    low, high = scipy.stats.t.interval(level, 6, loc=samples.mean(0), scale=error)
    np.testing.assert_allclose(got.mean, samples.mean(0))
    np.testing.assert_allclose(got.standard_error, error)
    np.testing.assert_allclose(got.low, low)
    np.testing.assert_allclose(got.high, high)
    assert got.count == 7
    assert got.at_step(1).low == got.low[1]


def test_one_replicate_has_a_mean_but_no_interval_and_none_has_neither():
    one, none = estimate(np.ones((1, 2))), estimate(np.ones((0, 2)))
    np.testing.assert_array_equal(one.mean, [1, 1])
    assert one.count == 1 and np.isnan([one.standard_error, one.low, one.high]).all()
    assert none.count == 0 and np.isnan(none.mean).all()


def test_a_difference_is_the_paired_one(runs):
    results = results_of(runs)
    got = results.difference("x", "b")
    a, b = (np.array([runs[arm, seed]["x"] for seed in SEEDS]) for arm in "ab")
    test = scipy.stats.ttest_rel(b, a)
    np.testing.assert_allclose(got.mean, (b - a).mean(0))
    interval = test.confidence_interval(0.95)
    np.testing.assert_allclose([got.low, got.high], [interval.low, interval.high])


def test_only_finished_seeds_count_and_differences_take_those_of_both_arms(runs):
    del runs["a", 4], runs["b", 6]
    results = results_of(runs)
    assert results.num_finished == 4
    assert results.estimate("x", "a").count == results.estimate("x", "b").count == 2
    paired = results.difference("x", "b")
    assert paired.count == 1
    np.testing.assert_allclose(paired.mean, runs["b", 5]["x"] - runs["a", 5]["x"])
    assert np.isnan(results.dataset["x"].sel(arm="a", seed=4)).all()


def test_nan_of_a_finished_run_shows_in_the_mean(runs):
    runs["a", 4]["x"] = np.array([1.0, np.nan, 1.0])
    mean = results_of(runs).estimate("x", "a").mean
    assert np.isnan(mean[1]) and np.isfinite(mean[[0, 2]]).all()


def test_results_are_the_same_after_saving_and_plain_xarray_opens_them(tmp_path, runs):
    del runs["b", 6]
    results, path = results_of(runs), tmp_path / "results.nc"
    results.save(path)
    loaded = Results.load(path)
    xr.testing.assert_identical(loaded.dataset, results.dataset)
    assert loaded.arms == ["a", "b"] and loaded.seeds == SEEDS and loaded.metrics == ["x"]
    assert loaded.num_steps == 3 and loaded.label("x") == "mean of x, metres"
    with xr.open_dataset(path) as plain:
        assert plain["x"].dims == ("arm", "seed", "time")
        assert plain["x"].attrs["better"] == "lower" and plain.attrs["story"] == '"toy"'
    assert [p.name for p in tmp_path.iterdir()] == ["results.nc"]


def test_unknown_arms_and_metrics_are_errors_that_list_what_there_is(runs):
    results = results_of(runs)
    with pytest.raises(errors.FieldError, match=r"no metric 'y'; there are \['x'\]"):
        results.estimate("y", "a")
    with pytest.raises(errors.FieldError, match=r"no arm 'c'; there are \['a', 'b'\]"):
        results.estimate("x", "c")


def test_a_file_that_holds_no_results_is_a_data_error(tmp_path):
    path = tmp_path / "results.nc"
    with pytest.raises(errors.DataError, match="must be a file, got none"):
        Results.load(path)
    path.write_text("no")
    with pytest.raises(errors.DataError, match="must be written by Results.save, got"):
        Results.load(path)
    xr.Dataset({"x": ("time", [1.0])}).to_netcdf(path, engine="h5netcdf")
    with pytest.raises(errors.DataError, match=r"got a file without \['arm', 'seed'\]"):
        Results.load(path)
