"""Logs that begin in the middle of a run: what they must hold, and that they are fitted rightly."""

import numpy as np
import pytest

from recsim_ng import Network, TFRuntime
from recsim_ng.core.errors import DataError
from recsim_ng.inference import fit
from recsim_ng.stories import latent_satisfaction


@pytest.fixture(scope="module")
def story():
    return Network(latent_satisfaction.create_unknown_sensitivity_network(4))


@pytest.fixture(scope="module")
def run(story):
    return TFRuntime(story).trajectory(20, seed=2)


def logs(run, first, *fields):
    parts = {name: run[name] for name in ("slate docs", "user response")}
    parts["user state"] = run["user state"].at(*fields)
    return {name: value.map(lambda x: x[first:]) for name, value in parts.items()}


def test_what_a_story_carries_on_must_be_in_logs_that_begin_later(story, run):
    with pytest.raises(
        DataError,
        match=r"\(their first 'user state.satisfaction' is not the story's\) must hold all that it "
        r"carries on, got none of \['user state.max_slate_utility'\]; log them too",
    ):
        fit(story, logs(run, 10, "satisfaction"), method="map")


def test_logs_that_hold_enough_give_the_truth(story, run):
    held = logs(run, 10, "satisfaction", "max_slate_utility")
    found = fit(story, held, method="map").data.posterior["sensitivity.value"].values[0, 0]
    np.testing.assert_allclose(found, run["sensitivity"]["value"][0], atol=0.05)
