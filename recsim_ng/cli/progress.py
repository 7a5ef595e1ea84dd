"""The progress of an experiment: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as Bar

_LINES = 10  # at most so many, and one for each arm that compiles


class ProgressDisplay:
    """Shows what an experiment says.

    Args:
      console: where to.
      steps_per_run: what a run counts for in the rate.
      unit: of the rate, such as "user-steps".
      clock: seconds.
    """

    def __init__(
        self,
        console: Console,
        steps_per_run: float,
        unit: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console, self._steps, self._unit = console, steps_per_run, unit
        self._clock = clock
        self._compiling: list[str] = []
        self._since: tuple[float, int] | None = None
        self._printed = -1
        self._bar: Bar | None = None
        self.task: Any = None

    def __enter__(self) -> ProgressDisplay:
        if self._console.is_terminal:
            self._bar = Bar(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TextColumn("runs {task.fields[rate]}"),
                console=self._console,
                transient=True,
            )
            self.task = self._bar.add_task("starting", total=None, rate="")
            self._bar.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, progress: Any) -> None:
        """Shows that something has happened.

        Args:
          progress: a `recsim_ng.runtime.experiment.Progress`.
        """
        now = self._clock()
        if progress.event == "compiling":
            self._compiling.append(progress.arm)
        elif progress.compiled:
            self._compiling.remove(progress.arm)
        if progress.event == "finished" and not self._compiling and self._since is None:
            self._since = (now, progress.done)
        rate = self._rate(now, progress.done, progress.total)
        text = f"compiling {', '.join(self._compiling)}" if self._compiling else "running"
        if self._bar is not None:
            update = {"completed": progress.done, "total": progress.total}
            self._bar.update(self.task, description=text, rate=rate, **update)
        elif progress.event == "compiling":
            self._print(text)
        elif progress.done * _LINES // progress.total > self._printed:
            self._printed = progress.done * _LINES // progress.total
            self._print(f"{progress.done}/{progress.total} runs {rate}".rstrip())

    def _rate(self, now: float, done: int, total: int) -> str:
        """The rate since everything is compiled, and the time that is left."""
        if self._since is None or done <= self._since[1]:
            return ""
        runs = (done - self._since[1]) / max(now - self._since[0], 1e-9)
        left = "" if done == total else f", {duration((total - done) / runs)} left"
        return f"({quantity(runs * self._steps)} {self._unit}/s{left})"

    def _print(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False)


def duration(seconds: float) -> str:
    """Returns a time in words: "8 s", "3 min 20 s", "2 h 5 min".

    Args:
      seconds: of it.
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def quantity(x: float) -> str:
    """Returns a number in short: "532", "12.3 k", "1.25 M".

    Args:
      x: the number, at least 0.
    """
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if x >= size:
            return f"{x / size:.3g} {unit}"
    return f"{x:.3g}"
