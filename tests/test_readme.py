"""The README's own story, as a newcomer would type it."""

import pathlib
import re

import numpy as np
import pytest

import recsim_ng
from recsim_ng import Network, PythonRuntime, TFRuntime

README = pathlib.Path(__file__).parent.parent / "README.md"


@pytest.fixture(scope="module")
def radio():
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    names = {"__name__": "radio"}
    code = code.replace("NUM_LISTENERS = 1000", "NUM_LISTENERS = 300")
    exec(compile(code, "radio.py", "exec"), names)
    return names


def test_the_story_in_the_readme_runs_and_the_station_learns(radio):
    trajectory = TFRuntime(Network(radio["radio_story"]())).trajectory(50, seed=1)
    enjoyment = np.asarray(trajectory["response"].get("enjoyment"))
    assert enjoyment.shape == (50, 300)
    assert enjoyment[-10:].mean() > enjoyment[0].mean() + 0.1


def test_the_story_in_the_readme_is_the_same_in_plain_python(radio):
    network = Network(radio["radio_story"]())
    compiled = TFRuntime(network).trajectory(5, seed=2)
    plain = PythonRuntime(network).trajectory(5, seed=2)
    for name in plain:
        for field, expected in plain[name].as_dict.items():
            np.testing.assert_allclose(compiled[name].get(field), expected, rtol=1e-5, atol=1e-5)


def test_the_story_in_the_readme_is_an_environment_by_the_readmes_line(radio):
    (line,) = re.findall(r"^mine = (.*)$", README.read_text(), flags=re.MULTILINE)
    env = eval(line, {"recsim_ng": recsim_ng, **radio})
    observation, _ = env.reset(seed=0)
    assert observation["response/enjoyment"].shape == (300,)
    loudness = np.zeros(300, np.float32)
    rewards = [env.step(loudness)[1] for _ in range(50)]
    # A mood of standard deviation .69 in the long run, and of 1 at first: 1 - E|mood| is .2 to .5.
    assert 0.2 < np.mean(rewards) < 0.5
