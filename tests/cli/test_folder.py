"""Where results go: never into what is there, never half."""

import json
import os

import pytest

from recsim_ng.cli import folder
from recsim_ng.core import errors


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_folders_without_a_name_are_new_ones():
    assert [str(folder.make("", "toy")) for _ in range(3)] == [
        f"recsim-ng-results/toy-{i}" for i in (1, 2, 3)
    ]
    assert str(folder.make("", "other")) == "recsim-ng-results/other-1"


def test_an_empty_folder_or_none_will_do(here):
    (here / "empty").mkdir()
    for out in ("empty", "new/deep", ""):
        folder.check(out, False)
        assert folder.make(out, "toy").is_dir()


def test_checking_changes_nothing(here):
    folder.check("new/deep", True)
    assert not list(here.iterdir())


@pytest.mark.parametrize(
    ("out", "resume", "message"),
    [
        (
            "file",
            False,
            r"--out file: must be a folder that can be written, got: .*/file is a file",
        ),
        ("file/deep", False, r"must be a folder that can be written, got: .*/file is a file"),
        ("full", False, "must be an empty folder .* got one that holds a, b, c and 1 more; name"),
        ("full", True, r"must hold an earlier run to be resumed \(runs.jsonl\), got a, b, c"),
        ("old", False, "got one that holds an earlier run; add --resume to go on with it"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_runs(here, out, resume, message):
    (here / "file").touch()
    for name in ("full", "old"):
        (here / name).mkdir()
    for name in "abcd":
        (here / "full" / name).touch()
    (here / "old" / folder.RUNS).touch()
    with pytest.raises(errors.OutputError, match=message):
        folder.check(out, resume)


def test_an_earlier_run_may_be_resumed(here):
    (here / folder.RUNS).write_text("kept")
    folder.check(str(here), True)
    assert folder.make(str(here), "toy") == here
    assert (here / folder.RUNS).read_text() == "kept"


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_permission_is_refused(here):
    (here / "locked").mkdir(mode=0o500)
    with pytest.raises(errors.OutputError, match="no permission to write"):
        folder.check("locked/new", False)


def test_a_folder_that_cannot_be_made_is_an_output_error():
    with pytest.raises(errors.OutputError, match="/proc/nowhere: must be a folder that can be"):
        folder.make("/proc/nowhere", "toy")


def test_json_is_strict_and_what_is_not_finite_is_null(here):
    path = here / "x.json"
    folder.write_json(path, {"a": [1.5, float("nan")], "b": {"c": float("inf")}, 3: "é"})
    assert json.loads(path.read_text()) == {"a": [1.5, None], "b": {"c": None}, "3": "é"}
    assert [p.name for p in here.iterdir()] == ["x.json"]


def test_a_name_that_is_no_text_is_refused_before_anything_is_computed():
    with pytest.raises(errors.OutputError, match="got: a name that is no text; name another"):
        folder.check("\udcff\udcfe", resume=False)


def test_a_home_that_is_not_there_is_a_name_like_others(here):
    folder.check("~nosuchuser/x", resume=False)
    folder.make("~nosuchuser/x", "toy")
    assert (here / "~nosuchuser" / "x").is_dir()


def test_a_name_with_a_null_character_is_refused():
    with pytest.raises(errors.OutputError, match="got: a name that is no text; name another"):
        folder.check("a\0b", resume=False)
