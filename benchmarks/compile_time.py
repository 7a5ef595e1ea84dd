"""How long each ready story takes to compile."""

from __future__ import annotations

import dataclasses
import pathlib
import sys
from typing import Any

from benchmarks import timing
from benchmarks.row import Row

_DATA = pathlib.Path(__file__).parents[1] / "data"


def compile_time(*, quick: bool = False) -> list[Row]:
    """Seconds by which a story's first run is longer than a steady one, as the command runs it.

    Args:
      quick: a short run; nothing is judged. Stories that read data are left out.
    """
    from recsim_ng.core import RecSimError
    from recsim_ng.runtime import TFRuntime
    from recsim_ng.stories import catalogue

    rows = []
    for entry in catalogue.STORIES:
        module = entry.load()
        try:
            config = _config(module, quick)
        except RecSimError as error:
            print(f"compile-time: {entry.name} is left out: {error}", file=sys.stderr)
            continue
        if config is None:
            continue
        simulator = TFRuntime(module.story(config))
        record = sorted({name for metric in module.STUDY.metrics for name in metric.record})
        steps = 5 if quick else module.STUDY.num_steps

        def run(simulator: Any = simulator, record: Any = record, steps: int = steps) -> None:
            simulator.trajectory(steps, seed=0, record=record)

        timed = timing.time_paired({"run": run}, rounds=1 if quick else 3)
        seconds = timed.compile_seconds("run")
        asked, ok = ("", None) if quick else ("under 20 s", seconds < 20.0)
        rows.append(Row(f"{entry.name}: first run beyond a steady one", asked, seconds, "s", ok=ok))
        rows.append(Row(f"{entry.name}: a steady run", "", timed.median_seconds("run"), "s"))
    return rows


def _config(module: Any, quick: bool) -> Any:
    """A story's default config; None for one that needs data, where it is to be quick."""
    needed = [
        field.name
        for field in dataclasses.fields(module.Config)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    if not needed:
        return module.Config()
    if quick:
        return None
    if needed == ["ratings"]:
        from recsim_ng.datasets import fetch_movielens_100k

        folder = _DATA / "movielens-100k"
        fetch_movielens_100k(folder)
        return module.Config(ratings=str(folder))
    raise NotImplementedError(f"compile_time: say here how to fill {needed} of {module.__name__}")
