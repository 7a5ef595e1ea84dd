"""What a fit has found, in numbers and as a table."""

from __future__ import annotations

import dataclasses
import math
import warnings
from typing import Any

import numpy as np
from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from recsim_ng.core.lazy import arviz

_MOST_ROWS = 8  # elements of an unknown that are all shown; of more, the first few
_FEW = 5
_MOST_NUMBERS = 10_000  # elements of an unknown whose numbers go into the summary

COLUMNS = ("mean", "sd", "low", "high", "rhat", "ess")


@dataclasses.dataclass(frozen=True, eq=False)
class Estimate:
    """What is known of an unknown, element by element.

    Attributes:
      name: "variable.field".
      numbers: mean, sd, low and high (of the 90 % interval), rhat and ess (bulk) -> an array of the
        unknown's shape. Of a single draw only the mean is known, the others are NaN.
    """

    name: str
    numbers: dict[str, np.ndarray]

    def to_json(self) -> dict[str, Any]:
        """Returns it JSON-like; without the numbers where there are too many."""
        shape = list(self.numbers["mean"].shape)
        if self.numbers["mean"].size > _MOST_NUMBERS:
            return {"shape": shape, "numbers": "too many: see fit.nc"}
        return {"shape": shape, **{name: x.tolist() for name, x in self.numbers.items()}}


def estimates(data: Any) -> list[Estimate]:
    """Returns what is known of each unknown.

    Args:
      data: an ArviZ InferenceData with a posterior.
    """
    az = arviz()
    posterior = data.posterior
    is_sampled = posterior.sizes["draw"] >= 4
    found = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of constants, of one chain: their numbers are NaN
        for name, array in posterior.data_vars.items():
            x = np.asarray(array.values, np.float64)
            mean = x.mean(axis=(0, 1))
            numbers = {column: np.full(mean.shape, np.nan) for column in COLUMNS}
            numbers["mean"] = mean
            if is_sampled:
                numbers["sd"] = x.std(axis=(0, 1))
                numbers["low"], numbers["high"] = np.quantile(x, [0.05, 0.95], axis=(0, 1))
                numbers["ess"] = np.asarray(az.ess(array)[name].values)
                if x.shape[0] > 1:
                    numbers["rhat"] = np.asarray(az.rhat(array)[name].values)
            found.append(Estimate(str(name), numbers))
    return found


def verdict(problems: tuple[str, ...]) -> Text:
    """Returns whether a fit is to be trusted, in words.

    Args:
      problems: what speaks against it.
    """
    if not problems:
        return Text("No diagnostic speaks against this fit.", style="green")
    text = Text("NOT TO BE TRUSTED\n", style="bold red")
    text.append("\n".join(f"  - {problem}" for problem in problems), style="red")
    return text


def rendered(found: list[Estimate], problems: tuple[str, ...], title: str) -> Group:
    """Returns verdict and table, the verdict first.

    Args:
      found: the estimates.
      problems: what speaks against them.
      title: what was fitted.
    """
    is_sampled = any(np.isfinite(e.numbers["sd"]).any() for e in found)
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("unknown", overflow="fold")
    heads = ["mean", "sd", "90 % interval", "R-hat", "ESS"] if is_sampled else ["estimate"]
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for estimate in found:
        for row in _rows(estimate, is_sampled):
            table.add_row(*row)
    return Group(verdict(problems), Text(""), Text(title, style="bold"), table)


def text_of(content: Any) -> str:
    """Returns what a console would show, without colours.

    Args:
      content: to be printed.
    """
    console = Console(width=100, color_system=None)
    with console.capture() as captured:
        console.print(content)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def _rows(estimate: Estimate, is_sampled: bool) -> list[list[str]]:
    shape = estimate.numbers["mean"].shape
    flat = {name: np.ravel(x) for name, x in estimate.numbers.items()}
    size = flat["mean"].size
    shown = size if size <= _MOST_ROWS else _FEW
    rows = []
    for i in range(shown):
        at = ", ".join(str(int(k)) for k in np.unravel_index(i, shape)) if shape else ""
        label = f"{estimate.name}[{at}]" if shape else estimate.name
        one = {name: float(x[i]) for name, x in flat.items()}
        rows.append([label.replace("[", "\\["), *_cells(one, is_sampled)])
    if shown < size:
        label = f"[dim]  ... and {size - shown:,} more"
        row = [label + "[/]", *[""] * (5 if is_sampled else 1)]
        if is_sampled:
            row[0] = label + f"; the worst of the {size:,}:[/]"
            row[-2:] = [
                _decimals(_worst(flat["rhat"], np.max), 3),
                _whole(_worst(flat["ess"], np.min)),
            ]
        rows.append(row)
    return rows


def _cells(one: dict[str, float], is_sampled: bool) -> list[str]:
    if not is_sampled:
        return [f"{one['mean']:.4g}"]
    sd = one["sd"]
    places = 4 if not sd > 0 else min(6, max(0, 1 - math.floor(math.log10(sd))))
    mean, low, high = (_decimals(one[name], places) for name in ("mean", "low", "high"))
    interval = f"{low} to {high}"
    return [mean, _decimals(sd, places), interval, _decimals(one["rhat"], 3), _whole(one["ess"])]


def _worst(x: np.ndarray, of: Any) -> float:
    known = x[np.isfinite(x)]
    return float(of(known)) if known.size else math.nan


def _decimals(x: float, places: int) -> str:
    return f"{x:.{places}f}" if math.isfinite(x) else "-"


def _whole(x: float) -> str:
    return f"{x:,.0f}" if math.isfinite(x) else "-"
