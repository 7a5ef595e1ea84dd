"""Seeds on two cores: how busy an experiment keeps them, and what a second worker brings.

Run as `python -m benchmarks.two_cores USERS STEPS SEEDS ROUNDS`, which prints one JSON line: how
many threads compute is settled once for a process, so this one is to have the default.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np

from benchmarks.row import Row
from benchmarks.timing import Ratio, bootstrap_median


def two_cores(*, quick: bool = False) -> list[Row]:
    """How many cores 40 seeds keep busy, once the story is compiled, with one worker and with two.

    Args:
      quick: small sizes; nothing is judged.

    Raises:
      RuntimeError: the runs failed.
    """
    num_users, num_steps, num_seeds, rounds = (50, 5, 4, 1) if quick else (2_000, 100, 41, 5)
    sizes = [str(n) for n in (num_users, num_steps, num_seeds, rounds)]
    command = [sys.executable, "-m", "benchmarks.two_cores", *sizes]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(
            f"two_cores: the experiment must end well, got exit code {done.returncode}: "
            f"{done.stderr[-2000:]}"
        )
    measured = json.loads(done.stdout.splitlines()[-1])
    what = f"{num_seeds - 1} seeds of {num_users:,} users x {num_steps} steps"
    busy = {n: _median(np.divide(m["processor"], m["wall"])) for n, m in measured.items()}
    sooner = _median(np.divide(measured["1"]["wall"], measured["2"]["wall"]))
    return [
        Row.at_least(f"{what}: cores busy with two workers", busy["2"], None if quick else 1.8),
        Row.at_least(f"{what}: cores busy with one worker", busy["1"], None),
        Row.at_least(f"{what}: time with one worker, over that with two", sooner, None),
    ]


def _median(rounds: np.ndarray) -> Ratio:
    return Ratio(float(np.median(rounds)), *bootstrap_median(rounds), tuple(rounds))


def seconds_after_compilation(
    num_users: int, num_steps: int, num_seeds: int, workers: int
) -> tuple[float, float]:
    """Seconds of an experiment's runs after the first, which compiles: (wall, processor).

    Args:
      num_users: U.
      num_steps: T.
      num_seeds: N, the first of which is not counted.
      workers: runs at a time.
    """
    from benchmarks.ecosystem_story import network
    from recsim_ng.runtime import Experiment
    from recsim_ng.stories import ecosystem

    experiment = Experiment(
        {"ecosystem": network(num_users)},
        ecosystem.STUDY.metrics,
        num_steps,
        num_seeds,
        workers=workers,
    )
    finished = []

    def note(progress: object) -> None:
        if progress.event == "finished":
            finished.append((time.perf_counter(), time.process_time()))

    experiment.run(note)
    (wall, processor), (wall_end, processor_end) = finished[0], finished[-1]
    return wall_end - wall, processor_end - processor


def main(arguments: list[str]) -> None:
    """Runs the experiment with one worker and with two, in turn, and prints the seconds.

    Args:
      arguments: users, steps, seeds, rounds.
    """
    from recsim_ng import use_wide_vectors

    use_wide_vectors()  # as the command does
    num_users, num_steps, num_seeds, rounds = (int(a) for a in arguments)
    seconds: dict[int, dict[str, list[float]]] = {n: {"wall": [], "processor": []} for n in (1, 2)}
    for index in range(rounds):
        for workers in (1, 2) if index % 2 == 0 else (2, 1):
            spent = seconds_after_compilation(num_users, num_steps, num_seeds, workers)
            for kind, x in zip(("wall", "processor"), spent, strict=True):
                seconds[workers][kind].append(x)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(sys.argv[1:])
