"""Progress bars."""

import io

from rich.console import Console

from recsim_ng.inference.progress import ProgressBar, shown


def clock(times):
    return iter(times).__next__


def test_lines_say_the_rate_and_the_time_left_since_all_is_compiled():
    stream = io.StringIO()
    bar = ProgressBar("fit by mcmc", Console(file=stream, width=80), clock([60.0, 62.0, 70.0]))
    with bar:
        for done in (25, 75, 100):
            bar(done, 100)
    assert stream.getvalue().splitlines() == [
        "fit by mcmc: 25/100 steps",
        "fit by mcmc: 75/100 steps (25 steps/s, 1 s left)",
        "fit by mcmc: 100/100 steps (7.5 steps/s)",
    ]


def test_there_are_ten_lines_at_most_and_one_more_for_the_end():
    stream = io.StringIO()
    with ProgressBar(console=Console(file=stream)) as bar:
        for done in range(1000):
            bar(done + 1, 1000)
    assert len(stream.getvalue().splitlines()) == 11


def test_a_terminal_gets_a_bar_that_goes_away():
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100)
    with ProgressBar("fit", console, clock([0.0, 2.0])) as bar:
        bar(25, 100)
        bar(50, 100)
    assert "50/100" in stream.getvalue()
    assert "12.5 steps/s" in stream.getvalue()


def test_where_there_is_no_terminal_nothing_is_shown_unless_asked(capsys):
    with shown(True, "fit") as told:
        told(1, 2)
    assert capsys.readouterr() == ("", "")
    for nobody in (None, False):
        with shown(nobody, "fit") as told:
            assert told is None
    heard = []
    with shown(lambda *x: heard.append(x), "fit") as told:
        told(1, 2)
    assert heard == [(1, 2)]
