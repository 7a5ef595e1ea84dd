"""Where each event of a ragged log stands among its user's events: its step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recsim_ng.core.errors import DataError

Locate = Callable[[int], str]


def steps_in_time(user: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Returns each event's step: how many events of its user come before it.

    Args:
      user: `[R]` int, each event's user.
      time: `[R]` when each event happened; of two at one time the row that stands first is first.

    Returns:
      `[R]` int64.
    """
    order = np.lexsort((time, user))
    sorted_user = user[order]
    is_first = np.r_[True, sorted_user[1:] != sorted_user[:-1]]
    start = np.maximum.accumulate(np.where(is_first, np.arange(len(user)), 0))
    result = np.empty(len(user), np.int64)
    result[order] = np.arange(len(user)) - start
    return result


def refuse_unsorted(
    user: np.ndarray, when: np.ndarray, names: tuple[str, ...], locate: Locate, what: str
) -> None:
    """Requires each user's events to stand in the order of time.

    Args:
      user: `[R]` int, each event's user.
      when: `[R]` each event's time or step.
      names: U names of the users.
      locate: says where a row is.
      what: "time" or "step".

    Raises:
      DataError: (also a ValueError) they do not; the first such row is named, and how many.
    """
    order = np.argsort(user, kind="stable")
    same_user = user[order[1:]] == user[order[:-1]]
    back = np.flatnonzero(same_user & (when[order[1:]] < when[order[:-1]]))
    if len(back):
        row = int(order[1:][back].min())
        raise DataError(
            f"{locate(row)}: each user's events must be in the order of time, got user "
            f"'{names[user[row]]}' at {what} {when[row]} after a later one ({len(back)} such "
            "rows); sort the rows, or say sort=True"
        )


def refuse_repeated(
    user: np.ndarray, when: np.ndarray, names: tuple[str, ...], locate: Locate, what: str
) -> None:
    """Requires each user to have one event at a time or step.

    Args:
      user: `[R]` int, each event's user.
      when: `[R]` each event's time or step.
      names: U names of the users.
      locate: says where a row is.
      what: "time" or "step".

    Raises:
      DataError: (also a ValueError) a pair occurs twice; the first one is named, and how many.
    """
    order = np.lexsort((when, user))
    equal = (user[order[1:]] == user[order[:-1]]) & (when[order[1:]] == when[order[:-1]])
    repeats = np.flatnonzero(equal)
    if not len(repeats):
        return
    at = repeats[np.argmin(order[1:][repeats])]
    row = int(order[1:][at])
    keep = ", or say ties=True to keep the order of the rows" if what == "time" else ""
    raise DataError(
        f"{locate(row)}: each user must have one event at a {what}, got user "
        f"'{names[user[row]]}' again at {what} {when[row]}, as in {locate(int(order[at]))} "
        f"({len(repeats)} such rows); leave repeated rows out{keep}"
    )
