"""The progress of an experiment, as lines and as a bar."""

import io

import pytest
from rich.console import Console

from recsim_ng.cli.progress import ProgressDisplay, duration, quantity
from recsim_ng.runtime.experiment import Progress


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def show(console, num_runs, seconds_per_run=2.0):
    """An arm compiles for ten seconds, then runs finish one by one."""
    clock = Clock()
    with ProgressDisplay(console, 1000, "user-steps", clock) as display:
        display(Progress("compiling", "toy", 0, True, 0, num_runs))
        clock.now = 10.0
        for done in range(1, num_runs + 1):
            display(Progress("finished", "toy", done, done == 1, done, num_runs, 1.0))
            clock.now += seconds_per_run
    return console.file.getvalue()


def test_elsewhere_than_on_a_terminal_there_are_a_few_plain_lines():
    lines = show(Console(file=io.StringIO(), width=100), 40).splitlines()
    assert lines[0] == "compiling toy"
    assert lines[1:3] == ["1/40 runs", "4/40 runs (500 user-steps/s, 1 min 12 s left)"]
    assert lines[-1] == "40/40 runs (500 user-steps/s)"
    assert len(lines) <= 13


def test_a_terminal_shows_a_bar_with_the_rate():
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    shown = show(console, 4)
    assert "running" in shown and "4/4 runs (500 user-steps/s)" in shown


def test_several_arms_that_compile_at_once_are_all_named():
    console = Console(file=io.StringIO(), width=100)
    with ProgressDisplay(console, 1, "steps") as display:
        for arm in "ab":
            display(Progress("compiling", arm, 0, True, 0, 4))
        display(Progress("finished", "a", 0, True, 1, 4, 1.0))
        display(Progress("compiling", "c", 0, True, 1, 4))
    said = console.file.getvalue().splitlines()
    assert said == ["compiling a", "compiling a, b", "1/4 runs", "compiling b, c"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (7500, "2 h 5 min")]
)
def test_durations_in_words(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("x", "words"), [(5.25, "5.25"), (532, "532"), (12_345, "12.3 k"), (1.25e6, "1.25 M")]
)
def test_quantities_in_short(x, words):
    assert quantity(x) == words
