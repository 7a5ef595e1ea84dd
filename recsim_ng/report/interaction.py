"""Interactions: what users did in logs, one after the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value

Logs = Trajectory | Mapping[str, Value]


@dataclasses.dataclass(frozen=True, eq=False)
class Interactions:
    """The N elements of a field that count.

    Attributes:
      outcome: `[N]` what happened: int64 index of the alternative that was chosen, or float64.
      user: `[N]` int64, the index along the axis after time; 0 if there is none.
      step: `[N]` int64.
      item: int64 identifiers, or None where logs do not say: of choices `[N, A]` what could be
        chosen, -1 where there was nothing; of numbers `[N]` what the number is about.
    """

    outcome: np.ndarray
    user: np.ndarray
    step: np.ndarray
    item: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.outcome)

    @property
    def is_choice(self) -> bool:
        """Whether outcomes are alternatives, and not numbers."""
        return self.outcome.dtype.kind == "i"


def require_logs(where: str, name: str, logs: Any) -> None:
    """Requires logs: a Trajectory, or a mapping of Values.

    Args:
      where: the function that takes them.
      name: of the argument.
      logs: what came.

    Raises:
      ConfigError: (also a ValueError) they are something else.
    """
    values = list(logs.values()) if isinstance(logs, Mapping) else []
    if not isinstance(logs, Trajectory | Mapping) or not all(isinstance(v, Value) for v in values):
        raise ConfigError(
            f"{where}: {name} must be logs, a Trajectory or a mapping of variables to Values, got "
            f"{type(logs).__name__}"
        )


def interactions(logs: Logs, field: str, kept: np.ndarray, item: str | None = None) -> Interactions:
    """Takes the interactions out of logs.

    Args:
      logs: variable name -> Value, time axis first.
      field: "variable.field" of what happened, `[T, U, ...]`; whole numbers and truth values are
        choices, other numbers are not.
      kept: `[T, U, ...]` bool, which elements count.
      item: "variable.field" of identifiers: of choices `[T, U, ..., S]` what could be chosen, in
        the order of the outcomes, of which the one after the last is no choice; of numbers
        `[T, U, ...]` what each is about.

    Returns:
      The interactions, in the order of time.

    Raises:
      DataError: (also a ValueError) there is no such field, shapes do not fit, nothing counts, or
        what counts is not finite.
    """
    x = array_of(logs, field)
    if x.shape != kept.shape:
        raise DataError(
            f"interactions: '{field}' must have one number for each draw, {list(kept.shape)}, got "
            f"{list(x.shape)}"
        )
    if not kept.any():
        raise DataError(
            f"interactions: '{field}' must have elements that count, got none; the mask hides all"
        )
    at = np.nonzero(kept)
    is_choice = x.dtype.kind in "iub"
    outcome = x[at].astype(np.int64 if is_choice else np.float64)
    infinite = np.flatnonzero(~np.isfinite(outcome))
    if len(infinite):
        first = [int(index[infinite[0]]) for index in at]
        who = f" of user {first[1]}" if len(first) > 1 else ""
        raise DataError(
            f"interactions: '{field}' must be finite where it counts, got "
            f"{outcome[infinite[0]]} at step {first[0]}{who}; mend the logs, or mask it"
        )
    user = at[1] if len(at) > 1 else np.zeros_like(at[0])
    ids = None
    if item is not None:
        ids = _items(array_of(logs, item), x.shape, item, field, is_choice)[at].astype(np.int64)
    return Interactions(outcome, user, at[0], ids)


def _items(x: np.ndarray, shape: tuple, item: str, field: str, is_choice: bool) -> np.ndarray:
    if x.dtype.kind not in "iu":
        raise DataError(f"interactions: '{item}' must hold whole numbers, got {x.dtype}")
    if not is_choice and x.shape == (*shape, 1):
        x = x[..., 0]
    if x.shape[: len(shape)] != shape or x.ndim != len(shape) + is_choice:
        expected = "and an axis more" if is_choice else "and no other"
        raise DataError(
            f"interactions: '{item}' must have the axes of '{field}', {list(shape)}, {expected}, "
            f"got {list(x.shape)}"
        )
    return x


def array_of(logs: Logs, name: str) -> np.ndarray:
    """Returns a field of logs, time axis first.

    Args:
      logs: variable name -> Value.
      name: "variable.field".

    Raises:
      DataError: (also a ValueError) there is no such field.
    """
    held = sorted(f"{variable}.{field}" for variable in logs for field in logs[variable].as_dict)
    for variable in logs:
        field = name.removeprefix(f"{variable}.")
        if field != name and field in logs[variable].as_dict:
            return np.asarray(logs[variable].get(field))
    raise DataError(f"logs: must hold '{name}', got {held}; name a field of theirs")
