"""Histories in two: what a model may learn from, and what it is judged by."""

from __future__ import annotations

import dataclasses

import numpy as np

from recsim_ng.core import check
from recsim_ng.core.errors import DataError
from recsim_ng.datasets.history import History


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """Two histories of the same users and steps; each event is in one of them.

    Attributes:
      train: what a model may learn from; what is held out is masked and its fields forgotten.
      held_out: what it is judged by, at the steps where it happened.
    """

    train: History
    held_out: History

    def __repr__(self) -> str:
        return f"Split(train={self.train!r}, held_out={self.held_out!r})"


def split_last(history: History, num_events: int = 1) -> Split:
    """Holds out each user's last events; a user who has no more than these keeps all for training.

    Args:
      history: of which.
      num_events: how many of each user.

    Returns:
      The two parts.

    Raises:
      ConfigError: (also a ValueError) num_events is no whole number of at least 1.
      DataError: (also a ValueError) no user has more.
    """
    check.instance("split_last", "history", history, History)
    check.whole("split_last", "num_events", num_events, 1)
    count = history.events_per_user
    return _split("split_last", history, np.where(count > num_events, num_events, 0))


def split_last_fraction(history: History, fraction: float = 0.2) -> Split:
    """Holds out a fraction of each user's events, the last, rounded down.

    Args:
      history: of which.
      fraction: of each user's events, above 0, below 1.

    Returns:
      The two parts.

    Raises:
      ConfigError: (also a ValueError) fraction is no number within 0..1.
      DataError: (also a ValueError) nothing is held out.
    """
    check.instance("split_last_fraction", "history", history, History)
    check.real("split_last_fraction", "fraction", fraction, 0, 1)
    count = np.floor(history.events_per_user * fraction + 1e-9).astype(np.int64)
    return _split("split_last_fraction", history, count)


def split_by_time(history: History, time: float) -> Split:
    """Holds out what happened at a time or later.

    Args:
      history: of which; its time must be known.
      time: in the unit of the histories' time.

    Returns:
      The two parts.

    Raises:
      ConfigError: (also a ValueError) time is no number.
      DataError: (also a ValueError) time is not known, or one of the parts is empty.
    """
    check.instance("split_by_time", "history", history, History)
    check.real("split_by_time", "time", time)
    if history.time is None:
        raise DataError(
            "split_by_time: the histories must have times, got none; make them with time=, or use "
            "split_last"
        )
    return _parts("split_by_time", history, history.time >= time)


def split_at_random(history: History, fraction: float = 0.1, *, seed: int) -> Split:
    """Holds out a fraction of all events, drawn at random.

    Args:
      history: of which.
      fraction: of all events, above 0, below 1; exactly so, to rounding.
      seed: the same seed draws the same events.

    Returns:
      The two parts.

    Raises:
      ConfigError: (also a ValueError) fraction is no number within 0..1, or seed no whole number.
      DataError: (also a ValueError) one of the parts is empty.
    """
    check.instance("split_at_random", "history", history, History)
    check.real("split_at_random", "fraction", fraction, 0, 1)
    check.whole("split_at_random", "seed", seed, 0, 2**62)
    events = np.flatnonzero(history.mask)
    order = np.random.Generator(np.random.PCG64(seed)).permutation(events)
    held_out = np.zeros(history.mask.size, bool)
    held_out[order[: round(fraction * len(events))]] = True
    return _parts("split_at_random", history, held_out.reshape(history.mask.shape))


def _split(where: str, history: History, num_held_out: np.ndarray) -> Split:
    """Holds out each user's last num_held_out `[U]` events."""
    left = np.cumsum(history.mask[::-1], axis=0)[::-1]  # events from here on, this one included
    return _parts(where, history, left <= num_held_out)


def _parts(where: str, history: History, held_out: np.ndarray) -> Split:
    split = Split(history.where(~held_out), history.where(held_out))
    for name in ("train", "held_out"):
        if not getattr(split, name).num_events:
            raise DataError(
                f"{where}: both parts must have events, got none in {name}; "
                "hold out more or less, or bring longer histories"
            )
    return split
