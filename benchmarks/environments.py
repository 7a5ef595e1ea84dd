"""Environment steps a second, as a learner calls them, beside NumPy environments; and memory.

`python -m benchmarks.environments leak STEPS NUM_ENVS` prints by how much the process grew, bytes.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import own_process, timing
from benchmarks.row import Row

_ID = "recsim_ng/InterestEvolution-v0"
_SLATE, _DOCS = 3, 10
_ASKED = {1: 6_000, 1_024: 1_000_000, 100_000: 3_000_000}
_MOST_GROWTH = 50e6


def environments(*, quick: bool = False) -> list[Row]:
    """Steps a second of interest evolution, random slates of 3 out of 10 documents.

    Args:
      quick: few steps; nothing is judged.
    """
    return [*_one_user(quick), *_vectors(quick), *_memory(quick)]


def _one_user(quick: bool) -> list[Row]:
    import gymnasium

    import recsim_ng  # noqa: F401 (registers)
    from benchmarks.peers.interest_evolution_numpy import InterestEvolutionEnv

    env: Any = gymnasium.make(_ID, slate_size=_SLATE, num_docs=_DOCS).unwrapped
    design = env.design
    docs = {k.split("/")[1]: x for k, x in design.functions.constant.items() if "docs/" in k}
    peer = InterestEvolutionEnv(docs, _SLATE, design.num_steps)
    fields = (*design.observation, *design.info)
    slow = dataclasses.replace(design)
    slow.__dict__["program"] = type(design.program)(
        design.functions, (design.action,), fields, private_calls=False
    )
    public: Any = type(env)(slow)
    count = 200 if quick else 3000
    slates = [env.action_space.sample() for _ in range(500)]
    env.reset(seed=0)
    now, first = env._now, slates[0].astype(np.int32)
    program = design.program
    (make,) = program.arguments()
    tensor = make(first)

    def bare() -> None:
        for _ in range(count):
            program.step(now, tensor)

    timed = timing.time_paired(
        {
            "ours": _stepping(env, slates, count),
            "by public calls": _stepping(public, slates, count),
            "NumPy": _stepping(peer, slates, count),
            "bare": bare,
        },
        rounds=3 if quick else 15,
    )
    rates = {name: count / timed.median_seconds(name) for name in timed.seconds}
    asked = "" if quick else f"at least {_ASKED[1]:,}, aim 15,000"
    rows = [
        Row(
            "one user: env.step a second",
            asked,
            rates["ours"],
            ok=None if quick else rates["ours"] >= _ASKED[1],
        ),
        Row(
            "one user: env.step a second, by TensorFlow's public call", "", rates["by public calls"]
        ),
        Row("one user: env.step a second of the same model in plain NumPy", "", rates["NumPy"]),
        Row.at_most("one user: time over that of plain NumPy", timed.ratio("ours", "NumPy"), None),
        Row.at_most(
            "one user: time over that of the bare compiled step", timed.ratio("ours", "bare"), None
        ),
    ]
    return rows


def _vectors(quick: bool) -> list[Row]:
    import gymnasium

    rows = []
    for num in (2, 16) if quick else (1_024, 100_000):
        env: Any = gymnasium.make_vec(_ID, num_envs=num, slate_size=_SLATE, num_docs=_DOCS)
        peer: Any = gymnasium.make_vec("CartPole-v1", num_envs=64)
        env.reset(seed=0)
        peer.reset(seed=0)
        slates = env.action_space.sample()
        left_or_right = peer.action_space.sample()
        state, action = env._state, slates.astype(np.int32)
        calls = max(3, (2_000 if quick else 1_000_000) // num)

        def ours(env: Any = env, slates: Any = slates, calls: int = calls) -> None:
            for _ in range(calls):
                env.step(slates)

        def cart_pole(peer: Any = peer, x: Any = left_or_right, calls: int = 1000) -> None:
            for _ in range(20 if quick else calls):
                peer.step(x)

        def bare(env: Any = env, state: Any = state, x: Any = action, calls: int = calls) -> None:
            for _ in range(calls):
                _, shown = env.worlds.step(state, x)
            np.asarray(shown["reward"])

        timed = timing.time_paired(
            {"ours": ours, "bare": bare, "CartPole": cart_pole}, rounds=3 if quick else 9
        )
        rate = num * calls / timed.median_seconds("ours")
        what = f"{num:,} worlds"
        rows += [
            Row(
                f"{what}: environment steps a second",
                "" if quick else f"at least {_ASKED[num]:,}",
                rate,
                ok=None if quick else rate >= _ASKED[num],
            ),
            Row.at_most(
                f"{what}: time over that of the bare compiled step",
                timed.ratio("ours", "bare"),
                None,
            ),
            Row(
                f"beside {what}: steps a second of Gymnasium's NumPy CartPole, 64 at once",
                "",
                64 * (20 if quick else 1000) / timed.median_seconds("CartPole"),
            ),
        ]
    return rows


def _memory(quick: bool) -> list[Row]:
    rows = []
    for num, steps in ((1, 200), (8, 400)) if quick else ((1, 10_000_000), (1_024, 10_000_000)):
        grown = float(own_process.measured("environments", "leak", steps, num))
        rows.append(
            Row(
                f"growth of the process over {steps:,} steps, {num:,} at a time",
                "" if quick else f"at most {_MOST_GROWTH / 1e6:g} MB",
                grown / 1e6,
                "MB",
                ok=None if quick else grown <= _MOST_GROWTH,
            )
        )
    return rows


def _stepping(env: Any, slates: Any, count: int) -> Callable[[], None]:
    env.reset(seed=0)

    def run() -> None:
        env.reset()
        for i in range(count):
            if env.step(slates[i % len(slates)])[3]:
                env.reset()

    return run


def _leak(steps: int, num: int) -> int:
    """Bytes by which the process grew between the first tenth of the steps and the end."""
    import gymnasium

    import recsim_ng  # noqa: F401 (registers)

    options: dict[str, Any] = {"slate_size": _SLATE, "num_docs": _DOCS}
    env: Any = (
        gymnasium.make(_ID, **options).unwrapped
        if num == 1
        else gymnasium.make_vec(_ID, num_envs=num, **options)
    )
    run = _stepping(env, [env.action_space.sample() for _ in range(50)], max(1, steps // num // 10))
    if num > 1:  # autoreset is its own
        slates, calls = env.action_space.sample(), max(1, steps // num // 10)
        env.reset(seed=0)

        def run() -> None:
            for _ in range(calls):
                env.step(slates)

    run()
    before = _resident()
    for _ in range(9):
        run()
    return _resident() - before


def _resident() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)


def main(arguments: list[str]) -> None:
    """Prints by how much a process grows.

    Args:
      arguments: "leak", the number of steps, how many at a time.
    """
    _, steps, num = arguments
    start = time.monotonic()
    grown = _leak(int(steps), int(num))
    print(f"{time.monotonic() - start:.0f} s", file=sys.stderr)
    print(json.dumps(grown))


if __name__ == "__main__":
    main(sys.argv[1:])
