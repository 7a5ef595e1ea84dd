"""The progress of a fit: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as Bar

from recsim_ng.cli.progress import duration

_LINES = 10


class FitProgress:
    """Shows what a method of inference says: how many steps are done, of how many.

    Args:
      console: where to.
      clock: seconds.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._begin: tuple[float, int] | None = None
        self._printed = -1
        self._bar: Bar | None = None
        self._task: Any = None

    def __enter__(self) -> FitProgress:
        if self._console.is_terminal:
            self._bar = Bar(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TextColumn("{task.fields[left]}"),
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task("compiling, finding a start", total=None, left="")
            self._bar.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        """Shows that something is done.

        Args:
          done: steps so far.
          total: steps in all.
        """
        now = self._clock()
        if self._begin is None or done < self._begin[1]:  # the first piece compiles
            self._begin = now, done
        seconds, steps = now - self._begin[0], done - self._begin[1]
        left = ""
        if steps and done < total:
            left = f"{duration(seconds / steps * (total - done))} left"
        if self._bar is not None:
            self._bar.update(
                self._task, description="fitting", completed=done, total=total, left=left
            )
        elif done * _LINES // total > self._printed:
            self._printed = done * _LINES // total
            text = f"{done}/{total} steps" + (f", {left}" if left else "")
            self._console.print(text, highlight=False, markup=False)
