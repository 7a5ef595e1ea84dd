"""Columns of a log of events: each is checked, and the first event that is wrong is named."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.datasets.event_order import Locate

_MOST_STEPS = 10**6


def event_column(name: str, x: Any, length: int, locate: Locate) -> np.ndarray:
    """Requires finite numbers, one entry for each event. R events.

    Args:
      name: of the column; "time" and "step" must not be bool.
      x: what came.
      length: R.
      locate: says where an event is.

    Returns:
      `[R, ...]`.

    Raises:
      DataError: (also a ValueError) it is something else.
    """
    x = np.asarray(x)
    if x.ndim < 1 or len(x) != length:
        raise DataError(
            f"History: '{name}' must have one value for each of {length} events, "
            f"got {list(x.shape)}; bring columns of one table"
        )
    if x.dtype.kind not in ("iuf" if name in ("time", "step") else "biuf"):
        raise DataError(
            f"History: '{name}' must be numbers, got {x.dtype}; number the names from 0, and let "
            "times be numbers of one unit"
        )
    if x.dtype.kind == "f":
        bad = np.flatnonzero(~np.isfinite(x.reshape(length, -1)).all(axis=1))
        if len(bad):
            raise DataError(
                f"{locate(int(bad[0]))}: '{name}' must be finite, got {x[bad[0]]} "
                f"({len(bad)} such events); leave these rows out"
            )
    return x


def filler_of(name: str, filler: Any, events: np.ndarray) -> Any:
    """Returns a filler in the dtype of its field, which has to hold it as it is.

    Args:
      name: of the field.
      filler: what came.
      events: `[R, ...]` the field.

    Raises:
      ConfigError: (also a ValueError) the field cannot hold it.
    """
    given = np.asarray(filler)
    if given.dtype.kind in "biuf" and np.isfinite(given).all():
        with np.errstate(over="ignore"):
            held = given.astype(events.dtype)
        kept = np.isfinite(held) if events.dtype.kind == "f" else held == given
        if kept.all() and _fits(given.shape, events.shape[1:]):
            return held[()]
    raise ConfigError(
        f"History: the filler of '{name}' must be a finite number that {events.dtype} "
        f"{list(events.shape[1:])} can hold, got {filler!r}; fill with a value that the field may "
        "have"
    )


def _fits(shape: tuple[int, ...], event: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, event) == event
    except ValueError:
        return False


def whole_steps(step: np.ndarray, locate: Locate) -> np.ndarray:
    """Requires steps from 0, below a million: histories hold them all, the empty ones too.

    Args:
      step: `[R]` numbers.
      locate: says where an event is.

    Returns:
      `[R]` int64.

    Raises:
      DataError: (also a ValueError) they are something else.
    """
    wrong = np.flatnonzero((step < 0) | (step != np.floor(step)) | (step >= _MOST_STEPS))
    if len(wrong):
        raise DataError(
            f"{locate(int(wrong[0]))}: 'step' must be a whole number from 0 to {_MOST_STEPS - 1}, "
            f"got {step[wrong[0]]}; number the steps from 0, or give it as time"
        )
    return step.astype(np.int64)
