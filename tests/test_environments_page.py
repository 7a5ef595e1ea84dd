"""docs/environments.md: its code runs, its table is complete, its links lead somewhere."""

import re

import gymnasium
import pytest

import recsim_ng  # noqa: F401 (registers)
from tests.source import ROOT

PAGE = (ROOT / "docs" / "environments.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_code_runs_in_order():
    names = {}
    blocks = [block for block in BLOCKS if "stable_baselines3" not in block]
    assert len(blocks) == len(BLOCKS) - 1 == 5
    for block in blocks:
        exec(block.replace("num_envs=1024", "num_envs=8"), names)
    assert names["reward"] >= 0.0 and names["envs"].num_envs == 8
    assert names["shown"]["reward"].shape == (64,)
    assert names["env"].possible_agents == ["left", "right"]


@pytest.mark.slow
def test_the_code_for_stable_baselines3_runs():
    pytest.importorskip("stable_baselines3")
    (block,) = [block for block in BLOCKS if "stable_baselines3" in block]
    names = {"gymnasium": gymnasium}
    exec(block.replace("PPO(", "model = PPO(").replace("learn(100_000)", "learn(1)"), names)
    assert names["model"].num_timesteps >= 64  # a step of each world, at least


def test_the_table_is_of_what_is_registered_and_links_lead_somewhere():
    ids = {x for x in gymnasium.registry if x.startswith("recsim_ng/")}
    assert set(re.findall(r"^\| `(recsim_ng/\S+)`", PAGE, re.MULTILINE)) == ids
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / link).exists(), link
