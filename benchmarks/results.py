"""Keeps results: one JSON file for each measurement, and the tables of RESULTS.md out of them."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.row import Row

FOLDER = pathlib.Path(__file__).parent / "results"
PAGE = pathlib.Path(__file__).parent / "RESULTS.md"
BEGIN = "<!-- begin: tables, written by `python -m benchmarks` -->"
END = "<!-- end: tables -->"


def write(
    name: str, rows: Sequence[Row], environment: dict[str, Any], folder: pathlib.Path = FOLDER
) -> pathlib.Path:
    """Writes the rows of one measurement as JSON.

    Args:
      name: of the measurement; the file's name.
      rows: what it found.
      environment: what it was measured on, as `timing.environment` says.
      folder: where the file goes; made if it is not there.

    Returns:
      The file's path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    content = {
        "name": name,
        "environment": environment,
        "rows": [dataclasses.asdict(row) for row in rows],
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path


def read(path: pathlib.Path) -> tuple[list[Row], dict[str, Any]]:
    """Reads what `write` wrote.

    Args:
      path: of the JSON file.

    Returns:
      The rows and the environment.

    Raises:
      ValueError: the file is not one of ours.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        rows = [
            Row(**{**row, "ci": None if row["ci"] is None else tuple(row["ci"])})
            for row in content["rows"]
        ]
        return rows, content["environment"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path}: must be a file written by `python -m benchmarks`, got {error!r}; delete it "
            "and measure again."
        ) from error


def number(value: float) -> str:
    """A number to three significant digits, without an exponent where that is readable."""
    if value == 0 or not 1e-4 <= abs(value) < 1e7:
        return f"{value:.3g}"
    text = f"{float(f'{value:.3g}'):,.10f}".rstrip("0").rstrip(".")
    return text


def cells(row: Row) -> tuple[str, str, str, str, str]:
    """A row as texts: what, asked, measured, interval, verdict."""
    measured = f"{number(row.measured)} {row.unit}".strip()
    interval = "" if row.ci is None else f"{number(row.ci[0])} to {number(row.ci[1])}"
    verdict = {True: "yes", False: "**no**", None: ""}[row.ok]
    return row.what, row.asked, measured, interval, verdict


def table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | asked | measured | 95 % interval | met |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*lines, *(f"| {' | '.join(cells(row))} |" for row in rows)])


def section(name: str, rows: Sequence[Row], environment: dict[str, Any]) -> str:
    """One measurement as a Markdown section: its table, then what it was measured on."""
    versions = ", ".join(f"{k} {v}" for k, v in environment["versions"].items())
    load = environment.get("load_average")
    busy = "" if load is None else f"; load at the end {load:.1f}"
    return (
        f"### {name}\n\n{table(rows)}\n\n"
        f"{'/'.join(environment['devices'])}: {environment['processor']}, "
        f"{environment['cpu_count']} processors, {environment['system']}{busy}; "
        f"Python {environment['python']}, {versions}.\n"
    )


def update_page(
    names: Iterable[str], folder: pathlib.Path = FOLDER, page: pathlib.Path = PAGE
) -> None:
    """Writes the tables anew between the page's markers; what stands outside them stays.

    Args:
      names: of the measurements, in order; those without a file are left out.
      folder: where the JSON files are.
      page: the Markdown page; made if it is not there.

    Raises:
      ValueError: the page has no pair of markers, in order.
    """
    text = page.read_text(encoding="utf-8") if page.exists() else f"# Results\n\n{BEGIN}\n{END}\n"
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(
            f"{page}: must have the lines {BEGIN!r} and {END!r}, in this order, got a page without "
            "them; put them where the tables belong."
        )
    sections = [
        section(name, *read(folder / f"{name}.json"))
        for name in names
        if (folder / f"{name}.json").exists()
    ]
    page.write_text(f"{before}{BEGIN}\n\n" + "\n".join(sections) + f"\n{END}{after}", "utf-8")
