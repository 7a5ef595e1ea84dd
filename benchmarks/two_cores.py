"""Seeds on two cores: how much sooner an experiment ends with two workers than with one.

Run as `python -m benchmarks.two_cores USERS STEPS SEEDS ROUNDS`, which prints one JSON line: every
operation is to keep to one core, as in the command, and that is settled once for a process.
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
    """How many times sooner 40 seeds end with two workers, once the story is compiled.

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
    seconds = json.loads(done.stdout.splitlines()[-1])
    ratios = np.divide(seconds["1"], seconds["2"])
    ratio = Ratio(float(np.median(ratios)), *bootstrap_median(ratios), tuple(ratios))
    what = (
        f"{num_seeds - 1} seeds of {num_users:,} users x {num_steps} steps: time with one worker, "
        "over that with two"
    )
    return [Row.at_least(what, ratio, None if quick else 1.5)]


def seconds_after_compilation(
    num_users: int, num_steps: int, num_seeds: int, workers: int
) -> float:
    """Seconds of an experiment's runs after the first, which compiles.

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
            finished.append(time.perf_counter())

    experiment.run(note)
    return finished[-1] - finished[0]


def main(arguments: list[str]) -> None:
    """Runs the experiment with one worker and with two, in turn, and prints the seconds.

    Args:
      arguments: users, steps, seeds, rounds.
    """
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    num_users, num_steps, num_seeds, rounds = (int(a) for a in arguments)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for index in range(rounds):
        for workers in (1, 2) if index % 2 == 0 else (2, 1):
            seconds[workers].append(
                seconds_after_compilation(num_users, num_steps, num_seeds, workers)
            )
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(sys.argv[1:])
