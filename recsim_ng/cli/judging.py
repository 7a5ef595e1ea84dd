"""`recsim-ng report`: a fit's folder and held-out logs become a report card."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from recsim_ng.cli import fit_folder, quiet
from recsim_ng.cli.report_arguments import Request
from recsim_ng.cli.story_reference import StoryReference
from recsim_ng.core.errors import DataError, OutputError
from recsim_ng.core.lazy import arviz

HTML, JSON = "report.html", "report.json"


def run(request: Request, out: Console, err: Console) -> int:
    """Judges a fit, prints the verdict and writes report.html and report.json.

    Args:
      request: what to judge.
      out: for the verdict.
      err: for progress.

    Returns:
      The exit code: 0, whatever the verdict.

    Raises:
      RecSimError: something that the user can mend.
    """
    path, about = fit_folder.load(request.folder)
    story = StoryReference.of(about["story"])
    with (
        err.status("starting TensorFlow") if err.is_terminal else contextlib.nullcontext() as shown
    ):
        quiet.start_tensorflow()
        from recsim_ng.cli import log_file
        from recsim_ng.inference import Target
        from recsim_ng.report.card import report_card

        network, _ = story.network(about["config"])
        held_out = log_file.read("--held-out", request.held_out, request.run, request.steps, ())
        held_out = log_file.without(held_out, about["drop"], is_strict=False)
        log_file.require_fit(network, held_out, story.name)
        fit = _fit(path, about, network)
        Target(network, held_out)  # which refuses logs with NaN, and says where
        if shown is not None:
            shown.update("predicting and simulating")
        card = report_card(
            network,
            fit,
            held_out,
            field=request.field,
            mask=request.mask,
            item=request.item,
            replayed=request.replayed,
            start=request.start,
            num_draws=request.num_draws,
            num_runs=request.num_runs,
            rank=request.rank,
            seed=request.seed,
        )
    card.save_html(path / HTML)
    try:
        (path / JSON).write_text(card.to_json() + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path}: must be writable, got: {error}; make room") from error
    out.print(Text(repr(card), style="bold red" if card.failures else "green"), soft_wrap=True)
    out.print(f"In {path}: {HTML}, {JSON}", highlight=False, markup=False, soft_wrap=True)
    return 0


def _fit(path: Path, about: dict[str, Any], network: Any) -> Any:
    """The fit as its folder has it."""
    from recsim_ng.core.trajectory import Trajectory
    from recsim_ng.inference import Fit, Target

    try:
        data = arviz().from_netcdf(str(path / fit_folder.DATA), engine="h5netcdf")
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"recsim-ng: {path / fit_folder.DATA} must hold the fit, got: {error}; fit again"
        ) from error
    target = Target(network, Trajectory.load(path / fit_folder.LOGS))
    names, held = {u.name for u in target.unknowns}, set(map(str, data.posterior))
    if held != names:
        raise DataError(
            f"recsim-ng: {path} must hold a posterior of what the story draws, {sorted(names)}, "
            f"got {sorted(held)}; judge a story's own variables by recsim_ng.report.report_card"
        )
    return Fit(data, about["method"], tuple(about["problems"]), target)
