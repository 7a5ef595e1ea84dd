"""Results are what ArviZ takes, and say what made them."""

import json

import numpy as np
import pytest

from recsim_ng import PythonRuntime
from recsim_ng.core.given import Condition
from recsim_ng.core.lazy import arviz
from recsim_ng.inference import McmcSettings, fit
from tests.inference.test_fitting import STEPS, USERS
from tests.walk import walk_story

DRAWS = 100


@pytest.fixture(scope="module")
def found():
    with Condition({("rate", "x"): 0.7, ("scale", "x"): 0.5}):
        run = PythonRuntime(walk_story()).trajectory(STEPS, seed=3)
    heard = []
    result = fit(
        walk_story(),
        {"walk": run["walk"]},
        settings=McmcSettings(num_draws=DRAWS, num_warmup=100),
        seed=1,
        log_likelihood=True,
        posterior_predictive=30,
        progress=lambda done, total: heard.append((done, total)),
    )
    assert heard[-1][0] == heard[-1][1]
    return result


def test_simulations_have_the_places_of_their_draws(found):
    made = found.data.posterior_predictive
    assert made["walk.x"].dims == ("chain", "draw", "time", "user")
    assert made["walk.x"].shape == (4, 8, STEPS, USERS)
    assert made.draw.values.tolist() == [0, 14, 28, 42, 57, 71, 85, 99]
    assert np.all(made["walk.x"][:, :, 0] == 0.0)
    # Each walk is of its own draw's rate: the regressions of the simulations, over it, are 1.
    x = made["walk.x"].values
    rates = (x[:, :, 1:] * x[:, :, :-1]).sum((2, 3)) / (x[:, :, :-1] ** 2).sum((2, 3))
    drawn = found.data.posterior["rate.x"].sel(draw=made.draw).values
    # Of 117 steps a regression is within about 0.08; the mean of 32 of them within 0.014.
    assert np.mean(rates - drawn) == pytest.approx(0.0, abs=0.12)


def test_the_steps_at_which_nothing_is_drawn_have_no_likelihood(found):
    scores = found.data.log_likelihood["walk.x"]
    assert scores.dims == ("chain", "draw", "time_after_first", "user")
    assert scores.shape == (4, DRAWS, STEPS - 1, USERS)
    assert np.all(scores != 0.0)


def test_each_observation_has_a_pareto_k(found):
    k = found.diagnostics.pareto_k["walk.x"]
    assert k.shape == (STEPS - 1, USERS)
    loo = arviz().loo(found.data, pointwise=True)
    np.testing.assert_array_equal(k, loo.pareto_k)
    assert "greatest Pareto k of walk.x" in repr(found.diagnostics)


def test_results_say_what_made_them(found, tmp_path):
    for said in (
        found.data.attrs,
        found.data.posterior.attrs,
        found.data.posterior_predictive.attrs,
    ):
        assert said["method"] == "mcmc"
        assert "num_draws=100" in said["settings"]
        assert said["seed"] == "1"
        assert json.loads(said["story_variables"]) == ["rate", "scale", "walk"]
        assert json.loads(said["versions"])["recsim_ng"] == said["inference_library_version"]
    path = str(tmp_path / "fit.nc")
    found.data.to_netcdf(path, engine="h5netcdf")
    read = arviz().from_netcdf(path, engine="h5netcdf")
    np.testing.assert_array_equal(read.posterior["rate.x"], found.data.posterior["rate.x"])
    assert read.posterior.attrs["method"] == "mcmc"


# ArviZ 0.23 under Matplotlib 3.11.
@pytest.mark.filterwarnings("ignore:Passing a dict or None as alias_mapping")
@pytest.mark.parametrize(
    "plot", ["trace", "ppc", "rank", "forest", "posterior", "energy", "ess", "pair"]
)
def test_arviz_plots_a_result_as_it_is(plot, found):
    import matplotlib.pyplot as plt

    options = {"ppc": {"num_pp_samples": 10}}.get(plot, {})
    axes = getattr(arviz(), f"plot_{plot}")(found.data, **options)
    assert np.size(axes) >= 1
    plt.close("all")


def test_arviz_sums_a_result_up_as_it_is(found):
    az = arviz()
    assert az.summary(found.data).index.tolist() == ["rate.x", "scale.x"]
    table = found.diagnostics.table
    assert table.loc["rate.x", "ess_bulk"] == pytest.approx(
        float(az.ess(found.data)["rate.x"]), rel=1e-6
    )
    loo = az.loo(found.data)
    assert loo.n_data_points == (STEPS - 1) * USERS
    assert np.isfinite(loo.elpd_loo)
