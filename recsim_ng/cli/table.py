"""The tables at the end of a study."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

_UNBOUNDED = 10_000


def print_results(console: Console, results: Any) -> None:
    """Prints every metric at the last step; for several arms each with the paired differences.

    Args:
      console: where to.
      results: a `recsim_ng.runtime.results.Results`.
    """
    if len(results.arms) == 1:
        console.print(_single(results))
        return
    for metric in results.metrics:
        for table in _comparison(results, metric, console):
            console.print(table)


def _single(results: Any) -> Table:
    (arm,) = results.arms
    table = _table(f"At step {results.num_steps - 1}, {_seeds(results, arm)}")
    table.add_column("metric")
    _add_numbers(table, "mean", "s.e.", "95 % interval")
    for metric in results.metrics:
        estimate = results.estimate(metric, arm).at_step(-1)
        cells = estimate_cells(estimate, decimals_of([estimate]))
        table.add_row(f"{results.label(metric)}\n[dim]{metric}[/]", *cells)
    return table


def _comparison(results: Any, metric: str, console: Console) -> list[Table]:
    """A metric's means and differences: one table if there is room for it, else two."""
    field, names = common_field(results.arms)
    counts = {_seeds(results, arm) for arm in results.arms}
    seeds = counts.pop() if len(counts) == 1 else "seeds differ"
    name = f"{results.label(metric)} [dim]({metric})[/]"
    title = f"{name}, at step {results.num_steps - 1}, {seeds}"
    means = [results.estimate(metric, arm).at_step(-1) for arm in results.arms]
    paired = [results.difference(metric, arm).at_step(-1) for arm in results.arms[1:]]
    first, rest = decimals_of(means), decimals_of(paired)
    left = [estimate_cells(x, first) for x in means]
    right = [["", "", ""], *(estimate_cells(x, rest) for x in paired)]
    whole = _table(title)
    narrow = _table(title), _table("")
    for table in (whole, *narrow):
        table.add_column(field, no_wrap=True)
    for table, head in ((whole, "mean"), (narrow[0], "mean")):
        _add_numbers(table, head, "s.e.", "95 % interval")
    for table in (whole, narrow[1]):
        _add_numbers(table, f"less {names[0]}", "s.e.", "95 % interval")
    for arm, mean, difference in zip(names, left, right, strict=True):
        whole.add_row(arm, *mean, *difference)
        narrow[0].add_row(arm, *mean)
        if any(difference):
            narrow[1].add_row(arm, *difference)
    unbounded = console.options.update(max_width=_UNBOUNDED)
    fits = Measurement.get(console, unbounded, whole).maximum <= console.width
    return [whole] if fits else list(narrow)


def common_field(arms: list[str]) -> tuple[str, list[str]]:
    """Splits names of arms that read "field=value" with one field.

    Args:
      arms: the names.

    Returns:
      The field and the values; "arm" and the names as they are where they do not read so.
    """
    fields = {arm.partition("=")[0] for arm in arms}
    if len(fields) == 1 and all("=" in arm for arm in arms):
        return fields.pop(), [arm.partition("=")[2] for arm in arms]
    return "arm", arms


def decimals_of(estimates: Sequence[Any]) -> int | None:
    """Returns how many decimals show two digits of every standard error.

    Args:
      estimates: `recsim_ng.runtime.estimate.Estimate`s at one step.

    Returns:
      Their number, at most 6; None where no standard error is known.
    """
    errors = [float(estimate.standard_error) for estimate in estimates]
    known = [error for error in errors if math.isfinite(error) and error > 0]
    return max((min(6, max(0, 1 - math.floor(math.log10(e)))) for e in known), default=None)


def estimate_cells(estimate: Any, decimals: int | None) -> list[str]:
    """Returns a scalar estimate as [mean, standard error, interval].

    Args:
      estimate: a `recsim_ng.runtime.estimate.Estimate` at one step.
      decimals: as `decimals_of` says.
    """
    numbers = estimate.mean, estimate.standard_error, estimate.low, estimate.high
    mean, error, low, high = (_number(float(x), decimals) for x in numbers)
    if estimate.count < 2:
        return [mean, "-", "-"]
    return [mean, error, f"{low} to {high}"]


def _number(x: float, decimals: int | None) -> str:
    if not math.isfinite(x):
        return str(x)
    text = f"{x:.4g}" if decimals is None else f"{x:,.{decimals}f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(x) < 0 else text


def _seeds(results: Any, arm: str) -> str:
    count = results.estimate(results.metrics[0], arm).count
    return f"{count} seed" if count == 1 else f"{count} seeds"


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)


def _add_numbers(table: Table, *headers: str) -> None:
    for header in headers:
        table.add_column(header, justify="right", no_wrap=True)
