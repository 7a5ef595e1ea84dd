"""The command from end to end, in this process, on the toy story."""

import json

import pytest
import xarray as xr

from recsim_ng.cli import main, study
from recsim_ng.runtime.results import Results

FILES = {
    "summary.json",
    "results.nc",
    "runs.jsonl",
    "position.png",
    "spread.png",
    "network.png",
}


def test_a_run_writes_its_files_and_says_where(toy, capsys):
    assert main(["run", "toy"]) == 0
    said = capsys.readouterr().out
    assert "toy: 3 users, 6 steps, 4 seeds" in said
    assert "The published size: recsim-ng run toy --num-steps 12 --seeds 8" in said
    assert "mean position" in said and "In recsim-ng-results/toy-1: summary.json" in said
    path = toy / "recsim-ng-results" / "toy-1"
    assert {p.name for p in path.iterdir()} == FILES
    summary = json.loads((path / "summary.json").read_text())
    assert summary["story"] == "toy" and summary["config"]["num_users"] == 3
    assert summary["seeds"] == [0, 1, 2, 3] and summary["num_steps"] == 6
    assert summary["command"] == "recsim-ng run toy" and summary["runs_finished"] == 4
    assert summary["versions"]["tensorflow"]
    position = summary["metrics_at_last_step"]["position"]["arms"]["toy"]
    estimate = Results.load(path / "results.nc").estimate("position", "toy").at_step(-1)
    assert position["mean"] == estimate.mean and position["low"] == estimate.low
    with xr.open_dataset(path / "results.nc") as plain:
        assert plain["position"].sizes == {"arm": 1, "seed": 4, "time": 6}


def test_a_comparison_shows_paired_differences(toy, capsys):
    assert main("compare toy --vary drift=0,1 --seeds 3 --seed 5 --out pair".split()) == 0
    assert "less 0" in capsys.readouterr().out
    summary = json.loads((toy / "pair" / "summary.json").read_text())
    assert summary["seeds"] == [5, 6, 7]
    assert summary["arms"]["drift=1"]["drift"] == 1.0
    paired = summary["metrics_at_last_step"]["position"]["differences_to_first"]["drift=1"]
    assert paired["mean"] == pytest.approx(5.0, abs=1e-5) and paired["seeds"] == 3


def test_a_folder_with_a_run_is_not_written_again_but_can_be_resumed(toy, capsys):
    line = "run toy --out here --seeds".split()
    assert main([*line, "2"]) == 0
    before = (toy / "here" / "runs.jsonl").read_text()
    assert main([*line, "2"]) == 2
    assert "add --resume" in capsys.readouterr().err
    assert main([*line, "3", "--resume"]) == 0
    after = (toy / "here" / "runs.jsonl").read_text()
    assert after.startswith(before) and len(after.splitlines()) == 4
    assert main([*line, "3", "--resume", "--drift", "1"]) == 2
    assert "got configs.toy.drift 1.0 where" in capsys.readouterr().err
    assert (toy / "here" / "runs.jsonl").read_text() == after


def test_to_resume_where_there_is_nothing_is_a_new_run_and_said(toy, capsys):
    assert main("run toy --out new --seeds 1 --resume".split()) == 0
    assert "Nothing to resume in new: this is a new run" in capsys.readouterr().err


def test_a_full_disk_is_said_with_what_is_kept(toy, capsys, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("recsim_ng.cli.report.write", full)
    assert main("run toy --seeds 2 --out here".split()) == 2
    said = capsys.readouterr().err
    assert "recsim-ng: here: what was found must be written there, got: [Errno 28]" in said
    assert "go on with --out here --resume: runs.jsonl keeps the finished runs" in said


def test_ctrl_c_reports_what_had_finished_and_how_to_go_on(toy, capsys, monkeypatch):
    class Interrupt(study.ProgressDisplay):
        def __call__(self, progress):
            super().__call__(progress)
            if progress.done >= 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(study, "ProgressDisplay", Interrupt)
    assert main("run toy --seeds 30 --out here --workers 1".split()) == 130
    said = capsys.readouterr()
    assert "mean position" in said.out
    last = said.err.splitlines()[-1]
    assert "of 30 runs. Go on with: recsim-ng run toy --seeds 30 --out here --resume" in last
    summary = json.loads((toy / "here" / "summary.json").read_text())
    assert 2 <= summary["runs_finished"] <= 30


def test_nan_is_named_where_it_arises_and_nothing_finished_is_lost(toy, capsys):
    line = "compare toy --vary breaks_at=0,3 --workers 1 --check-finite --out here".split()
    assert main(line) == 1
    said = capsys.readouterr()
    assert said.err.splitlines()[-1] == (
        "recsim-ng: arm 'breaks_at=3', seed 0, variable 'walk', field 'x', step 3: must be finite, "
        "got NaN or infinity; look at its behaviour and at the values that it reads at this step"
    )
    assert "Stopped after 1 of 8 runs" in said.err and "breaks_at" in said.out
    assert len((toy / "here" / "runs.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        ("run tyo", 2, "recsim-ng: the story after `run` must be one of"),
        (
            "run toy --num-users 0",
            2,
            "recsim-ng: toy: num_users must be a whole number of at least",
        ),
        ("compare toy --vary drift=1,99", 2, "recsim-ng: toy: drift must be a number within"),
        ("run toy --num-steps 0", 2, "recsim-ng: --num-steps must be"),
        ("run toy --out /proc/nowhere", 2, "recsim-ng: --out /proc/nowhere: must be a folder"),
        ("run movielens --ratings nowhere", 1, "recsim-ng: nowhere"),
    ],
)
def test_bad_input_is_one_line_and_an_exit_code(toy, capsys, argv, code, message):
    assert main(argv.split()) == code
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and said.startswith(message)
    assert not list(toy.iterdir())


def test_wrong_flags_are_a_box_and_an_exit_code(capsys):
    assert main(["run", "ecosystem", "--num-user", "3"]) == 2
    assert "Perhaps you meant" in capsys.readouterr().err


def test_the_stories_are_listed(capsys):
    assert main(["list"]) == 0
    said = capsys.readouterr().out
    assert "ecosystem" in said and "movielens" in said


def test_the_version_is_told(capsys):
    import recsim_ng

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"{recsim_ng.__version__}\n"


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("movielens-100k", "recsim-ng run movielens --ratings here"),
        ("open-bandit", 'recsim_ng.datasets.read_open_bandit("here/random/all/all.csv")'),
        ("cdnow", 'recsim_ng.datasets.read_cdnow("here/CDNOW_master.txt")'),
    ],
)
def test_data_are_fetched_and_their_terms_told(name, use, capsys, monkeypatch, tmp_path):
    from recsim_ng.datasets import data_source, download

    monkeypatch.setattr(download, "fetch", lambda n, d: [tmp_path / f"{n} in {d}"])
    assert main(["data", name, "here"]) == 0
    said = capsys.readouterr().out
    assert f"{name} in here" in said and data_source.SOURCES[name].terms in said
    assert use in said
