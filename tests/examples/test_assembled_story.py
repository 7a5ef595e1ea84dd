"""The story assembled from the shelf: every recommender serves, and what it is told helps."""

import numpy as np
import pytest

from examples import assembled_story as example
from recsim_ng import Network, PythonRuntime
from recsim_ng.entities.recommenders import RECOMMENDERS

SMALL = {**example.CONFIG, "num_users": 6, "num_docs": 9, "slate_size": 3, "removal_rate": 0.3}


@pytest.mark.parametrize("name", sorted(set(RECOMMENDERS) - {"oracle"}))
def test_any_recommender_serves(name, seed):
    run = PythonRuntime(Network(example.story(name, SMALL))).trajectory(4, seed=seed)
    shown = np.asarray(run["metrics state"]["shown.exposure"])
    np.testing.assert_array_equal(shown.sum(axis=-1), 18.0 * np.arange(4))
    assert np.all(np.isfinite(run["metrics state"]["cumulative_reward"]))


@pytest.mark.slow
def test_who_knows_the_tastes_serves_better_than_chance(seed):
    assert example.enjoyment("myopic", 30, seed) > example.enjoyment("random", 30, seed) + 0.3


@pytest.mark.slow
def test_the_command_prints_a_line_for_each_recommender(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["assembled_story", "random", "popularity", "--num-steps", "3"])
    example.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines[1:]] == ["random", "popularity"]
    monkeypatch.setattr("sys.argv", ["assembled_story", "best"])
    with pytest.raises(SystemExit):
        example.main()
    assert "NAME must be one of" in capsys.readouterr().err
