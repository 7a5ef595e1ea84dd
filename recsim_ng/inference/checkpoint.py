"""Checkpoints: what a long run has done, kept in a file from which it goes on."""

from __future__ import annotations

import json
import os
import pathlib
import zipfile
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import ConfigError, OutputError
from recsim_ng.inference.origin import Origin


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


class Checkpoint:
    """A file of a run.

    Args:
      path: the file; None: nothing is kept.
      origin: says what the run is of; the file of another run is refused.
    """

    def __init__(self, path: str | os.PathLike[str] | None, origin: Origin) -> None:
        self._path = None if path is None else pathlib.Path(os.path.expanduser(path))
        self._origin = origin

    def load(self) -> Kept | None:
        """Returns what the file holds; None if there is none.

        Raises:
          ConfigError: (also a ValueError) it is another run's, or no checkpoint.
        """
        if self._path is None or not self._path.exists():
            return None
        try:
            with np.load(self._path, allow_pickle=False) as file:
                arrays = dict(file)
            said = json.loads(str(arrays.pop("__about")))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ConfigError(
                f"checkpoint '{self._path}': must be a checkpoint, got {type(error).__name__}; "
                "name another file"
            ) from error
        if not Origin(*said["origin"]).is_same(self._origin):
            raise ConfigError(
                f"checkpoint '{self._path}': must be of this run, got that of another story, logs, "
                "settings or seed; delete it, or name another file"
            )
        state = [arrays[f"state/{i}"] for i in range(said["state"])]
        lists: list[list[Any]] = []
        for k, pieces in enumerate(said["lists"]):
            lists.append([])
            for i, names in enumerate(pieces):
                at = f"list/{k}/{i}"
                held = arrays[at] if names is None else {n: arrays[f"{at}/{n}"] for n in names}
                lists[-1].append(held)
        return Kept(said["done"], state, tuple(lists))

    def save(self, done: int, state: Any, lists: tuple[list[Any], ...]) -> None:
        """Writes the file anew; it is complete at any time.

        Args:
          done: pieces of the run.
          state: a nest of tensors.
          lists: of arrays, or of dictionaries of arrays.

        Raises:
          OutputError: (also an OSError) it cannot be written.
        """
        if self._path is None:
            return
        flat = tf.nest.flatten(state)
        arrays = {f"state/{i}": np.asarray(x) for i, x in enumerate(flat)}
        shape: list[list[Any]] = []
        for k, pieces in enumerate(lists):
            shape.append([])
            for i, piece in enumerate(pieces):
                at = f"list/{k}/{i}"
                if isinstance(piece, dict):
                    arrays.update({f"{at}/{name}": x for name, x in piece.items()})
                    shape[-1].append(sorted(piece))
                else:
                    arrays[at] = piece
                    shape[-1].append(None)
        about = {"origin": self._origin, "done": done, "state": len(flat), "lists": shape}
        aside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            with open(aside, "wb") as file:
                np.savez(file, __about=np.array(json.dumps(about)), **arrays)  # type: ignore[arg-type]
            aside.replace(self._path)
        except OSError as error:
            raise OutputError(
                f"checkpoint '{self._path}': must be writable, got '{error.strerror}'; name "
                "another file"
            ) from error
        finally:
            aside.unlink(missing_ok=True)

    def remove(self) -> None:
        """Deletes the file, if there is one: the run is done."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
