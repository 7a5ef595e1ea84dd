"""The folder of a fit: what was asked, what it was fitted to, what came out."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recsim_ng.cli import folder, posterior_table
from recsim_ng.cli.fit_arguments import Request, differences
from recsim_ng.core.errors import ConfigError, DataError, OutputError

REQUEST = "request.json"
"""What was asked for; a folder with it holds a fit."""
SUMMARY, DATA, LOGS, TEXT, TRACE = "summary.json", "fit.nc", "logs.nc", "summary.txt", "trace.png"
CHECKPOINT = "fit.checkpoint"


def asked(request: Request, logs: Any, digest: str) -> dict[str, Any]:
    """Returns all that the result depends on, JSON-like.

    Args:
      request: what is asked for.
      logs: a Trajectory, what is fitted.
      digest: of the logs.
    """
    from recsim_ng.core.trajectory import versions

    options = request.options
    return {
        "story": request.story.name,
        "config": request.config,
        "method": request.method,
        "settings": request.settings,
        "parameters": sorted(options.parameters),
        "drop": sorted(options.drop),
        "seed": options.seed,
        "log_likelihood": options.log_likelihood,
        "logs": {
            "file": options.logs and str(Path(options.logs).expanduser().absolute()),
            "run": options.run,
            "steps": options.steps,
            "num_steps": int(logs.length),
            "sha256": digest,
        },
        "versions": versions(),
    }


def begin(path: Path, about: Mapping[str, Any], resume: bool) -> bool:
    """Writes down what is asked for, or requires that it is what was asked for before.

    Args:
      path: the folder.
      about: what `asked` says.
      resume: whether to go on with an earlier fit.

    Returns:
      Whether there is an earlier one to go on with.

    Raises:
      OutputError: (also an OSError) the earlier fit is finished.
      ConfigError: (also a ValueError) it is another.
      DataError: (also a ValueError) it cannot be told what it is.
    """
    if not (resume and (path / REQUEST).exists()):
        folder.write_json(path / REQUEST, about)
        return False
    if (path / SUMMARY).exists():
        raise OutputError(
            f"recsim-ng: --out {path} must hold an interrupted fit to be resumed, got one that is "
            "finished; name another"
        )
    before = _read(path / REQUEST, {"story": str, "config": dict, "logs": dict})
    now = json.loads(json.dumps(about))
    for held in (before, now):
        held["logs"] = {"sha256": held["logs"].get("sha256")}  # the file may have moved
    found = differences(before, now)
    if found:
        raise ConfigError(
            f"recsim-ng: --out {path} must hold an interrupted fit of the same kind to be resumed, "
            f"got {', '.join(found)}; name another folder"
        )
    for left in path.glob(".*.part"):  # of a process that was killed as it wrote
        left.unlink(missing_ok=True)
    return True


def abandon(path: Path, *, is_new: bool) -> None:
    """Takes back what was asked for, if nothing has been fitted.

    Args:
      path: the folder.
      is_new: whether the folder goes too: nobody has named it.
    """
    if {p.name for p in path.iterdir()} == {REQUEST}:
        (path / REQUEST).unlink()
        if is_new:
            path.rmdir()


def write(path: Path, about: Mapping[str, Any], logs: Any, fit: Any, seconds: float) -> list[str]:
    """Writes a fit.

    Args:
      path: the folder.
      about: what `asked` says.
      logs: a Trajectory, what was fitted.
      fit: a `recsim_ng.inference.Fit`.
      seconds: how long it took.

    Returns:
      The names of the files.

    Raises:
      OutputError: (also an OSError) one cannot be written.
    """
    from recsim_ng.plot.trace import plot_trace

    found = posterior_table.estimates(fit.data)
    names = [SUMMARY, TEXT, DATA, LOGS]
    try:
        aside = path / f".{DATA}.{os.getpid()}.part"
        try:
            fit.data.to_netcdf(str(aside), engine="h5netcdf")
            os.replace(aside, path / DATA)
        finally:
            aside.unlink(missing_ok=True)
        logs.save(path / LOGS)
        if fit.data.posterior.sizes["draw"] > 1:
            plot_trace(fit.data.posterior, path / TRACE)
            names.append(TRACE)
        table = posterior_table.rendered(found, fit.problems, title(about))
        (path / TEXT).write_text(posterior_table.text_of(table), encoding="utf-8")
        # Last: a folder with a summary is finished.
        folder.write_json(path / SUMMARY, _summary(about, fit, found, seconds))
    except OSError as error:
        raise OutputError(
            f"{path}: the fit must be written there, got: {error}; make room"
        ) from error
    return names


def title(about: Mapping[str, Any]) -> str:
    """Returns what was fitted, in a line.

    Args:
      about: what `asked` says.
    """
    story, count = about["story"].rpartition("/")[2], about["logs"]["num_steps"]
    return f"{story} by {about['method']}, {count} step{'s' if count > 1 else ''}"


def load(name: str) -> tuple[Path, dict[str, Any]]:
    """Returns a finished fit's folder and its summary.

    Args:
      name: of the folder.

    Raises:
      DataError: (also a ValueError) there is no finished fit.
    """
    path = Path(name).expanduser()
    if not (path / SUMMARY).is_file() or not (path / REQUEST).is_file():
        held = "an unfinished one" if (path / REQUEST).is_file() else "none"
        hint = "go on with it by --resume" if held != "none" else "make one by `recsim-ng fit`"
        raise DataError(f"recsim-ng: {name} must hold a finished fit, got {held}; {hint}")
    needed = {"story": str, "config": dict, "method": str, "drop": list, "problems": list}
    return path, _read(path / SUMMARY, needed)


def _read(file: Path, needed: Mapping[str, type]) -> dict[str, Any]:
    """The JSON object in a file, which has members of these types."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        got = "something else"
    except (OSError, ValueError) as error:
        found, got = None, str(error)
    if isinstance(found, dict):
        lacking = [n for n, kind in needed.items() if not isinstance(found.get(n), kind)]
        if not lacking:
            return found
        got = f"nothing of its {', '.join(lacking)}"
    raise DataError(
        f"recsim-ng: {file} must hold what `recsim-ng fit` wrote, got {got}; fit again, into "
        "another folder"
    )


def _summary(
    about: Mapping[str, Any], fit: Any, found: list[Any], seconds: float
) -> dict[str, Any]:
    return {
        "is_trusted": fit.is_trusted,
        "problems": list(fit.problems),
        **about,
        "seconds": round(seconds, 3),
        "posterior": {estimate.name: estimate.to_json() for estimate in found},
    }
