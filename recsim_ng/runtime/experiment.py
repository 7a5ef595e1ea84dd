"""Experiment: arms x seeds, paired, on all cores, resumable."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError, FieldError
from recsim_ng.core.network import Network
from recsim_ng.core.study import HeadlineMetric
from recsim_ng.core.trajectory import versions
from recsim_ng.core.variable import Variable
from recsim_ng.runtime import runtime
from recsim_ng.runtime.pool import Event, Pool
from recsim_ng.runtime.results import Results, Series
from recsim_ng.runtime.run_log import RunLog
from recsim_ng.runtime.tf_runtime import TFRuntime


@dataclasses.dataclass(frozen=True)
class Progress:
    """What has just happened in an experiment.

    Attributes:
      event: "compiling" when an arm's first run begins, which compiles; "finished" when a run did.
      arm: its arm.
      seed: its seed.
      compiled: whether it was the first run of its arm, whose seconds include compilation.
      done: runs finished so far, those of an earlier run included.
      total: all runs.
      seconds: how long the run took; 0 for "compiling".
    """

    event: str
    arm: str
    seed: int
    compiled: bool
    done: int
    total: int
    seconds: float = 0.0


class Experiment:
    """Runs every arm on the same seeds and looks at metrics over time.

    One (arm, seed) is one call of the arm's compiled runtime. Arms share the noise of every random
    site that they share, so differences are paired by seed.

    Runs go on side by side in threads, as TensorFlow computes outside Python's lock. XLA computes
    in TensorFlow's intra-op threads, which all runs share: leave their number at the default, that
    of the cores. On 2 cores, in the ecosystem story, one run at a time keeps 1.4 of them busy and
    two at a time 1.9; with one intra-op thread it is 1.0, however many workers there are.

    What has finished stays: after an error or an interruption `results()` has it, and `run()` goes
    on with the rest; with a `log`, also in another process, killed or not.

    Args:
      arms: name -> network, or its variables; the first is what the others are compared to.
      metrics: what is looked at.
      num_steps: T, steps of each run.
      seeds: their number N, for 0 ... N-1, or the seeds themselves.
      workers: runs at a time; as many as there are cores if None.
      jit_compile: as in `TFRuntime`.
      check_finite: whether a NaN or an infinity in any field is an error.
      log: a file that keeps finished runs; none if None.
      resume: whether to go on with a log that exists.
      settings: JSON-like; what else the runs depend on, such as the arms' configs. A log is
        resumed with equal settings only, and they are kept with the results.

    Raises:
      ConfigError: (also a ValueError) a number is out of range, there is no arm or no metric, a
        name or a seed occurs twice, or the log has other settings.
      FieldError: (also a ValueError) a metric reads what an arm does not have.
      OutputError: (also an OSError) the log cannot be written, or exists and is not resumed.
    """

    def __init__(
        self,
        arms: Mapping[str, Network | Sequence[Variable]],
        metrics: Sequence[HeadlineMetric],
        num_steps: int,
        seeds: int | Sequence[int],
        *,
        workers: int | None = None,
        jit_compile: bool | None = None,
        check_finite: bool = False,
        log: str | os.PathLike | None = None,
        resume: bool = False,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        where = "Experiment"
        check.whole(where, "num_steps", num_steps, 1)
        if isinstance(seeds, int):
            check.whole(where, "seeds", seeds, 1, 10**6)
            seeds = range(seeds)
        workers = _cores() if workers is None else workers
        check.whole(where, "workers", workers, 1)
        self._metrics, self._num_steps, self._workers = tuple(metrics), num_steps, workers
        self._seeds = [int(seed) for seed in seeds]
        _require_distinct("arms", list(arms))
        _require_distinct("metrics", [metric.name for metric in self._metrics])
        _require_distinct("seeds", self._seeds)
        self._record = sorted({name for metric in self._metrics for name in metric.record})
        self._arms = {}
        for name, arm in arms.items():
            network = runtime.as_network(arm)
            try:
                runtime.selected_fields(network, self._record)
            except FieldError as error:
                message = f"Experiment: the metrics must fit arm '{name}', got {error}"
                raise FieldError(message) from error
            self._arms[name] = TFRuntime(
                network, jit_compile=jit_compile, check_finite=check_finite
            )
        self._settings = {
            "arms": list(self._arms),
            **(settings or {}),
            "metrics": [metric.name for metric in self._metrics],
            "num_steps": num_steps,
            "versions": versions(),
        }
        self._log = None if log is None else RunLog(log, self._settings, resume)
        self._finished: dict[tuple[str, int], Series] = {}
        if self._log is not None:
            self._finished.update(self._log.finished)

    def run(self, progress: Callable[[Progress], None] | None = None) -> Results:
        """Runs what has not finished yet.

        Args:
          progress: told, in the calling thread, what happens.

        Returns:
          The results of all runs.

        Raises:
          NonFiniteError: (also an ArithmeticError) a field is not finite, if that is checked.
          OutputError: (also an OSError) a finished run cannot be written to the log.
          KeyboardInterrupt: the user stopped it. Runs in flight end on their own and are dropped.
        """
        pool = Pool(self._pending(), self._run_one)
        with _interrupts_as_events(pool):
            try:
                pool.start(min(self._workers, len(pool.jobs)))
                left = len(pool.jobs)
                while left:
                    left -= self._take(pool.events.get(), progress)
            except BaseException:
                pool.stop()
                while not pool.events.empty():  # what had finished, too
                    event = pool.events.get()
                    if event.series is not None:
                        self._take(event, None)
                raise
        return self.results()

    def results(self) -> Results:
        """Returns the results of what has finished."""
        return Results.of(
            self._finished,
            list(self._arms),
            self._seeds,
            self._metrics,
            self._num_steps,
            self._settings,
        )

    def close(self) -> None:
        """Closes the log."""
        if self._log is not None:
            self._log.close()

    def _pending(self) -> list[tuple[str, int]]:
        # Seed by seed, so that an interrupted comparison is paired; and since each of the first
        # runs belongs to another arm, arms compile at the same time.
        pairs = [(arm, seed) for seed in self._seeds for arm in self._arms]
        return [pair for pair in pairs if pair not in self._finished]

    def _run_one(self, arm: str, seed: int) -> Series:
        trajectory = self._arms[arm].trajectory(self._num_steps, seed=seed, record=self._record)
        return {m.name: self._computed(m, trajectory) for m in self._metrics}

    def _computed(self, metric: HeadlineMetric, trajectory: Any) -> np.ndarray:
        series = np.asarray(metric.compute(trajectory), np.float64)
        if series.shape != (self._num_steps,):
            raise FieldError(
                f"metric '{metric.name}': compute must return one number a step, "
                f"[{self._num_steps}], got {list(series.shape)}; take means over the other axes"
            )
        return series

    def _take(self, event: Event, progress: Callable[[Progress], None] | None) -> int:
        """Keeps what a worker says; returns the number of runs that it finished."""
        if event.error is not None:
            raise event.error
        if event.series is not None:
            self._keep((event.arm, event.seed), event.series)
        if progress is not None:
            total = len(self._seeds) * len(self._arms)
            done = total - len(self._pending())
            name = "compiling" if event.series is None else "finished"
            first = event.compiled
            progress(Progress(name, event.arm, event.seed, first, done, total, event.seconds))
        return int(event.series is not None)

    def _keep(self, run: tuple[str, int], series: Any) -> None:
        """Counts a run as finished if it is in the log, also when the user stops it meanwhile."""
        try:
            if self._log is not None:
                self._log.append(*run, series)
        finally:
            if self._log is None or run in self._log.finished:
                self._finished[run] = series


@contextlib.contextmanager
def _interrupts_as_events(pool: Pool) -> Iterator[None]:
    """Ctrl-C waits its turn among the events: raised anywhere, it could part a run from its line.

    One that comes after the last of them is raised at the end. Only where Python would raise it:
    whoever handles the signal otherwise goes on doing so.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    interrupt = Event("", 0, False, error=KeyboardInterrupt())
    came = threading.Event()

    def handle(*_: Any) -> None:
        came.set()
        pool.events.put(interrupt)

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if came.is_set():
        raise KeyboardInterrupt


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _require_distinct(what: str, names: list[Any]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if not names or twice:
        got = f"{twice} more than once" if twice else "none"
        raise ConfigError(
            f"Experiment: {what} must be one or more, each once, got {got}; change that"
        )
