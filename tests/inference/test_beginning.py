"""Logs that begin in the middle of a run: what they must hold, and that they are fitted rightly."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, TFRuntime, ed
from recsim_ng.core import FieldSpec, Value, ValueSpec, Variable
from recsim_ng.core.errors import DataError
from recsim_ng.core.variable import value
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


@pytest.mark.slow
def test_logs_that_hold_enough_give_the_truth(story, run):
    held = logs(run, 10, "satisfaction", "max_slate_utility")
    found = fit(story, held, method="map").data.posterior["sensitivity.value"].values[0, 0]
    np.testing.assert_allclose(found, run["sensitivity"]["value"][0], atol=0.05)


@pytest.mark.slow
def test_a_state_that_begins_where_an_unknown_says_is_no_beginning_in_the_middle():
    """s_0 = drift_0 = theta ~ N(0, 1), s_t ~ N(s_{t-1} + drift, 1): the mode by conjugacy."""
    level = Variable("level", ValueSpec(theta=FieldSpec()))
    level.initial_value = value(lambda: Value(theta=ed.Normal(tf.zeros(3), 1.0, name="theta")))
    walk = Variable("walk", ValueSpec(s=FieldSpec(), drift=FieldSpec()))

    def begin(level):
        return Value(s=tf.identity(level.get("theta")), drift=tf.identity(level.get("theta")))

    def move(before):
        s = ed.Normal(before.get("s") + before.get("drift"), 1.0, name="s")
        return Value(s=s, drift=before.get("drift"))

    walk.initial_value = value(begin, (level,))
    walk.value = value(move, (walk.previous,))
    s = TFRuntime(Network([level, walk])).trajectory(10, seed=3)["walk"]["s"]
    found = fit([level, walk], {"walk": Value(s=s)}, method="map")
    theta = found.data.posterior["level.theta"].values[0, 0]
    np.testing.assert_allclose(theta, (s[-1] - s[0]) / 10, atol=1e-3)
