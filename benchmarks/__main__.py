"""Measures speed and memory: `python -m benchmarks [names] [--quick] [--json PATH]`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import pathlib
import sys

from rich.console import Console
from rich.table import Table

from benchmarks import (
    chunk_memory,
    compile_time,
    ecosystem,
    environments,
    posterior,
    recommenders,
    results,
    scoring,
    social,
    timing,
    two_cores,
)
from benchmarks.row import Row
from recsim_ng import use_wide_vectors

MEASUREMENTS = {
    **ecosystem.MEASUREMENTS,
    "chunk-memory": chunk_memory.chunk_memory,
    "compile-time": compile_time.compile_time,
    "two-cores": two_cores.two_cores,
    "social": social.social,
    "environments": environments.environments,
    "scoring": scoring.scoring,
    "posterior": posterior.posterior,
    "posterior-starts": posterior.posterior_starts,
    **recommenders.MEASUREMENTS,
}


def main(arguments: list[str] | None = None) -> int:
    """Runs the named measurements, all without a name, and prints and keeps what they find.

    Args:
      arguments: of the command line; the process's own if None.

    Returns:
      The exit status: 0, also where a number is not as asked; 2 where a measurement cannot run.
    """
    options = _parser().parse_args(arguments)
    unknown = [name for name in options.names if name not in MEASUREMENTS]
    if unknown:
        _parser().error(f"unknown: {', '.join(unknown)}; there are: {', '.join(MEASUREMENTS)}")
    console = Console()
    found: dict[str, list[Row]] = {}
    status = 0
    for name in options.names or MEASUREMENTS:
        try:
            found[name] = MEASUREMENTS[name](quick=options.quick)
        except (ImportError, RuntimeError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            status = 2
            continue
        _show(console, name, found[name])
        if not options.quick:
            results.write(name, found[name], timing.environment())
    if found and not options.quick:
        results.update_page(MEASUREMENTS)
    if options.json is not None:
        content = {name: [dataclasses.asdict(r) for r in rows] for name, rows in found.items()}
        content["environment"] = timing.environment()
        options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(MEASUREMENTS)}; all if none")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, to see that it runs; nothing is kept"
    )
    parser.add_argument("--json", type=pathlib.Path, metavar="PATH", help="write the rows here too")
    return parser


def _show(console: Console, name: str, rows: list[Row]) -> None:
    table = Table("what", "asked", "measured", "95 % interval", "met", title=name)
    for row in rows:
        table.add_row(*(cell.replace("**", "") for cell in results.cells(row)))
    console.print(table)


if __name__ == "__main__":
    use_wide_vectors()  # as the command does; JAX reads the same setting
    sys.exit(main())
