"""RunLog: finished runs on disk, each written as it finishes, so that no crash loses them."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from recsim_ng.core.errors import ConfigError, DataError, OutputError
from recsim_ng.runtime.results import Series

_SHORT = 80  # characters of a setting in a message


class RunLog:
    """An append-only file with one JSON line for each finished run, after a line of settings.

    A process that is killed loses only what was in flight: a line that was not written to its end
    is dropped when the file is opened again. The file is locked while it is open.

    Args:
      path: of the file; made with its folder if it is missing.
      settings: JSON-like; what the runs depend on.
      resume: whether to go on with a file that exists.

    Attributes:
      finished: (arm, seed) -> metrics, of the runs that are in the file.

    Raises:
      OutputError: (also an OSError) the file cannot be made or written, is there though `resume`
        is False, or another process is writing it.
      ConfigError: (also a ValueError) the file has other settings.
      DataError: (also a ValueError) the file is damaged before its last line.
    """

    def __init__(
        self, path: str | os.PathLike, settings: Mapping[str, Any], resume: bool = False
    ) -> None:
        self._path = Path(path)
        self.finished: dict[tuple[str, int], Series] = {}
        header = json.loads(json.dumps({"settings": settings}))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | (0 if resume else os.O_EXCL)
            self._file = os.fdopen(os.open(self._path, flags, 0o666), "r+b")
        except FileExistsError as error:
            if not self._path.exists():  # the folder is a file
                raise _unwritable(self._path, error) from error
            raise OutputError(
                f"RunLog: {self._path} must not exist yet, got one of an earlier run; give another "
                "folder, or say that the run is to be resumed"
            ) from None
        except OSError as error:
            raise _unwritable(self._path, error) from error
        try:
            self._lock()
            self._read(header["settings"])
            if self._file.tell() == 0:
                self._write(header)
                self._sync()
        except BaseException:
            self._file.close()
            raise

    def append(self, arm: str, seed: int, series: Series) -> None:
        """Writes a finished run to the disk before it returns.

        Args:
          arm: its name.
          seed: its seed.
          series: metric name -> `[T]`.

        Raises:
          OutputError: (also an OSError) it cannot be written.
        """
        lists = {name: np.asarray(x, np.float64).tolist() for name, x in series.items()}
        self._write({"arm": arm, "seed": seed, "metrics": lists})
        # What is in the file has finished, also where the wait for the disk is interrupted.
        self.finished[arm, seed] = series
        self._sync()

    def close(self) -> None:
        """Closes the file and gives up its lock."""
        self._file.close()

    def __enter__(self) -> RunLog:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(
                f"RunLog: {self._path} must be written by one process at a time, got another that "
                "is writing it; wait until it ends, or give another folder"
            ) from None

    def _read(self, settings: Mapping[str, Any]) -> None:
        end = 0
        for number, line in enumerate(self._file, start=1):
            if not line.endswith(b"\n"):
                break  # the process was killed in the middle of it
            try:
                entry = json.loads(line)
                if number == 1:
                    _require_equal(self._path, entry["settings"], settings)
                else:
                    series = {name: np.array(x) for name, x in entry["metrics"].items()}
                    self.finished[entry["arm"], entry["seed"]] = series
            except (ValueError, KeyError, TypeError) as error:
                if isinstance(error, ConfigError):
                    raise
                raise DataError(
                    f"RunLog: line {number} of {self._path} must be a finished run as JSON, got "
                    f"{line[:40]!r}...; delete the line, or give another folder"
                ) from error
            end += len(line)
        self._file.seek(end)
        self._file.truncate()

    def _write(self, entry: Mapping[str, Any]) -> None:
        try:
            self._file.write(json.dumps(entry).encode() + b"\n")
            self._file.flush()
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def _sync(self) -> None:
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _unwritable(self._path, error) from error


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"RunLog: {path} must be writable, got '{error.strerror}'; make room or give another folder"
    )


def _require_equal(path: Path, found: Any, wanted: Any) -> None:
    if found == wanted:
        return
    where, theirs, ours = _first_difference(found, wanted)
    raise ConfigError(
        f"RunLog: a run is resumed with the settings that it had, got {where} {ours} where {path} "
        f"has {theirs}; give those settings, or another folder"
    )


def _first_difference(a: Any, b: Any, where: str = "") -> tuple[str, str, str]:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in [*a, *(key for key in b if key not in a)]:
            if key not in a or key not in b or a[key] != b[key]:
                absent = "(none)"
                path = f"{where}.{key}" if where else str(key)
                return _first_difference(a.get(key, absent), b.get(key, absent), path)
    return where, _short(a), _short(b)


def _short(x: Any) -> str:
    text = json.dumps(x)
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 3]}..."
