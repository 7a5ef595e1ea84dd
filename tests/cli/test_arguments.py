"""What the command is asked for, told from its arguments without TensorFlow."""

import subprocess
import sys

import pytest

from recsim_ng.cli import arguments
from recsim_ng.core import errors
from tests.source import ROOT

pytestmark = pytest.mark.usefixtures("toy")


def test_settings_and_options_may_come_in_any_order():
    study = arguments.parse(
        "run toy --seeds 3 --num-users 7 --kind rest --num_steps=9 --no-jit --loud".split()
    )
    assert study.story == "toy" and study.vary is None
    assert study.config == {
        "num_users": 7,
        "drift": 0.5,
        "kind": "rest",
        "breaks_at": 0,
        "loud": True,
    }
    options = study.options
    assert (options.num_steps, options.seeds, options.jit) == (9, 3, False)


def test_defaults_are_the_storys():
    study = arguments.parse(["compare", "toy", "--vary", "drift=1,2"])
    assert (study.options.num_steps, study.options.seeds) == (6, 4)
    assert study.vary == "drift=1,2" and study.config["num_users"] == 3


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            "rum toy",
            "command must be one of list, run, compare, data, got 'rum'; did you mean 'run'",
        ),
        ("run tyo", "story after `run` must be one of .*toy, got 'tyo'; did you mean 'toy'"),
        ("run qqq", "got 'qqq'; see `recsim-ng --help`"),
        ("run", "story after `run` must be one of .*, got none"),
        ("run --seeds 3 toy", "story after `run` must be one of .*, got '--seeds'"),
        ("run toy --num-steps 0", "--num-steps must be a whole number of at least 1, got 0"),
        ("run toy --seeds -1", "--seeds must be a whole number within 1..1000000, got -1"),
        ("run toy --seed -1", "--seed must be a whole number within"),
        ("run toy --workers -1", "--workers must be a whole number of at least 0, got -1"),
        ("run toy --resume", "--resume must come with --out"),
    ],
)
def test_what_is_asked_wrongly_is_one_clear_error(argv, message):
    with pytest.raises(errors.ConfigError, match=message):
        arguments.parse(argv.split())


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("run toy --num-user 3", ["--num-user", "Perhaps you meant", "--num-users"]),
        ("run toy --num-users x", ["--num-users", "'x'"]),
        ("run toy --kind fly", ["fly", "walk", "rest"]),
        ("run movielens", ["--ratings", "recsim-ng data movielens-100k"]),
        ("compare toy", ["--vary SETTING=a,b,c"]),
        ("data films", ["movielens-100k", "open-bandit", "cdnow", "--help"]),
        ("list all", ["all"]),
    ],
)
def test_a_wrong_flag_is_named_in_a_box(argv, words, capsys):
    with pytest.raises(SystemExit) as exit_:
        arguments.parse(argv.split())
    assert exit_.value.code == 2
    said = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert all(word in said for word in words), said


def test_help_shows_every_setting_with_its_description_and_default(capsys):
    with pytest.raises(SystemExit) as exit_:
        arguments.parse(["run", "toy", "--help"])
    assert exit_.value.code == 0
    said = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for words in (
        "--num-users INT U, how many walk. (default: 3)",
        "--kind {walk,rest} What they do. (default: walk)",
        "--breaks-at INT The step at which positions become NaN; 0: never. (default: 0)",
        "--num-steps INT T, steps of each run. (default: 6)",
        # A setting says what it is, with either flag; an option what giving it does.
        "--loud, --no-loud Nothing. (default: False)",
        "--resume Go on with",
        "--no-jit Run as a TensorFlow graph",
    ):
        assert words in said


def test_a_study_of_the_published_size_needs_no_hint():
    study = arguments.parse("run toy --num-steps 12 --seeds 9".split())
    assert arguments.published_line(study) is None


@pytest.mark.parametrize("flags", ["", "--num-steps 12 --num-users 2 --seeds 8"])
def test_a_smaller_one_is_told_the_line_that_runs_it(flags):
    study = arguments.parse(f"compare toy --vary kind=walk,rest --drift 1 {flags}".split())
    assert arguments.published_line(study) == (
        "recsim-ng compare toy --vary kind=walk,rest --drift 1.0 --num-steps 12 --seeds 8"
    )


@pytest.mark.parametrize(
    "line",
    [
        "recsim-ng run toy",
        "recsim-ng run toy --num-users 5 --loud --num-steps 3 --seed 4 --out 'a b' --no-jit",
        "recsim-ng compare toy --vary drift=1,2 --check-finite",
    ],
)
def test_a_study_knows_its_command_line(line):
    import shlex

    assert arguments.command_line(arguments.parse(shlex.split(line)[1:])) == line


def test_what_needs_no_story_answers_without_tensorflow():
    code = """
import sys
from recsim_ng.cli import main
for argv in (["list"], ["run", "ecosystem", "--help"], ["run", "ecosytem"], ["--help"],
             ["run", "ecosystem", "--num-user", "3"], ["run", "ecosystem", "--num-steps", "0"],
             ["compare", "ecosystem", "--vary", "num_users=1"], ["run", "movielens"]):
    main(argv)
heavy = {"tensorflow", "tensorflow_probability", "edward2", "xarray", "matplotlib", "scipy"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_every_data_set_that_can_be_fetched_may_be_asked_for():
    from recsim_ng.datasets.data_source import SOURCES

    for name in SOURCES:
        asked = arguments.parse(["data", name, "here"])
        assert (asked.dataset, asked.directory) == (name, "here")
