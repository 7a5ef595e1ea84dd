"""`recsim-ng fit` and `recsim-ng report` from end to end, in this process."""

import contextlib
import dataclasses
import io
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, TFRuntime, Value
from recsim_ng.cli import main
from recsim_ng.core.lazy import arviz
from recsim_ng.inference import progress
from recsim_ng.inference.optimum import lowest as optimum_lowest
from tests.cli import drift_story

STORY = drift_story.__file__
LINE = ["fit", f"{STORY}:walks", "--logs", "walk.nc", "--drop", "drift"]
SHORT = ["--num-draws", "400", "--num-warmup", "100"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Logs, good and bad, and a fit of the first 20 steps that was stopped and gone on with.

    What the command said is in the files said-0, said-1, ...
    """
    path = tmp_path_factory.mktemp("fits")
    run = TFRuntime(Network(drift_story.walks())).trajectory(40, seed=1)
    run.save(path / "walk.nc")
    x = run["walk"]["x"].numpy()
    x[3, 1] = np.nan
    nan = {"walk": Value(x=tf.constant(x))}
    dataclasses.replace(run, values_by_name=nan, static=frozenset()).save(path / "nan.nc")
    TFRuntime(Network(drift_story.coins())).trajectory(5, seed=1).save(path / "coins.nc")
    throws = TFRuntime(Network(drift_story.bounded())).trajectory(5, seed=1)
    throws.values_by_name["throw"] = Value(x=tf.constant([0.1, 0.2, 3.0, 0.1, 0.2]))
    throws.save(path / "throws.nc")
    (path / "junk.nc").write_text("junk")
    (path / "broken.py").write_text("def walks(:")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        line = [*LINE, *SHORT, "--steps", "0:20", "--out", "fit"]
        said = [_said(patch, line, 130)]
        held = {p.name for p in (path / "fit").iterdir()}
        said += [
            _said(patch, words, 2)
            for words in (
                ["report", "fit", "--held-out", "walk.nc"],
                line,
                [*line, "--resume", "--seed", "3"],
            )
        ]
        said += [_said(patch, [*line, "--resume"], code) for code in (0, 2)]
    for i, text in enumerate([*said, " ".join(sorted(held))]):
        (path / f"said-{i}").write_text(text)
    return path


BAR = progress.ProgressBar


class Interrupt(progress.ProgressBar):
    """As if the user pressed Ctrl-C after 300 steps."""

    def __call__(self, done, total):
        super().__call__(done, total)
        if done >= 300:
            raise KeyboardInterrupt


def _said(patch, line, code):
    """What the command says on standard error."""
    if code == 130:
        patch.setattr(progress, "ProgressBar", Interrupt)
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        assert main(line) == code
    patch.setattr(progress, "ProgressBar", BAR)
    return said.getvalue()


@pytest.fixture
def here(folder, tmp_path, monkeypatch):
    """A folder of the test's own with the same logs."""
    for file in folder.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


def test_the_posterior_is_that_of_the_formula(folder):
    data = arviz().from_netcdf(folder / "fit/fit.nc")
    steps = np.diff(data.observed_data["walk.x"].values.astype(float), axis=0)
    assert steps.shape == (19, 4) and data.posterior["drift.x"].shape == (4, 400)
    precision = 1.0 + steps.size / drift_story.SCALE**2
    mean, sd = steps.sum() / drift_story.SCALE**2 / precision, precision**-0.5
    summary = json.loads((folder / "fit/summary.json").read_text())
    found = summary["posterior"]["drift.x"]
    # Off by chance: sd / sqrt(ess) and sd / sqrt(2 ess), here within six of them.
    assert found["mean"] == pytest.approx(mean, abs=6 * sd / found["ess"] ** 0.5)
    assert found["sd"] == pytest.approx(sd, rel=6 / (2 * found["ess"]) ** 0.5)
    assert found["high"] - found["low"] == pytest.approx(2 * 1.645 * sd, rel=0.2)
    assert found["rhat"] < 1.05 and found["shape"] == []


def test_the_folder_says_what_made_it(folder):
    names = {"request.json", "summary.json", "summary.txt", "fit.nc", "logs.nc", "trace.png"}
    assert {p.name for p in (folder / "fit").iterdir()} >= names
    assert not (folder / "fit" / "fit.checkpoint").exists()
    summary = json.loads((folder / "fit/summary.json").read_text())
    assert list(summary)[:2] == ["is_trusted", "problems"]
    assert summary["story"] == f"{STORY}:walks" and summary["method"] == "mcmc"
    assert summary["config"] == {"num_users": 4, "prior": 1.0}
    assert summary["settings"]["num_draws"] == 400 and summary["seed"] == 0
    assert summary["drop"] == ["drift"] and summary["logs"]["num_steps"] == 20
    assert len(summary["logs"]["sha256"]) == 64 and summary["versions"]["tensorflow"]
    assert "drift.x" in (folder / "fit/summary.txt").read_text()


def test_what_was_interrupted_goes_on_where_it_stopped(folder):
    said = [(folder / f"said-{i}").read_text() for i in range(7)]
    stopped = said[0].splitlines()[-1]
    assert stopped.startswith("Stopped. Go on with: recsim-ng fit") and "walk.nc" in stopped
    assert stopped.endswith("--out fit --resume")
    assert said[6] == "fit.checkpoint request.json"
    assert "fit must hold a finished fit, got an unfinished one" in said[1]
    assert "add --resume to go on with it" in said[2]
    assert "got seed 3 where it was 0; name another folder" in said[3]
    assert "Goes on from the checkpoint in fit" in said[4] and "325/500 steps" in said[4]
    assert "300/500" not in said[4] and "got one that is finished; name another" in said[5]


def test_a_story_may_bring_its_logs_and_a_fit_that_failed_says_so_first(here, capsys, monkeypatch):
    def restless(*args):
        found = optimum_lowest(*args)
        return found._replace(converged=tf.zeros_like(found.converged))

    monkeypatch.setattr("recsim_ng.inference.optimum.lowest", restless)
    line = ["fit", f"{STORY}:logged", "--drift", "0.5", "--method", "mle", "--out", "own"]
    assert main([*line, "--story-num-steps", "9"]) == 0  # --num-steps is the method's
    said = capsys.readouterr().out
    assert said.startswith("NOT TO BE TRUSTED\n  - the optimiser has not converged\n")
    assert "estimate" in said and "R-hat" not in said  # it is one draw
    assert (here / "own/summary.txt").read_text().startswith("NOT TO BE TRUSTED\n")
    assert not (here / "own/trace.png").exists()
    summary = json.loads((here / "own/summary.json").read_text())
    assert summary["is_trusted"] is False and summary["logs"]["num_steps"] == 9
    assert summary["problems"] == ["the optimiser has not converged"]
    found = summary["posterior"]["drift.x"]
    assert found["mean"] == pytest.approx(0.5, abs=1e-3)  # the mean of the increments


def test_a_report_judges_the_fit_by_later_steps(here, folder, capsys):
    shutil.copytree(folder / "fit", here / "fit")
    line = ["report", "fit", "--held-out", "walk.nc", "--num-runs", "5"]
    assert main([*line, "--steps", "19:40"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("ReportCard of walk.x by mcmc:") and "In fit: report.html" in said
    card = json.loads((here / "fit/report.json").read_text())
    assert card["num_interactions"] == 20 * 4
    # Increments are normal about a drift that is known to 0.06: entropy of N(0, 0.5).
    entropy = 0.5 * np.log(2 * np.pi * np.e * drift_story.SCALE**2)
    assert -card["log_prob"]["mean"] == pytest.approx(entropy, abs=0.35)
    assert "<html" in (here / "fit/report.html").read_text()


def test_the_problems_of_the_fit_come_first_in_its_report(here, folder, capsys):
    shutil.copytree(folder / "fit", here / "fit")
    path = here / "fit/summary.json"
    summary = {**json.loads(path.read_text()), "problems": ["chains [0] did not move"]}
    path.write_text(json.dumps(summary))
    assert main("report fit --held-out walk.nc --steps 19:40 --num-runs 5".split()) == 0
    assert "  - the fit failed: chains [0] did not move" in capsys.readouterr().out.splitlines()[1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("S:walks --logs no.nc", "--logs: must be a file or a folder, got no.nc, which is not"),
        ("S:walks", "--logs must name the logs, got none; add --logs FILE"),
        ("S:walks --logs junk.nc", "'junk.nc' must be written by Trajectory.save, got: "),
        ("S:walks --logs .", "--logs: must hold a trajectory, got . without one; make it by"),
        ("S:walks --logs walk.nc", "the story must draw something that the logs do not hold"),
        (
            "S:walks --logs walk.nc --drop drif",
            "--drop (--latent) must name what the logs hold, ['drift.x'",
        ),
        ("S:walks --logs walk.nc --drop drift walk", "--drop must leave something of the logs"),
        ("S:walks --logs nan.nc", "got NaN at step 3, element (1,), the first of 1"),
        ("S:walks --logs walk.nc --drop drift --num-users 7", "'x': expected shape (7,), got (4,"),
        ("S:walks --logs walk.nc --drop drift --parameters walk.x", "got ['walk.x']; name all"),
        ("S:walks --logs walk.nc --drop drift --steps 0:50", "which have 40, got 0:50"),
        ("S:walks --logs walk.nc --drop drift --method foo", "--method must be one of ['em', "),
        ("S:walks --logs walk.nc --drop drift --num-draws 0", "num_draws must be a whole number"),
        ("S:walks --logs walk.nc --drop drift --resume", "--resume must come with --out, the"),
        ("S:walks --logs walk.nc --drop drift --method em", "em must have parameters"),
        ("S:walks --logs walk.nc --drop drift --out walk.nc", "must be a folder that can be wri"),
        ("S:coins --logs coins.nc --drop kind", "must be continuous, got ['kind.x']"),
        ("S:bounded --logs throws.nc --drop shift", "no probability for variable 'throw', field"),
        ("S:careless --logs walk.nc --drop drift", "got KeyError: 'gone' (line "),
        ("S:number --logs walk.nc", "must return a story's variables, got TypeError: 'int' obj"),
        ("latent_satisfaction --logs walk.nc", "must hold variables of the story, ['slate docs'"),
    ],
)
def test_what_cannot_be_fitted_is_one_line_and_exit_code_2(here, capsys, line, message):
    before = sorted(p.name for p in here.iterdir())
    assert main(["fit", *line.replace("S:", f"{STORY}:").split()]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and said.startswith("recsim-ng: ") and message in said
    left = {p.name for p in here.iterdir()} - set(before) - {"recsim-ng-results"}
    assert not left and not list(here.glob("recsim-ng-results/*"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nowhere --held-out walk.nc", "nowhere must hold a finished fit, got none; make one"),
        ("fit --held-out nowhere", "--held-out: must be a file or a folder, got nowhere"),
        ("fit --held-out coins.nc", "the logs must hold variables of the story, ['drift', 'walk"),
        ("fit --held-out walk.nc --field walk.y", "field must be one that is drawn at every step"),
        ("fit --held-out walk.nc --mask walk.y", "must hold 'walk.y'"),
        ("fit --held-out walk.nc --num-draws 0", "num_draws must be a whole number"),
        ("fit --held-out nan.nc", "NaN"),
    ],
)
def test_what_cannot_be_judged_is_one_line_and_exit_code_2(here, folder, capsys, line, message):
    shutil.copytree(folder / "fit", here / "fit")
    assert main(["report", *line.split()]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and said.startswith("recsim-ng: ") and message in said


@pytest.mark.slow
def test_from_a_simulation_to_its_fit_to_the_report(here, capsys):
    config = ["--unknown-sensitivity", "--num-users", "3", "--num-topics", "2"]
    run = "run latent_satisfaction --num-steps 30 --seeds 1 --trajectories 1 --out logs".split()
    assert main([*run, *config]) == 0
    line = "fit latent_satisfaction --logs logs/results.nc --steps 0:15 --num-draws 200 --out fit"
    hidden = ["--drop", "sensitivity", "user state.intent", "user state.max_slate_utility"]
    capsys.readouterr()
    assert main([*line.split(), *hidden]) == 0
    said = "As the logs were made: num_users 3, num_topics 2, unknown_sensitivity True"
    assert said in capsys.readouterr().err
    found = json.loads((here / "fit/summary.json").read_text())["posterior"]["sensitivity.value"]
    from recsim_ng.core import Trajectory

    truth = np.asarray(Trajectory.load("logs/trajectory-0.nc")["sensitivity"]["value"][0])
    off = np.abs(truth - found["mean"]) / found["sd"]
    assert np.max(off) < 5.5, (truth, found)  # of 3 normal numbers: 1e-7
    report = "report fit --held-out logs --steps 15:30 --num-runs 5 --field".split()
    assert main([*report, "user response.choice"]) == 0
    assert "log-likelihood" in capsys.readouterr().out
    assert main([*line.replace("--out fit", "--out b").split(), "--num-users", "5", *hidden]) == 2
    assert "made with --num-users 3 --num-topics 2 --slate-size 4" in capsys.readouterr().err
