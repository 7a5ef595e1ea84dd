"""A paired timer: the programs to be compared run in turn, so that a busy machine slows both.

Two programs timed one after the other differ by whatever else the machine did meanwhile. Here
every round runs each of them once, in an order that turns from round to round, and the result is
the ratio of each round's times: what disturbs a whole round cancels. The first call of each, which
compiles, is kept apart.
"""

from __future__ import annotations

import dataclasses
import gc
import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

_PACKAGES = (
    "tensorflow",
    "tf-keras",
    "tensorflow-probability",
    "edward2",
    "numpy",
    "jax",
    "jaxlib",
)


@dataclasses.dataclass(frozen=True)
class Ratio:
    """The median of paired ratios.

    Attributes:
      median: the median over rounds.
      low: lower end of its confidence interval.
      high: upper end of its confidence interval.
      rounds: `[rounds]` the ratio of each round, in order.
    """

    median: float
    low: float
    high: float
    rounds: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class PairedTiming:
    """What `time_paired` measured.

    Attributes:
      seconds: for each program `[rounds]` seconds of its steady calls, in order.
      first_seconds: for each program the seconds of its first call, compilation included.
    """

    seconds: Mapping[str, tuple[float, ...]]
    first_seconds: Mapping[str, float]

    def median_seconds(self, name: str) -> float:
        """The median seconds of `name`'s steady calls."""
        return float(np.median(self.seconds[name]))

    def compile_seconds(self, name: str) -> float:
        """The seconds that `name`'s first call took beyond a steady one; never negative."""
        return max(0.0, self.first_seconds[name] - self.median_seconds(name))

    def ratio(self, numerator: str, denominator: str, *, confidence: float = 0.95) -> Ratio:
        """How many times longer `numerator` takes than `denominator`, round by round.

        Args:
          numerator: name of one program.
          denominator: name of the other.
          confidence: coverage of the interval.

        Returns:
          The median ratio with a bootstrap interval over rounds.
        """
        ratios = np.divide(self.seconds[numerator], self.seconds[denominator])
        low, high = bootstrap_median(ratios, confidence=confidence)
        return Ratio(float(np.median(ratios)), low, high, tuple(float(r) for r in ratios))


def bootstrap_median(
    values: Iterable[float], *, confidence: float = 0.95, resamples: int = 4000
) -> tuple[float, float]:
    """The percentile-bootstrap confidence interval of a median.

    Args:
      values: `[n]` the sample.
      confidence: coverage of the interval.
      resamples: number of bootstrap samples.

    Returns:
      Lower and upper end; the same numbers for the same values.

    Raises:
      ValueError: the sample is empty or the confidence is outside (0, 1).
    """
    sample = np.asarray(list(values), dtype=float)
    if sample.size == 0:
        raise ValueError("bootstrap_median: there must be at least one value, got none.")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"bootstrap_median: confidence must be in (0, 1), got {confidence}.")
    picks = np.random.default_rng(0).integers(sample.size, size=(resamples, sample.size))
    tail = 50.0 * (1.0 - confidence)
    low, high = np.percentile(np.median(sample[picks], axis=1), [tail, 100.0 - tail])
    return float(low), float(high)


def time_paired(
    programs: Mapping[str, Callable[[], Any]],
    *,
    rounds: int = 10,
    warm_up: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> PairedTiming:
    """Times programs against each other in interleaved rounds.

    Args:
      programs: name to function without arguments. A function returns when its result is there:
        one that starts work elsewhere must wait for it.
      rounds: number of rounds in which every program runs once.
      warm_up: number of calls of each, after the first and before the rounds, that do not count.
      clock: seconds, as a function.

    Returns:
      The times of every call.

    Raises:
      ValueError: there is no program, or `rounds` is below 1.
    """
    if not programs:
        raise ValueError("time_paired: there must be at least one program, got none.")
    if rounds < 1:
        raise ValueError(f"time_paired: rounds must be at least 1, got {rounds}.")

    def seconds_of(program: Callable[[], Any]) -> float:
        start = clock()
        program()
        return clock() - start

    first_seconds = {name: seconds_of(program) for name, program in programs.items()}
    for _ in range(warm_up):
        for program in programs.values():
            program()
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    order = list(programs)
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        for index in range(rounds):
            turn = (index // 2) % len(order)
            names = order[turn:] + order[:turn]
            for name in names if index % 2 == 0 else reversed(names):
                seconds[name].append(seconds_of(programs[name]))
    finally:
        if collecting:
            gc.enable()
    return PairedTiming({name: tuple(s) for name, s in seconds.items()}, first_seconds)


def environment() -> dict[str, Any]:
    """What the numbers were measured on: devices, processors, load and versions."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    devices = ["CPU"]
    if "tensorflow" in sys.modules:
        devices = [d.device_type for d in sys.modules["tensorflow"].config.list_logical_devices()]
    return {
        "devices": devices,
        "processor": _processor(),
        "cpu_count": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": versions,
    }


def _processor() -> str:
    """The processor's model in words, as far as the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
