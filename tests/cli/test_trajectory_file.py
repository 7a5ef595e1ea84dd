"""Trajectories that a run keeps, and how they are found again."""

import numpy as np
import pytest

from recsim_ng import Network, TFRuntime
from recsim_ng.cli import main, trajectory_file
from recsim_ng.core import Trajectory
from recsim_ng.core.errors import ConfigError, DataError
from tests import toy_story


def test_a_run_keeps_the_trajectories_of_its_first_seeds(toy, capsys):
    assert main("run toy --seeds 3 --seed 5 --trajectories 2 --out a".split()) == 0
    assert "trajectory-5.nc, trajectory-6.nc" in capsys.readouterr().out
    kept = Trajectory.load(trajectory_file.find("--logs", "a", 6))
    config = toy_story.Config()
    run = TFRuntime(Network(toy_story.story(config))).trajectory(6, seed=6)
    np.testing.assert_array_equal(kept["walk"]["x"], run["walk"]["x"])
    assert kept.metadata["story"] == "toy" and kept.metadata["config"]["num_users"] == 3
    for name in ("a", "a/results.nc", "a/trajectory-5.nc"):
        assert trajectory_file.find("--logs", name, None).name == "trajectory-5.nc"
    with pytest.raises(ConfigError, match="for --run to choose from, got the file a/traj"):
        trajectory_file.find("--logs", "a/trajectory-5.nc", 5)
    with pytest.raises(DataError, match=r"--logs: must hold seed 4, got a folder with \[5, 6\]"):
        trajectory_file.find("--logs", "a", 4)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("run toy --seeds 2 --trajectories 3", "--trajectories must be a whole number within 0..2"),
        ("compare toy --vary drift=1,2 --trajectories 1", "--trajectories must come with `run`"),
    ],
)
def test_no_more_are_kept_than_there_are(toy, capsys, line, message):
    assert main(line.split()) == 2
    assert message in capsys.readouterr().err
