"""Logs for a fit: what is left out of them, and whether they are of the story."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network
from recsim_ng.cli import log_file
from recsim_ng.core import Trajectory, Value
from recsim_ng.core.errors import DataError
from tests.cli import drift_story


def logs(**metadata):
    values = {
        "drift": Value(x=tf.constant(1.0)),
        "walk": Value(x=tf.zeros([5, 4])),
        "a.b": Value(**{"c.d": tf.zeros([5]), "c.e": tf.zeros([5]), "f": tf.zeros([5])}),
    }
    return Trajectory(values, frozenset(["drift"]), 5, metadata=metadata)


def held(found):
    return {f"{v}.{f}" for v, value in found.values_by_name.items() for f in value.as_dict}


@pytest.mark.parametrize(
    ("drop", "left"),
    [
        ((), {"drift.x", "walk.x", "a.b.c.d", "a.b.c.e", "a.b.f"}),
        (("drift",), {"walk.x", "a.b.c.d", "a.b.c.e", "a.b.f"}),
        (("walk.x", "a.b.c"), {"drift.x", "a.b.f"}),
        (("a.b", "drift"), {"walk.x"}),
        (("a.b.c.d",), {"drift.x", "walk.x", "a.b.c.e", "a.b.f"}),
    ],
)
def test_variables_and_fields_are_left_out_by_name(drop, left):
    found = log_file.without(logs(), drop)
    assert held(found) == left
    assert found.static == ({"drift"} if "drift.x" in left else set())


def test_names_that_are_not_there_are_refused_or_passed_over():
    with pytest.raises(
        DataError, match=r"--drop \(--latent\) must name what the logs hold, .*, got 'walk.y'"
    ):
        log_file.without(logs(), ["walk.y"])
    assert held(log_file.without(logs(), ["walk.y"], is_strict=False)) == held(logs())


def test_logs_are_cut_in_time_but_not_what_is_the_same_at_all_steps(tmp_path):
    run = logs()
    run.values_by_name["walk"] = Value(x=tf.reshape(tf.range(20.0), [5, 4]))
    run.save(tmp_path / "a.nc")
    found = log_file.read("--logs", str(tmp_path / "a.nc"), None, "1:3", ())
    np.testing.assert_array_equal(found["walk"]["x"], np.arange(20.0).reshape(5, 4)[1:3])
    assert found.length == 2 and found.values_by_name["drift"]["x"].shape == ()


def test_logs_must_be_of_the_storys_shapes_and_the_error_says_how_they_were_made():
    network = Network(drift_story.walks(3))
    assert log_file.require_fit(Network(drift_story.walks(4)), logs(), "walks") == ["a.b"]
    config = {"num_users": 4, "is_odd": True, "kind": "x"}
    for name, words in (
        ("walks", "the logs were made with --num-users 4: add that"),
        ("other", "the logs were made by the story other: name that"),
    ):
        with pytest.raises(DataError, match=rf"'x': expected shape \(3,\), got \(4,\); {words}"):
            log_file.require_fit(network, logs(story=name, config=config), "walks")


def test_the_type_of_numbers_is_no_matter_of_the_settings_that_the_logs_were_made_with():
    run = logs()
    run.values_by_name["walk"] = run["walk"].map(lambda x: tf.cast(x, tf.float64))
    assert log_file.require_fit(Network(drift_story.walks(4)), run, "walks") == ["a.b"]


def test_the_digest_tells_logs_apart():
    one, two = logs(), logs()
    assert log_file.digest(one) == log_file.digest(two)
    two.values_by_name["drift"] = Value(x=tf.constant(1.5))
    assert log_file.digest(one) != log_file.digest(two)
