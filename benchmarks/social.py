"""The social story with a million users: time of a step, and peak memory.

Run as `python -m benchmarks.social USERS STEPS`, in a process of its own; prints one JSON line.
"""

from __future__ import annotations

import json
import sys
import time

from benchmarks import own_process
from benchmarks.peak_memory import peak_bytes
from benchmarks.row import Row

_MOST_GIGABYTES = 6.0


def social(*, quick: bool = False) -> list[Row]:
    """Memory and speed of the social story, each user with ten friends, 100 documents.

    Args:
      quick: small sizes; nothing is judged.

    Raises:
      RuntimeError: the run failed.
    """
    num_users, num_steps = (1000, 3) if quick else (1_000_000, 20)
    found = own_process.measured("social", num_users, num_steps)
    what = f"social story, {num_users:,} users with 10 friends each"
    peak = found["gigabytes"]
    return [
        Row(
            f"{what}: peak memory",
            "" if quick else f"under {_MOST_GIGABYTES:g} GB",
            peak,
            "GB",
            ok=None if quick else peak < _MOST_GIGABYTES,
        ),
        Row(f"{what}: time per user and step", "", found["microseconds"], "us"),
        Row(f"{what}: making network and story", "", found["seconds_to_make"], "s"),
        Row(f"{what}: compiling", "", found["seconds_to_compile"], "s"),
    ]


def main(arguments: list[str]) -> None:
    """Runs the story and prints what it took.

    Args:
      arguments: number of users, number of steps.
    """
    from recsim_ng import TFRuntime
    from recsim_ng.stories import social as story

    num_users, num_steps = (int(a) for a in arguments)
    begun = time.perf_counter()
    config = story.Config(num_users=num_users)
    runtime = TFRuntime(story.story(config))
    made = time.perf_counter() - begun
    record = ["metrics state.interest"]

    def seconds(seed: int) -> float:
        start = time.perf_counter()
        trajectory = runtime.trajectory(num_steps, seed=seed, record=record)
        trajectory["metrics state"].get("interest.polarisation").numpy()
        return time.perf_counter() - start

    first = seconds(0)
    steady = min(seconds(seed) for seed in (1, 2))
    print(
        json.dumps(
            {
                "gigabytes": peak_bytes() / 1e9,
                "microseconds": 1e6 * steady / (num_users * num_steps),
                "seconds_to_make": made,
                "seconds_to_compile": max(0.0, first - steady),
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1:])
