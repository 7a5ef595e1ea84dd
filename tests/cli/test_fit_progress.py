"""What is shown while a fit runs."""

import io

from rich.console import Console

from recsim_ng.cli.fit_progress import FitProgress


def test_elsewhere_than_on_a_terminal_there_are_few_lines_with_the_time_left():
    said, now = io.StringIO(), iter(range(0, 2000, 2))
    with FitProgress(Console(file=said, width=80), lambda: next(now)) as display:
        for done in range(1, 101):
            display(done, 100)
    lines = said.getvalue().splitlines()
    assert len(lines) == 11 and lines[0] == "1/100 steps"
    assert lines[1] == "10/100 steps, 3 min 0 s left" and lines[-1] == "100/100 steps"


def test_on_a_terminal_there_is_a_bar():
    said = io.StringIO()
    console = Console(file=said, width=100, force_terminal=True)
    with FitProgress(console) as display:
        display(1, 4)
        display(3, 4)
    assert "3/4" in said.getvalue() and "fitting" in said.getvalue()
