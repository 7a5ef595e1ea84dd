"""Pool: threads that run the jobs of an experiment and say how each went."""

from __future__ import annotations

import dataclasses
import queue
import threading
import time
from collections.abc import Callable, Sequence

from recsim_ng.core.errors import RecSimError
from recsim_ng.runtime.results import Series


@dataclasses.dataclass(frozen=True)
class Event:
    """What happened to a job: it begins to compile, has its result, or failed.

    Attributes:
      arm: the job's arm.
      seed: the job's seed.
      compiled: whether it was the first of its arm, which compiles.
      seconds: how long it took.
      series: the result, None where there is none (yet).
      error: what went wrong, or None.
    """

    arm: str
    seed: int
    compiled: bool
    seconds: float = 0.0
    series: Series | None = None
    error: BaseException | None = None


class Pool:
    """Threads that take jobs in order; an arm's first job ends before its others start.

    A job in flight cannot be stopped: after `stop` its result is dropped.

    Args:
      jobs: (arm, seed), in order.
      run_one: (arm, seed) -> result; runs in the threads.

    Attributes:
      jobs: as given.
      events: what happens, in order, for one thread to take.
    """

    def __init__(
        self, jobs: Sequence[tuple[str, int]], run_one: Callable[[str, int], Series]
    ) -> None:
        self.jobs, self._run_one = jobs, run_one
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._waiting: queue.SimpleQueue[tuple[str, int]] = queue.SimpleQueue()
        for job in jobs:
            self._waiting.put(job)
        self._compiling = {arm: threading.Lock() for arm, _ in jobs}
        self._compiled: set[str] = set()
        self._stopped = threading.Event()

    def start(self, workers: int) -> None:
        """Starts the threads, which end with the jobs.

        Args:
          workers: their number.
        """
        for _ in range(min(workers, len(self.jobs))):
            threading.Thread(target=self._work, name="recsim_ng experiment").start()

    def stop(self) -> None:
        """Lets no further job begin."""
        self._stopped.set()

    def _work(self) -> None:
        while not self._stopped.is_set():
            try:
                arm, seed = self._waiting.get_nowait()
            except queue.Empty:
                return
            with self._compiling[arm]:
                first = arm not in self._compiled
                if first and not self._stopped.is_set():
                    self.events.put(Event(arm, seed, True))
                    self._do(arm, seed, True)
                    self._compiled.add(arm)
            if not first and not self._stopped.is_set():
                self._do(arm, seed, False)

    def _do(self, arm: str, seed: int, first: bool) -> None:
        start = time.monotonic()
        try:
            series = self._run_one(arm, seed)
        except BaseException as error:
            self.stop()
            self.events.put(Event(arm, seed, first, error=_located(error, arm, seed)))
            return
        self.events.put(Event(arm, seed, first, time.monotonic() - start, series))


def _located(error: BaseException, arm: str, seed: int) -> BaseException:
    """The error, with the run in which it arose."""
    if isinstance(error, RecSimError):
        located = type(error)(f"arm '{arm}', seed {seed}, {error}")
        located.__cause__ = error
        return located
    error.add_note(f"in arm '{arm}', seed {seed}")
    return error
