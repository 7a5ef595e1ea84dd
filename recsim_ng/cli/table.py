"""The tables at the end of a study."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table


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
        console.print(_comparison(results, metric))


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


def _comparison(results: Any, metric: str) -> Table:
    field, arms = common_field(results.arms)
    counts = {_seeds(results, arm) for arm in results.arms}
    seeds = counts.pop() if len(counts) == 1 else "seeds differ"
    label = results.label(metric)
    table = _table(f"{label} [dim]({metric})[/], at step {results.num_steps - 1}, {seeds}")
    table.add_column(field)
    _add_numbers(table, "mean", "s.e.", "95 % interval")
    _add_numbers(table, f"less {arms[0]}", "s.e.", "95 % interval")
    means = [results.estimate(metric, arm).at_step(-1) for arm in results.arms]
    paired = [results.difference(metric, arm).at_step(-1) for arm in results.arms[1:]]
    decimals = decimals_of(means), decimals_of(paired)
    differences = [["", "", ""], *(estimate_cells(x, decimals[1]) for x in paired)]
    for name, mean, difference in zip(arms, means, differences, strict=True):
        table.add_row(name, *estimate_cells(mean, decimals[0]), *difference)
    return table


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
