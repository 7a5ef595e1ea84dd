"""The command as a process of its own: quiet, quick to stop, and nothing lost when it is killed."""

import signal
import subprocess
import sys
import time

import pytest

from recsim_ng.cli import main
from tests.source import ROOT

PATIENCE_S = 120


def start(*argv):
    # In a terminal, Ctrl-C is not ignored; where the tests run in the background, it is.
    run = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    run += "import runpy; runpy.run_module('tests.toy_catalogue', run_name='__main__')"
    return subprocess.Popen(
        [sys.executable, "-c", run, *argv],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(condition, process):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.02)


def runs_in(path):
    """Runs that were written to the end of their line."""
    return max(0, path.read_text().count("\n") - 1) if path.exists() else 0


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.slow)]
)
def test_a_stopped_run_keeps_what_had_finished_and_can_be_resumed(toy, capsys, number):
    out = toy / "out"
    # Long enough that some runs are always left: 10,000 seeds take about half a minute.
    line = ["run", "toy", "--seeds", "10000", "--num-steps", "100", "--out", str(out)]
    process = start(*line)
    wait_for(lambda: runs_in(out / "runs.jsonl") >= 5, process)
    process.send_signal(number)
    said, complained = process.communicate(timeout=PATIENCE_S)
    kept = runs_in(out / "runs.jsonl")
    assert 5 <= kept < 10000
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert "mean position" in said and f"Stopped after {kept} of 10000 runs" in complained
        words = ("compiling", "runs", "Stopped")  # nothing of TensorFlow's
        assert all(any(word in text for word in words) for text in complained.splitlines())
    line[line.index("10000")] = str(kept + 1)
    assert main([*line, "--resume"]) == 0
    said, complained = capsys.readouterr()
    assert f"At step 99, {kept + 1} seeds" in said
    assert complained.splitlines() == ["compiling toy", f"{kept + 1}/{kept + 1} runs"]
