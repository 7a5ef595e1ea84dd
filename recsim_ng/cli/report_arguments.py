"""The arguments of `recsim-ng report`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Literal

import tyro

from recsim_ng.cli.fit_arguments import hint, span


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """What `recsim-ng report` is asked to do."""

    folder: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="FOLDER")]
    """Of a finished `recsim-ng fit`; the report goes there too."""
    held_out: Annotated[str, tyro.conf.arg(metavar="FILE")]
    """Logs of the same users that the fit has not seen, such as their later steps, given as the
    logs of `recsim-ng fit` are. What the fit dropped is dropped here too."""
    run: Annotated[int | None, hint("SEED", "(default: the first)")] = None
    """Which of a folder's seeds."""
    steps: Annotated[str, hint("FROM:TO", "(default: all)")] = ""
    """Steps of the held-out logs that are used, the last excluded, such as 20:40."""
    field: Annotated[str | None, hint("VARIABLE.FIELD", "(default: the only one drawn)")] = None
    """What users do, which is to be predicted."""
    mask: Annotated[str | None, hint("VARIABLE.FIELD", "(default: all count)")] = None
    """Truth values that say which elements count."""
    item: Annotated[str | None, hint("VARIABLE.FIELD", "(default: not known)")] = None
    """Identifiers of what could be chosen, or of what is rated, for the baselines."""
    replayed: Annotated[tuple[str, ...], hint("VARIABLE ...", "")] = ()
    """What follows the held-out logs in simulations, such as slates of an unknown system."""
    start: Literal["logs", "story"] = "logs"
    """How simulations begin: as the held-out logs do, or as the story does."""
    num_draws: int = 200
    """Of the posterior, that predict together, at most."""
    num_runs: int = 100
    """Simulated trajectories."""
    rank: int = 4
    """Of matrix factorisation, a baseline."""
    seed: int = 0
    """Of simulations, splits and resampling."""


def parse(argv: Sequence[str]) -> Request:
    """Parses what follows "report".

    Args:
      argv: the folder and flags.

    Raises:
      ConfigError: (also a ValueError) an option is out of range.
      SystemExit: help was asked for (code 0), or a flag is wrong (2), which has been said.
    """
    request = tyro.cli(
        Request,
        prog="recsim-ng report",
        description="Judges a fit by logs that it has not seen: report.html and report.json.",
        args=list(argv),
    )
    span(request.steps, "--steps")
    return request
