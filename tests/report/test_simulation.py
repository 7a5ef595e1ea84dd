"""Simulations out of a posterior: they are the story's runs with its parameters given."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, PythonRuntime, ed
from recsim_ng.core import Value, Variable
from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.core.given import Condition
from recsim_ng.core.variable import value
from recsim_ng.report.simulation import compared_fields, simulate
from tests.report.stories import fit_of, mood_logs, mood_story, part, taste_logs, taste_story
from tests.small_networks import X
from tests.walk import walk_logs, walk_story


def test_runs_that_begin_with_the_story_are_its_own_with_parameters_given():
    logs = walk_logs(6)
    fit = fit_of(walk_story(), logs, {"rate.x": np.float32([0.3, 0.9]), "scale.x": np.ones(2)})
    runs = simulate(walk_story(), fit, logs, 2, start="story", seed=7)
    for i, rate in enumerate((0.3, 0.9)):
        with Condition({("rate", "x"): rate, ("scale", "x"): 1.0}):
            expected = PythonRuntime(walk_story()).trajectory(6, seed=(7, i))
        np.testing.assert_allclose(runs[i]["walk.x"], expected["walk"]["x"], rtol=1e-4, atol=1e-5)


def test_runs_that_begin_with_the_logs_have_their_first_step():
    logs = part(walk_logs(12), 5, 12)
    fit = fit_of(walk_story(), logs, {"rate.x": [0.7], "scale.x": [1e-4]})
    (one, two) = simulate(walk_story(), fit, logs, 2)
    assert list(one) == ["walk.x"]
    x = np.asarray(logs["walk"]["x"])
    expected = x[0] * 0.7 ** np.arange(7)[:, None]
    np.testing.assert_allclose(one["walk.x"], expected, atol=2e-3)
    np.testing.assert_array_equal(one["walk.x"][0], two["walk.x"][0])
    assert not np.array_equal(one["walk.x"][1], two["walk.x"][1])


def test_users_keep_what_was_inferred_of_them():
    logs, _ = taste_logs(8, 5)
    certain = np.where(np.eye(5, 3) + np.eye(5, 3, -3) > 0, 50.0, 0.0).astype(np.float32)
    fit = fit_of(taste_story(5), logs, {"taste.x": certain[None]})
    (run,) = simulate(taste_story(5), fit, logs, 1, start="story")
    np.testing.assert_array_equal(run["pick.choice"], np.tile([0, 1, 2, 0, 1], (8, 1)))


def exposure_story():
    slope, shown, seen = (Variable(name, X) for name in ("slope", "shown", "seen"))
    slope.initial_value = value(lambda: Value(x=ed.Normal(0.0, 1.0, name="x")))
    shown.value = value(lambda: Value(x=ed.Normal(tf.zeros([2]), 1.0, name="x")))
    seen.value = value(
        lambda a, x: Value(x=ed.Normal(a.get("x") * x.get("x"), 1e-4, name="x")), (slope, shown)
    )
    return Network([slope, shown, seen])


@pytest.mark.parametrize("start", ["logs", "story"])
def test_replayed_variables_follow_the_logs(start):
    shown = tf.constant(np.arange(10, dtype=np.float32).reshape(5, 2))
    logs = {"shown": Value(x=shown), "seen": Value(x=2 * shown)}
    story = exposure_story()
    fit = fit_of(story, logs, {"slope.x": [3.0]})
    (run,) = simulate(story, fit, logs, 1, replayed=["shown"], start=start)
    assert list(run) == compared_fields(story, logs, ["shown"]) == ["seen.x"]
    begin = int(start == "logs")
    np.testing.assert_allclose(run["seen.x"][begin:], 3 * shown[begin:], atol=2e-3)
    with pytest.raises(DataError, match=r"replayed variables must be in the logs, .*got \['slop"):
        simulate(story, fit, logs, 1, replayed=["slope"])
    with pytest.raises(ConfigError, match="simulate: start must be one of"):
        simulate(story, fit, logs, 1, start="x")


def test_what_logs_in_the_middle_of_a_run_lack_follows_from_their_first_steps():
    logs, slope = mood_logs(4, "x")
    fit = fit_of(mood_story(), logs, {"slope.x": [slope, slope]})
    for run in simulate(mood_story(), fit, logs, 2, replayed=["shown"]):
        np.testing.assert_allclose(run["mood.x"], logs["mood"]["x"], atol=1e-4)
        np.testing.assert_allclose(run["said.x"], logs["said"]["x"], atol=1e-2)


def test_what_never_follows_from_logs_must_be_in_them():
    logs, slope = mood_logs(4, "x", accumulates=True)
    fit = fit_of(mood_story(True), logs, {"slope.x": [slope]})
    message = (
        r"held-out logs: .* \(their first 'mood.x' is not the story's\) must hold all that it "
        r"carries on, got none of \['mood.best'\], which do not follow from later steps; log them"
    )
    with pytest.raises(DataError, match=message):
        simulate(mood_story(True), fit, logs, 1)
