"""Peak resident memory of one big run, in a process of its own.

Run as `python -m benchmarks.peak_memory USERS STEPS`; prints one JSON line. The kernel's high-water
mark of the process itself (VmHWM) is read where there is one, since `ru_maxrss` also remembers the
process that started this one.
"""

from __future__ import annotations

import json
import re
import resource
import sys

from benchmarks import own_process


def peak_bytes() -> int:
    """The most memory that this process has held resident so far."""
    try:
        with open("/proc/self/status", encoding="utf-8") as status:
            found = re.search(r"^VmHWM:\s+(\d+) kB$", status.read(), re.MULTILINE)
        if found:
            return 1024 * int(found.group(1))
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def of_run(num_users: int, num_steps: int) -> dict[str, float]:
    """Runs the ecosystem story in a fresh process, recording only its metrics.

    Args:
      num_users: U.
      num_steps: T.

    Returns:
      gigabytes (peak, 10^9 bytes), gigabytes_before (when the story is made, before it runs).

    Raises:
      RuntimeError: the process failed; the message ends with what it said.
    """
    found: dict[str, float] = own_process.measured("peak_memory", num_users, num_steps)
    return found


def main(arguments: list[str]) -> None:
    """Runs the story and prints the peak.

    Args:
      arguments: number of users, number of steps.
    """
    from benchmarks.ecosystem_story import runtime

    num_users, num_steps = (int(a) for a in arguments)
    simulator = runtime(num_users)
    before = peak_bytes()
    trajectory = simulator.trajectory(num_steps, seed=0, record=["metrics state"])
    trajectory["metrics state"].get("cumulative_reward").numpy()
    print(json.dumps({"gigabytes": peak_bytes() / 1e9, "gigabytes_before": before / 1e9}))


if __name__ == "__main__":
    main(sys.argv[1:])
