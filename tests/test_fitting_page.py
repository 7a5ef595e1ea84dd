"""The page about fitting one's own story, run as a newcomer would run it."""

import pathlib
import re
import runpy

import numpy as np
import pytest

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "fitting.md"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """What the page's program has found, with fewer draws."""
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL))
    for long, short in (
        ("num_draws=2000", "num_draws=100, num_warmup=200"),
        ("calibration = calibrate(", "calibration = inspect.signature(calibrate).bind("),
        ("import numpy as np\n", "import inspect\n\nimport numpy as np\n"),
    ):
        assert long in code
        code = code.replace(long, short)
    folder = tmp_path_factory.mktemp("page")
    (folder / "viewers.py").write_text(code)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return folder, runpy.run_path("viewers.py")


def test_the_fit_finds_what_the_logs_were_made_with(page):
    folder, names = page
    posterior = names["result"].data.posterior
    viewers = [int(name[1:]) for name in names["history"].user_ids]
    for name, truth in (
        ("common.level", names["LEVEL"]),
        ("common.weight", names["WEIGHT"]),
        ("common.noise", names["NOISE"]),
        ("viewer.bias", names["bias"][viewers]),
    ):
        draws = posterior[name].values
        mean, sd = draws.mean(axis=(0, 1)), draws.std(axis=(0, 1))
        assert np.max(np.abs(mean - truth) / sd) < 6.0, name
    assert posterior["common.noise"].values.std() < 0.05
    assert posterior["viewer.bias"].dims == ("chain", "draw", "user")
    assert not (folder / "ratings.checkpoint").exists()


def test_the_report_says_that_the_story_is_better_than_the_baselines(page):
    folder, names = page
    said = repr(names["card"])
    assert said.startswith("ReportCard of rating.stars by mcmc") and said.count("beaten") == 2, said
    assert "<html" in (folder / "report.html").read_text()


def test_the_story_alone_with_the_saved_logs_is_what_the_command_takes(page):
    from recsim_ng import Network
    from recsim_ng.cli import log_file
    from recsim_ng.cli.story_reference import StoryReference

    folder, names = page
    story = StoryReference.of(f"{folder / 'viewers.py'}:story")
    assert [(s.name, s.default) for s in story.settings] == [("num_viewers", 40)]
    held = log_file.read("--logs", str(folder / "ratings.nc"), None, "30:40", ())
    assert log_file.require_fit(Network(names["story"]()), held, story.name) == []
    np.testing.assert_array_equal(
        held["rating"].get("stars"), names["later"]["rating"].get("stars")
    )


def test_every_method_is_in_the_table_and_every_link_leads_somewhere():
    from recsim_ng.inference.method import SETTINGS

    text = PAGE.read_text()
    rows = dict(re.findall(r"^\| `\"(\w+)\"` \|.*\| `(\w+)` \|$", text, flags=re.MULTILINE))
    assert rows == {name: kind.__name__ for name, kind in SETTINGS.items()}
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (PAGE.parent / link).exists(), link
