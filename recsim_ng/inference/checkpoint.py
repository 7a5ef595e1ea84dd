"""Checkpoints: what a long run has done, kept in a file from which it goes on."""

from __future__ import annotations

import io
import json
import os
import pathlib
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import ConfigError, OutputError
from recsim_ng.inference.origin import Origin

_EVERY = 3.0  # seconds between writes
_SHARE = 0.1  # of the time, at most, that goes into writing
_HEADER = b"recsim_ng checkpoint 1\n"
_FRAME = struct.Struct("<QI")  # before each record: its length and its checksum
_SPARE = 2**20  # bytes of what is out of date that a file may always hold


class Kept(NamedTuple):
    """What a checkpoint holds.

    Attributes:
      done: how many pieces of the run are done.
      state: arrays of what the next piece starts from, in the order of `tf.nest.flatten`.
      lists: the pieces' results so far, each a list of arrays or of dictionaries of arrays.
    """

    done: int
    state: list[np.ndarray]
    lists: tuple[list[Any], ...]

    def restored(self, *like: Any) -> tuple[int, Any, tuple[list[Any], ...]]:
        """Returns (pieces done, the state, the lists).

        Args:
          *like: a state of the same structure.
        """
        held = [tf.convert_to_tensor(x) for x in self.state]
        return self.done, tf.nest.pack_sequence_as(like, held), self.lists


def require_file_name(where: str, checkpoint: Any) -> None:
    """Requires a checkpoint's name to be one.

    Args:
      where: for the message.
      checkpoint: the name; None: there is no checkpoint.

    Raises:
      ConfigError: (also a ValueError) it is none.
    """
    if checkpoint is None:
        return
    name = os.fspath(checkpoint) if isinstance(checkpoint, str | os.PathLike) else ""
    if not isinstance(name, str) or not name or "\0" in name:
        raise ConfigError(
            f"{where}: checkpoint must be the name of a file, got {checkpoint!r}; name one, or "
            "leave it out"
        )


