"""Effective draws a second: NUTS of latent satisfaction's unknowns, beside NumPyro's.

`python -m benchmarks.posterior DATA SEED` samples once, in this process, and prints the result.
"""

from __future__ import annotations

import json
import pathlib
import sys
import tempfile
import time
from collections.abc import Sequence

import numpy as np

from benchmarks import own_process
from benchmarks.row import Row

_SEEDS = (1, 2, 3)  # of the chains; the worst of 200 effective sizes differs by a fifth among seeds
_DRAWS, _CHAINS = 1000, 4
_MOST_RHAT = 1.01
_STARTS = {"prior": "prior draws", "default": "its default start"}
_PEER = "peers.latent_satisfaction_numpyro"


def posterior(*, quick: bool = False) -> list[Row]:
    """Both programs sample the same logs by three seeds, in turn, in fresh processes, all counted.

    NumPyro starts from the truth, since it converges from nowhere else: see `posterior_starts`.

    Args:
      quick: small sizes; nothing is judged.

    Raises:
      RuntimeError: one of the programs failed.
    """
    users, steps = _size(quick)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "logs.npz"
        _simulate(path, users, steps)
        runs = [
            (
                own_process.measured("posterior", path, seed),
                own_process.measured(_PEER, path, seed, "truth"),
            )
            for seed in _SEEDS
        ]
    ours, theirs = (_together(found) for found in zip(*runs, strict=True))
    speed, best = (found["ess"] / found["seconds"] for found in (ours, theirs))
    what = f"{users} users x {steps} steps, {_CHAINS} chains"
    return [
        Row(
            f"{what}: worst effective draws a second, over NumPyro's from the truth",
            "at least 1",
            speed / best,
            ok=None if quick else speed >= best,
        ),
        Row(f"{what}: worst effective draws a second", "", speed),
        Row(f"{what}: seconds of a fit, all told", "", ours["seconds"], "s"),
        Row(
            f"{what}: worst split R-hat, from the default start",
            f"at most {_MOST_RHAT:g}",
            ours["rhat"],
            ok=None if quick else ours["rhat"] <= _MOST_RHAT,
        ),
        *_rows_of_peer(what, theirs, "the truth"),
    ]


def posterior_starts(*, quick: bool = False) -> list[Row]:
    """NumPyro samples the same logs from where one could start without knowing the truth.

    Takes half an hour: its trees are as deep as they may be.

    Args:
      quick: small sizes.

    Raises:
      RuntimeError: the program failed.
    """
    users, steps = _size(quick)
    what = f"{users} users x {steps} steps, {_CHAINS} chains"
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "logs.npz"
        _simulate(path, users, steps)
        for start, where in _STARTS.items():
            rows += _rows_of_peer(what, own_process.measured(_PEER, path, _SEEDS[0], start), where)
    return rows


def _together(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    """Means of the seconds and effective draws of several runs, and the worst R-hat."""
    means = {name: float(np.mean([run[name] for run in runs])) for name in ("seconds", "ess")}
    return {**means, "rhat": max(run["rhat"] for run in runs)}


def _size(quick: bool) -> tuple[int, int]:
    return (4, 6) if quick else (50, 30)


def _rows_of_peer(what: str, found: dict[str, float], where: str) -> list[Row]:
    speed = found["ess"] / found["seconds"]
    return [
        Row(f"{what}: NumPyro's effective draws a second, from {where}", "", speed),
        Row(f"{what}: NumPyro's R-hat, from {where}", "", found["rhat"]),
    ]


def _simulate(path: pathlib.Path, users: int, steps: int) -> None:
    from recsim_ng import TFRuntime
    from recsim_ng.stories import latent_satisfaction

    story = latent_satisfaction.create_unknown_sensitivity_network(users)
    run = TFRuntime(story).trajectory(steps, seed=1)
    np.savez(
        path,
        features=run["slate docs"]["features"],
        satisfaction=run["user state"]["satisfaction"],
        choice=run["user response"]["choice"],
        sensitivity=run["sensitivity"]["value"][0],
        intent=run["user state"]["intent"][0],
    )


def main(arguments: list[str]) -> None:
    """Samples and prints seconds, R-hat and the least bulk ESS, compilation and warm-up included.

    Args:
      arguments: a file of features `[T, U, S, K]`, satisfaction `[T, U]`, choice `[T, U]`; a seed.
    """
    import arviz as az
    import tensorflow as tf

    from recsim_ng import Value
    from recsim_ng.inference import McmcSettings, fit
    from recsim_ng.stories import latent_satisfaction

    path, seed = arguments
    held = np.load(path)
    logs = {
        "slate docs": Value(features=tf.constant(held["features"])),
        "user response": Value(choice=tf.constant(held["choice"])),
        "user state": Value(satisfaction=tf.constant(held["satisfaction"])),
    }
    began = time.perf_counter()
    story = latent_satisfaction.create_unknown_sensitivity_network(held["choice"].shape[1])
    settings = McmcSettings(num_draws=_DRAWS, num_chains=_CHAINS)
    found = fit(story, logs, seed=int(seed), settings=settings)
    draws = found.data.posterior
    seconds = time.perf_counter() - began
    rhat = max(float(x.max()) for x in az.rhat(draws).values())
    ess = min(float(x.min()) for x in az.ess(draws).values())
    print(json.dumps({"seconds": seconds, "rhat": rhat, "ess": ess}))


if __name__ == "__main__":
    main(sys.argv[1:])
