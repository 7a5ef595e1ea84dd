"""What `recsim-ng fit` and `report` are asked for, told without TensorFlow."""

import subprocess
import sys

import pytest

from recsim_ng.cli import arguments, fit_arguments
from recsim_ng.core.errors import ConfigError
from tests.cli import drift_story
from tests.source import ROOT

FILE = drift_story.__file__


def test_story_method_and_the_rest_may_come_in_any_order():
    line = "fit latent_satisfaction --num-steps 7 --drop a.b --num-users 9 --method map --logs x"
    asked = arguments.parse(line.split())
    assert asked.story.name == "latent_satisfaction" and asked.config["num_users"] == 9
    assert asked.method == "map" and asked.settings == {"num_steps": 7}
    assert asked.options.logs == "x" and asked.options.drop == ("a.b",)


def test_latent_is_another_word_for_drop():
    asked = arguments.parse("fit latent_satisfaction --logs x --latent a b.c".split())
    assert asked.options.drop == ("a", "b.c") and asked.settings["kernel"] == "nuts"


def test_a_flag_that_would_be_two_things_bears_the_storys_name():
    line = f"fit {FILE}:logged --drift 1 --method map --story-num-steps 3 --num-steps 4".split()
    asked = arguments.parse(line)
    assert asked.config["num_steps"] == 3 and asked.settings["num_steps"] == 4


def test_a_request_knows_the_line_that_goes_on_with_it():
    asked = arguments.parse("fit latent_satisfaction --logs x".split())
    line = "recsim-ng fit latent_satisfaction --logs x --out 'a b' --resume"
    assert asked.line("a b") == line
    again = arguments.parse(["fit", "latent_satisfaction", "--out", "c", "--resume"])
    assert again.line("c") == "recsim-ng fit latent_satisfaction --out c --resume"


def test_a_report_is_asked_for():
    asked = arguments.parse("report here --held-out x --steps 2: --replayed a b".split())
    assert (asked.folder, asked.held_out, asked.replayed) == ("here", "x", ("a", "b"))
    assert asked.field is None and asked.run is None


@pytest.mark.parametrize(
    ("steps", "found"), [("", (None, None)), ("3:", (3, None)), (":4", (None, 4)), ("1:2", (1, 2))]
)
def test_steps_are_a_slice(steps, found):
    part = fit_arguments.span(steps, "--steps")
    assert (part.start, part.stop) == found


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("fit", "the story must be one of ecosystem, .* got none"),
        ("fit latent_satisfaction --method nuts", "--method must be one of .*, got 'nuts'"),
        ("fit latent_satisfaction --logs x --steps 3", "--steps must read FROM:TO.*, got '3'"),
        ("fit latent_satisfaction --logs x --steps -1:3", "must read FROM:TO"),
        ("fit latent_satisfaction --logs x --steps 3:3", "must end after it begins, got '3:3'"),
        ("fit latent_satisfaction --logs x --seed -1", "--seed must be a whole number within"),
        ("report x --held-out y --steps x", "--steps must read FROM:TO"),
    ],
)
def test_what_is_asked_wrongly_is_one_clear_error(line, message):
    with pytest.raises(ConfigError, match=message):
        arguments.parse(line.split())


def test_the_help_shows_the_settings_of_the_method(capsys):
    with pytest.raises(SystemExit) as exit_:
        arguments.parse("fit latent_satisfaction --method em --help".split())
    assert exit_.value.code == 0
    said = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for words in (
        "--num-iterations INT K. (default: 60)",
        "its settings, below, are those of --method em",
        "--unknown-sensitivity, --no-unknown-sensitivity",
    ):
        assert words in said
    assert "--kernel" not in said


def test_differences_are_said_field_by_field():
    before, now = {"a": 1, "b": {"c": 2, "d": 3}}, {"a": 1, "b": {"c": 4, "d": 3}, "e": 5}
    found = fit_arguments.differences(before, now)
    assert found == ["b.c 4 where it was 2", "e 5 where it was None"]


def test_help_and_wrong_flags_wait_for_no_tensorflow():
    code = f"""
import sys
from recsim_ng.cli import main
for line in ("fit --help", "fit latent_satisfaction --help", "report --help", "fit what",
             "fit {FILE}:walks --help", "fit latent_satisfaction --method foo", "report x",
             "fit latent_satisfaction --num-user 3"):
    main(line.split())
heavy = {{"tensorflow", "tensorflow_probability", "edward2", "xarray", "matplotlib", "scipy"}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    words = {"cwd": ROOT, "capture_output": True, "text": True, "timeout": 60, "check": False}
    done = subprocess.run([sys.executable, "-c", code], **words)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("steps", ["2²:3", "٣:9", "²"])
def test_steps_are_ascii_digits(steps):
    with pytest.raises(ConfigError, match="--steps must read FROM:TO, such as 0:20"):
        fit_arguments.span(steps, "--steps")


def test_settings_that_are_not_given_are_as_the_logs_were_made():
    words = [f"{drift_story.__file__}:walks", "--logs", "x", "--num-users=7", "--out", "y"]
    request = fit_arguments.parse(words)
    assert request.given == {"num_users"}
    made = request.as_made({"num_users": 9, "prior": 3.0, "of_another_version": 1})
    assert made.config == {"num_users": 7, "prior": 3.0}
    assert fit_arguments.parse([*words, "--prior", "1.0"]).given == {"num_users", "prior"}
    assert request.as_made({}).config == request.config
