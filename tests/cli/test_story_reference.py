"""Stories of the catalogue and of the user's own, read off their sources."""

import dataclasses

import pytest

from recsim_ng.cli.story_reference import StoryReference
from recsim_ng.core.errors import ConfigError
from tests.cli import drift_story

FILE = drift_story.__file__


def test_a_ready_story_has_the_settings_of_its_config():
    found = StoryReference.of("latent_satisfaction")
    assert "unknown_sensitivity" in {s.name for s in found.settings}
    network, logs = found.network({"unknown_sensitivity": True, "num_users": 2})
    assert [v.name for v in network.variables][0] == "sensitivity" and logs is None


@pytest.mark.parametrize("place", [FILE, "tests.cli.drift_story"])
def test_a_function_has_the_settings_of_its_plain_arguments(place):
    found = StoryReference.of(f"{place}:walks")
    assert [(s.name, s.type, s.default) for s in found.settings] == [
        ("num_users", int, 4),
        ("prior", float, 1.0),
    ]
    assert found.settings[1].help == "Standard deviation of the drift."
    assert found.summary.startswith("Walks x_{t+1} ~")
    network, logs = found.network({"num_users": 2, "prior": 3.0})
    assert [v.name for v in network.variables] == ["drift", "walk"] and logs is None


def test_a_function_may_return_logs_too_and_have_arguments_without_default():
    found = StoryReference.of(f"{FILE}:logged")
    assert found.settings[0].default is dataclasses.MISSING
    network, logs = found.network({"drift": 1.0, "num_steps": 3})
    assert len(network.variables) == 2 and logs["walk"]["x"].shape == (3, 1)


def test_the_films_are_such_a_function():
    found = StoryReference.of("recsim_ng.stories.film_ratings:logged")
    names = ["ratings", "num_factors", "star_scale_spread", "known_population"]
    assert [s.name for s in found.settings] == names and all(s.help for s in found.settings)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ecosytem", "got 'ecosytem'; did you mean 'ecosystem'"),
        ("", "got none; see `recsim-ng list`"),
        ("nofile.py:walks", "where there is no nofile.py; check the path"),
        ("no.module:walks", "where there is no no.module; check the path"),
        (":walks", "where there is no file"),
        (f"{FILE}:run", "must define a function 'run', got .*walks"),
    ],
)
def test_what_is_no_story_is_one_clear_error(name, message):
    with pytest.raises(ConfigError, match=message):
        StoryReference.of(name)


def test_what_does_not_import_is_said(tmp_path):
    (tmp_path / "wrong.py").write_text("import nothing_at_all\n\ndef tale():\n  pass\n")
    (tmp_path / "broken.py").write_text("def tale(:")
    with pytest.raises(ConfigError, match="must be Python, got invalid syntax"):
        StoryReference.of(f"{tmp_path}/broken.py:tale")
    with pytest.raises(ConfigError, match="got ModuleNotFoundError: No module named 'nothing_at_"):
        StoryReference.of(f"{tmp_path}/wrong.py:tale").network({})


def test_a_file_that_ends_the_process_is_one_clear_error(tmp_path):
    (tmp_path / "ends.py").write_text("import sys\n\ndef tale():\n  pass\n\nsys.exit(7)\n")
    with pytest.raises(ConfigError, match="must return a story's variables, got SystemExit: 7"):
        StoryReference.of(f"{tmp_path}/ends.py:tale").network({})