class Checkpoint:
    """A file of a run, to which every few seconds what has come since is appended.

    A record that was cut off, as by the end of the process, is not counted: the file says at any
    time how far the run was when it was last written. Where most of it is out of date it is written
    anew, aside. A context manager: at its end, that by Ctrl-C too, what is not yet written is.

    Args:
      path: the file; None: nothing is kept.
      origin: says what the run is of; the file of another run is refused.
      clock: seconds.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        origin: Origin,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = None if path is None else pathlib.Path(os.path.expanduser(path))
        self._origin, self._clock = origin, clock
        self._pending: tuple[int, Any, tuple[list[Any], ...]] | None = None
        self._held: tuple[list[Any], ...] = ()  # the lists, as the file has them
        self._end = 0  # of the last whole record
        self._next = -float("inf")  # when to write

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if self._pending is not None and not isinstance(error, OutputError):
            self._write()

    def load(self) -> Kept | None:
        """Returns what the file holds; None if there is none.

        Raises:
          ConfigError: (also a ValueError) it is another run's, or no checkpoint.
        """
        if self._path is None:
            return None
        try:
            content = self._path.read_bytes()
            got = "something else" if content else "an empty file"
        except FileNotFoundError:
            return None
        except OSError as error:
            content, got = b"", f"'{error.strerror}'"
        records = list(_records(content))
        if len(records) < 2:
            raise ConfigError(
                f"checkpoint '{self._path}': must be a checkpoint, got {got}; name another file"
            )
        (origin, _), *records = records
        if not Origin(*json.loads(origin)).is_same(self._origin):
            raise ConfigError(
                f"checkpoint '{self._path}': must be of this run, got that of another story, logs, "
                "settings or seed; delete it, or name another file"
            )
        lists: list[list[Any]] = []
        done, state = 0, []
        for record, end in records:
            with np.load(io.BytesIO(record), allow_pickle=False) as arrays:
                about = json.loads(str(arrays["about"]))
                lists = lists or [[] for _ in about["lists"]]
                for k, (since, pieces) in enumerate(about["lists"]):
                    lists[k] = lists[k][:since] + [
                        _piece(arrays, f"{k}/{since + i}", names) for i, names in enumerate(pieces)
                    ]
                if end == records[-1][1]:
                    done = about["done"]
                    state = [arrays[f"state/{i}"] for i in range(about["state"])]
            self._end = end
        self._held = tuple(list(pieces) for pieces in lists)
        return Kept(done, state, tuple(lists))

    def save(self, done: int, state: Any, lists: tuple[list[Any], ...]) -> None:
        """Keeps what is done; it is written when some seconds have passed since the last time.

        Args:
          done: pieces of the run.
          state: a nest of tensors.
          lists: of arrays, or of dictionaries of arrays; what is in them does not change.

        Raises:
          OutputError: (also an OSError) it cannot be written.
        """
        if self._path is None:
            return
        self._pending = done, state, tuple(list(pieces) for pieces in lists)
        if self._clock() >= self._next:
            self._write()

    def remove(self) -> None:
        """Deletes the file, if there is one: the run is done."""
        self._pending = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._aside.unlink(missing_ok=True)

    @property
    def _aside(self) -> pathlib.Path:
        assert self._path is not None
        return self._path.with_name(f".{self._path.name}.part")

    def _write(self) -> None:
        assert self._path is not None and self._pending is not None
        begin = self._clock()
        done, state, lists = self._pending
        flat = [np.asarray(x) for x in tf.nest.flatten(state)]
        live = sum(map(_size, [*flat, *(piece for pieces in lists for piece in pieces)]))
        is_new = self._end == 0 or self._end > 2 * live + _SPARE
        held = self._held if not is_new else ((),) * len(lists)
        record = _record(done, flat, lists, held or ((),) * len(lists))
        try:
            if is_new:
                origin = _framed(json.dumps(self._origin).encode())
                self._aside.write_bytes(_HEADER + origin + record)
                self._aside.replace(self._path)
                self._end = len(_HEADER) + len(origin)
            else:
                with open(self._path, "r+b") as file:
                    file.truncate(self._end)
                    file.seek(self._end)
                    file.write(record)
        except OSError as error:
            raise OutputError(
                f"checkpoint '{self._path}': must be writable, got '{error.strerror}'; name "
                "another file"
            ) from error
        self._end += len(record)
        self._held, self._pending = lists, None
        now = self._clock()
        self._next = now + max(_EVERY, (now - begin) / _SHARE)


def _record(done: int, state: list[np.ndarray], lists: Any, held: Any) -> bytes:
    """A framed record of what is in lists and not yet held."""
    arrays = {f"state/{i}": x for i, x in enumerate(state)}
    shape: list[tuple[int, list[Any]]] = []
    for k, (pieces, before) in enumerate(zip(lists, held, strict=True)):
        since = 0
        while since < min(len(pieces), len(before)) and pieces[since] is before[since]:
            since += 1
        shape.append((since, []))
        for i in range(since, len(pieces)):
            piece = pieces[i]
            if isinstance(piece, dict):
                arrays.update({f"{k}/{i}/{name}": x for name, x in piece.items()})
                shape[-1][1].append(sorted(piece))
            else:
                arrays[f"{k}/{i}"] = piece
                shape[-1][1].append(None)
    about = json.dumps({"done": done, "state": len(state), "lists": shape})
    file = io.BytesIO()
    np.savez(file, about=np.array(about), **arrays)  # type: ignore[arg-type]
    return _framed(file.getvalue())


def _framed(record: bytes) -> bytes:
    return _FRAME.pack(len(record), zlib.crc32(record)) + record


def _records(content: bytes) -> Iterator[tuple[bytes, int]]:
    """The whole records of a file, and where each ends; none if it is no checkpoint."""
    at = len(_HEADER)
    while content.startswith(_HEADER) and len(content) >= at + _FRAME.size:
        size, checksum = _FRAME.unpack_from(content, at)
        begin = at + _FRAME.size
        at = begin + size
        record = content[begin:at]
        if len(record) < size or zlib.crc32(record) != checksum:
            return
        yield record, at


def _piece(arrays: Any, name: str, fields: list[str] | None) -> Any:
    return arrays[name] if fields is None else {f: arrays[f"{name}/{f}"] for f in fields}


def _size(piece: Any) -> int:
    return sum(x.nbytes for x in piece.values()) if isinstance(piece, dict) else piece.nbytes
