"""What the ecosystem story costs: against JAX, against TensorFlow by hand, to record, in memory.

Every ratio is the median over rounds in which the programs ran in turn (`benchmarks.timing`).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

from benchmarks import peak_memory, timing
from benchmarks.row import Row

_STEPS = 100
_AGAINST_JAX = {10: 1.0, 100: 1.5, 2_000: 4.0, 20_000: 4.0}


def against_jax(*, quick: bool = False) -> list[Row]:
    """How many times faster `execute` is than JAX programs of the same model.

    Args:
      quick: small sizes; nothing is judged.

    Raises:
      ImportError: JAX is not installed.
    """
    from benchmarks.peers import ecosystem_jax

    inverse_cdf = functools.partial(ecosystem_jax.run, categorical="inverse_cdf")
    peers: dict[str, Callable[..., Any]] = {
        "tuned JAX": ecosystem_jax.run,
        "plain JAX": ecosystem_jax.run_plain,
        "tuned JAX without Gumbels": inverse_cdf,
    }
    rows = []
    sizes = {10: None, 100: None} if quick else _AGAINST_JAX
    for num_users, asked in sizes.items():
        steps = 5 if quick else _STEPS
        programs = {"execute": _execute(num_users, steps)}
        for name, peer in peers.items():
            programs[name] = _peer(peer, num_users, steps)
        rounds = 2 if quick else 30 if num_users <= 2000 else 8
        timed = timing.time_paired(programs, rounds=rounds)
        users = f"{num_users:,} users"
        for name, peer in peers.items():
            # Not what the model says, so nothing was asked of it.
            bound = None if peer is inverse_cdf else asked
            ratio = timed.ratio(name, "execute")
            rows.append(Row.at_least(f"{users}: {name}, time over `execute`'s", ratio, bound))
        for name in programs:
            speed = num_users * steps / timed.median_seconds(name)
            rows.append(Row(f"{users}: {name}, speed", "", speed, "user-steps/s"))
            seconds = timed.compile_seconds(name)
            rows.append(Row(f"{users}: {name}, compilation", "", seconds, "s"))
    return rows


def abstraction(*, quick: bool = False) -> list[Row]:
    """How much longer `execute` takes than the same program written by hand in TensorFlow.

    Args:
      quick: small sizes; nothing is judged.
    """
    from benchmarks.ecosystem_story import provider_means
    from benchmarks.peers import ecosystem_tensorflow

    rows = []
    for num_users in (10, 100) if quick else (10, 100, 2_000, 20_000):
        steps = 5 if quick else _STEPS
        program = ecosystem_tensorflow.program(provider_means(), num_users, steps)
        timed = timing.time_paired(
            {"execute": _execute(num_users, steps), "by hand": _by_hand(program)},
            rounds=2 if quick else 40 if num_users <= 2000 else 10,
        )
        what = f"{num_users:,} users: `execute`, time over TensorFlow's by hand"
        ratio = timed.ratio("execute", "by hand")
        rows.append(Row.at_most(what, ratio, None if quick else 1.05))
    return rows


def recording(*, quick: bool = False) -> list[Row]:
    """How much longer a trajectory takes than `execute`.

    Args:
      quick: small sizes; nothing is judged.
    """
    num_users, steps = (100, 5) if quick else (2_000, _STEPS)
    programs = {
        "execute": _execute(num_users, steps),
        "all fields": _trajectory(num_users, steps, None),
        "metrics": _trajectory(num_users, steps, ["metrics state"]),
    }
    timed = timing.time_paired(programs, rounds=2 if quick else 30)
    rows = []
    for what, asked in (("all fields", 1.5), ("metrics", 1.1)):
        ratio = timed.ratio(what, "execute")
        text = f"{num_users:,} users: trajectory of {what}, time over `execute`'s"
        rows.append(Row.at_most(text, ratio, None if quick else asked))
    return rows


def memory(*, quick: bool = False) -> list[Row]:
    """Peak resident memory of a big run that records only its metrics.

    Args:
      quick: a small run; nothing is judged.

    Raises:
      RuntimeError: the run failed.
    """
    num_users, steps = (100, 5) if quick else (100_000, _STEPS)
    peak = peak_memory.of_run(num_users, steps)
    size = f"{num_users:,} users x {steps} steps, recording only metrics"
    return [
        Row(
            f"{size}: peak resident memory",
            "" if quick else "under 3 GB",
            peak["gigabytes"],
            "GB",
            ok=None if quick else peak["gigabytes"] < 3.0,
        ),
        Row("of it, before the run: imports and the story", "", peak["gigabytes_before"], "GB"),
    ]


def _execute(num_users: int, num_steps: int) -> Callable[[], Any]:
    from benchmarks.ecosystem_story import runtime

    simulator, seeds = runtime(num_users), itertools.count()

    def run() -> Any:
        result = simulator.execute(num_steps, seed=next(seeds))
        return result["metrics state"].get("cumulative_reward").numpy()

    return run


def _trajectory(num_users: int, num_steps: int, record: list[str] | None) -> Callable[[], Any]:
    from benchmarks.ecosystem_story import runtime

    simulator, seeds = runtime(num_users), itertools.count()

    def run() -> Any:
        # x_0 and as many transitions as `execute` makes.
        result = simulator.trajectory(num_steps + 1, seed=next(seeds), record=record)
        return result["metrics state"].get("cumulative_reward").numpy()

    return run


def _peer(peer: Callable[..., Any], num_users: int, num_steps: int) -> Callable[[], Any]:
    from jax import block_until_ready

    from benchmarks.ecosystem_story import provider_means

    means, seeds = provider_means(), itertools.count()
    return lambda: block_until_ready(peer(next(seeds), num_users, num_steps, means=means))


def _by_hand(program: Callable[[int], Any]) -> Callable[[], Any]:
    seeds = itertools.count()
    return lambda: program(next(seeds))["cumulative_reward"].numpy()


MEASUREMENTS: dict[str, Callable[..., list[Row]]] = {
    "against-jax": against_jax,
    "abstraction": abstraction,
    "recording": recording,
    "memory": memory,
}
