"""The progress of a long run: a bar on a terminal, now and then a line elsewhere if asked."""

from __future__ import annotations

import contextlib
import inspect
import time
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from recsim_ng.core.errors import ConfigError

_LINES = 10  # at most so many where there is no terminal

Told = Callable[[int, int], None]
Progress = bool | Told | None


class ProgressBar:
    """Shows how far a run is, at what rate, and how long it will still take.

    A context manager, called with (steps done, steps in all).

    Args:
      label: what is running.
      console: where to; one that is no terminal gets a few lines. None: the standard error stream
        if that is a terminal, else nothing is shown.
      clock: seconds.
    """

    def __init__(
        self,
        label: str = "fit",
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._label, self._clock = label, clock
        self._console = Console(stderr=True) if console is None else console
        self._is_quiet = console is None and not self._console.is_terminal
        self._bar: Bar | None = None
        self._task: Any = None
        self._since: tuple[float, int] | None = None
        self._printed = -1

    def __enter__(self) -> ProgressBar:
        self._since, self._printed = None, -1
        if self._console.is_terminal:
            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task(f"{self._label}: compiling", total=None, rate="")
            self._bar.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __call__(self, done: int, total: int) -> None:
        """Shows that some of the run is done.

        Args:
          done: steps.
          total: steps in all.
        """
        now = self._clock()
        rate = self._rate(now, done)
        if self._since is None:  # the first steps are compiled first, and tell nothing of the rate
            self._since = now, done
        if self._is_quiet:
            return
        text = f"{rate:.3g} steps/s" if rate else ""
        if self._bar is not None:
            self._bar.update(
                self._task, description=self._label, completed=done, total=total, rate=text
            )
        elif done * _LINES // total > self._printed:
            self._printed = done * _LINES // total
            left = f", {(total - done) / rate:.0f} s left" if rate and done < total else ""
            told = f" ({text}{left})" if text else ""
            self._console.print(
                f"{self._label}: {done}/{total} steps{told}", highlight=False, markup=False
            )

    def _rate(self, now: float, done: int) -> float:
        """Steps a second since everything is compiled; 0 as long as that is not known."""
        if self._since is None or done <= self._since[1]:
            return 0.0
        return (done - self._since[1]) / max(now - self._since[0], 1e-9)


@contextlib.contextmanager
def shown(progress: Progress, label: str) -> Iterator[Told | None]:
    """Within this context a run's steps are shown.

    Args:
      progress: True: a bar on a terminal; a `ProgressBar`; or any function of (steps done, steps in
        all); None or False: nothing.
      label: what is running.

    Returns:
      A context, of what is to be told of the steps.

    Raises:
      ConfigError: (also a ValueError) progress is something else.
    """
    if progress is True:
        progress = ProgressBar(label)
    if progress and not _takes_two(progress):
        raise ConfigError(
            "progress must be True or False, a ProgressBar, or a function of (steps done, steps in "
            f"all), got {progress!r}"
        )
    if isinstance(progress, ProgressBar):
        with progress as bar:
            yield bar
    else:
        yield progress or None


def _takes_two(progress: Any) -> bool:
    if not callable(progress):
        return False
    try:
        inspect.signature(progress).bind(0, 1)
    except TypeError:
        return False
    except ValueError:  # a function that does not tell its arguments
        pass
    return True
