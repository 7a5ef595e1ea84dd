"""What is no story, and logs that say nothing of one, are refused."""

import pytest
import tensorflow as tf

from recsim_ng.core import Value, Variable
from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.core.variable import value
from recsim_ng.inference import Target, fit
from recsim_ng.inference.unknown import is_informed
from tests.small_networks import X
from tests.walk import walk_logs, walk_story


@pytest.mark.parametrize("story", [None, [], 5])
def test_what_is_no_story_is_refused(story):
    with pytest.raises(ConfigError, match="fit: story must be a Network or its variables, got"):
        fit(story, walk_logs(3))


@pytest.mark.parametrize("logs", [None, [1], "walk"])
def test_what_are_no_logs_is_refused(logs):
    with pytest.raises(DataError, match="logs must be a Trajectory or a mapping of variable name"):
        fit(walk_story(), logs)


def test_logs_that_say_nothing_are_refused():
    with pytest.raises(DataError, match=r"something that the story draws, got \[\], of which it"):
        fit(walk_story(), {"walk": Value()})
    with pytest.raises(DataError, match=r"must hold something .*, got \['walk.x'\], of which it"):
        fit(walk_story(), walk_logs(1))
    target = Target(walk_story(), walk_logs(2))
    assert is_informed(target.network, target.given)


def test_a_name_that_is_no_variable_is_refused():
    logs = {**walk_logs(3), "wlak": Value(x=tf.zeros([3]))}
    with pytest.raises(DataError, match=r"of the story, .*, got \['wlak'\] too; mend"):
        fit(walk_story(), logs)


def test_a_story_with_nothing_to_find_says_so():
    still = Variable("still", X)
    still.initial_value = still.value = value(lambda: Value(x=tf.zeros([])))
    with pytest.raises(DataError, match="got logs of all and no trainable parameter; leave"):
        fit([still], {"still": Value(x=tf.zeros([3]))}, method="mle")


@pytest.mark.parametrize("progress", [3, "x", lambda done: None])
def test_progress_that_cannot_be_told_is_refused(progress):
    with pytest.raises(ConfigError, match="progress must be True or False, a ProgressBar, or a"):
        fit(walk_story(), walk_logs(3), method="map", progress=progress)


def test_flags_must_be_flags():
    with pytest.raises(ConfigError, match="fit: log_likelihood must be True or False, got 'yes'"):
        fit(walk_story(), walk_logs(3), method="map", log_likelihood="yes")
