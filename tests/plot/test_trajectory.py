"""Trajectories: medians over the population, bands that hold half and nine tenths of it."""

import numpy as np
import pytest

from recsim_ng.core import errors
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value
from recsim_ng.plot import plot_trajectory

T, U = 6, 50


@pytest.fixture
def trajectory(rng):
    values = {
        "user state": Value(
            utility=rng.normal(size=(T, U)),
            interest=rng.normal(size=(T, U, 2)),
            genres=rng.normal(size=(T, U, 12)),
        ),
        "metrics": Value(total=rng.normal(size=T), count=np.arange(T)),
        "catalogue": Value(quality=np.ones((T, 4))),
    }
    dims = {"user state": {"utility": ("user",), "interest": ("user", "topic")}}
    return Trajectory(values, frozenset(), T, dims=dims)


def test_the_line_is_the_median_and_the_bands_are_quantiles_of_the_population(trajectory):
    axes = plot_trajectory(trajectory, ["user state.utility"]).axes[0]
    x = trajectory["user state"].get("utility")
    np.testing.assert_allclose(axes.lines[0].get_ydata(), np.median(x, axis=1))
    for (low, high), band in zip([(5, 95), (25, 75)], axes.collections, strict=True):
        ys = band.get_paths()[0].vertices[:, 1]
        np.testing.assert_allclose(
            [ys.min(), ys.max()],
            [np.percentile(x, low, axis=1).min(), np.percentile(x, high, axis=1).max()],
        )


def test_few_components_are_lines_of_their_own_and_many_join_the_population(trajectory):
    two, many = plot_trajectory(trajectory, ["user state.interest", "user state.genres"]).axes
    assert {"topic 0", "topic 1"} <= {t.get_text() for t in two.texts}
    assert len([line for line in many.lines if len(line.get_xdata()) == T]) == 1
    assert any("600" in t.get_text() for t in many.texts)


def test_a_number_a_step_is_a_plain_line(trajectory):
    axes = plot_trajectory(trajectory, ["metrics.total"]).axes[0]
    assert len(axes.lines) == 1 and not axes.collections


def test_without_names_all_real_fields_are_drawn(trajectory, tmp_path):
    path = tmp_path / "trajectory.png"
    figure = plot_trajectory(trajectory, path=path)
    titles = {axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()}
    assert titles == {
        "user state.utility",
        "user state.interest",
        "user state.genres",
        "metrics.total",
        "catalogue.quality",
    }
    assert path.stat().st_size > 1000


def test_an_unknown_field_is_an_error_that_lists_the_fields(trajectory):
    with pytest.raises(errors.FieldError, match=r"among \['user state.utility'.*got \['x'\]"):
        plot_trajectory(trajectory, ["x"])
    with pytest.raises(errors.FieldError, match="got none"):
        plot_trajectory(trajectory, [])
