"""The folder that a study's results go to."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recsim_ng.core.errors import OutputError

RUNS = "runs.jsonl"
"""Finished runs, each written as it finishes; what `--resume` goes on with."""
_DEFAULT = Path("recsim-ng-results")


def check(out: str, resume: bool, marker: str = RUNS) -> None:
    """Requires that results may go to a folder, before anything is computed; changes nothing.

    Args:
      out: the folder as given by `--out`; "" for a new one.
      resume: whether it may hold an earlier run.
      marker: the file by which a run of the same kind is known.

    Raises:
      OutputError: (also an OSError) it is no folder, cannot be written, is not empty though it is
        not to be resumed, or holds something else than a run.
    """
    where = f"--out {out!a}" if out and not _is_text(out) else f"--out {out}"
    if not _is_text(out):
        raise _unwritable(where, "a name that is no text")
    path = Path(os.path.expanduser(out)) if out else _DEFAULT
    where = where if out else f"the folder {path}"
    try:
        is_file = path.exists() and not path.is_dir()
        present = sorted(p.name for p in path.iterdir()) if out and path.is_dir() else []
        above = next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())
    except OSError as error:
        raise _unwritable(where, error.strerror) from error
    if is_file or not above.is_dir():
        raise _unwritable(where, f"{above} is a file")
    if not os.access(above, os.W_OK | os.X_OK):
        raise _unwritable(where, f"no permission to write in {above}")
    if not present:
        return
    if not resume:
        held = "holds an earlier run" if marker in present else f"holds {_few(present)}"
        hint = (
            "add --resume to go on with it, or name another"
            if marker in present
            else "name another"
        )
        raise OutputError(
            f"{where}: must be an empty folder or not be there yet, got one that {held}; {hint}"
        )
    if marker not in present:
        raise OutputError(
            f"{where}: must hold an earlier run to be resumed ({marker}), got {_few(present)}; "
            "name its folder"
        )


def make(out: str, story: str) -> Path:
    """Makes the folder for results.

    Args:
      out: the folder as given by `--out`; "" for a new one, named after the story and numbered.
      story: its name.

    Returns:
      The folder, which exists; without `--out` no other process has it.

    Raises:
      OutputError: (also an OSError) it cannot be made or written.
    """
    try:
        if out:
            path = Path(os.path.expanduser(out))
            path.mkdir(parents=True, exist_ok=True)
        else:
            _DEFAULT.mkdir(parents=True, exist_ok=True)
            path = _fresh(story)
        probe = path / f".{os.getpid()}.part"
        probe.touch()
        probe.unlink()
    except OSError as error:
        where = f"--out {out}" if out else f"the folder {_DEFAULT}"
        raise _unwritable(where, error.strerror) from error
    return path


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes strict JSON, wholly or not at all; what is not finite becomes null.

    Args:
      path: of the file.
      content: JSON-like.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    text = json.dumps(_finite(content), indent=2, allow_nan=False, ensure_ascii=False)
    try:
        aside.write_text(text + "\n", encoding="utf-8")
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _fresh(story: str) -> Path:
    number = 0
    while True:
        number += 1
        path = _DEFAULT / f"{story}-{number}"
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _unwritable(where: str, reason: str | None) -> OutputError:
    return OutputError(
        f"{where}: must be a folder that can be written, got: {reason}; name another"
    )


def _finite(x: Any) -> Any:
    if isinstance(x, Mapping):
        return {str(key): _finite(inner) for key, inner in x.items()}
    if isinstance(x, list | tuple):
        return [_finite(inner) for inner in x]
    return None if isinstance(x, float) and not math.isfinite(x) else x


def _is_text(name: str) -> bool:
    """Whether a name can be written as UTF-8; the system's bytes may be something else, or 0."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in name
