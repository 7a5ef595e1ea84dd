"""Histories out of any table of events."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.datasets.history import History
from recsim_ng.datasets.table import read_table
from recsim_ng.datasets.table_argument import mapping_of
from recsim_ng.datasets.vocabulary import index_names


def read_history(
    path: str | os.PathLike[str],
    *,
    user: str | int,
    time: str | int | None = None,
    step: str | int | None = None,
    numbers: Mapping[str, str | int] | None = None,
    names: Mapping[str, str | int] | None = None,
    users: Sequence[str] | None = None,
    vocabularies: Mapping[str, Sequence[str]] | None = None,
    fillers: Mapping[str, Any] | None = None,
    sort: bool = True,
    ties: bool = False,
    delimiter: str | None = None,
    encoding: str = "utf-8",
) -> tuple[History, dict[str, tuple[str, ...]]]:
    """Reads a log of events, one a row, into histories.

    Args:
      path: a CSV or Parquet file, as `read_table` takes it.
      user: the column that says who; by its name, or, in a file whose first line names none, by its
        number from 0, like the others.
      time: the column that says when, in numbers or ISO 8601; orders each user's events.
      step: in place of time, the column with each event's step, from 0.
      numbers: our field name -> the column; float32, so to seven digits: an identifier is a name.
      names: our field name -> the column, whose names are numbered from 0; int32.
      users: the users that may occur, in order; None: those that do.
      vocabularies: our field name -> the names that may occur in it, in order; those that do if it
        is not among them.
      fillers: our field name -> what it holds where nothing happened; 0 if not given.
      sort: rows may stand in any order; False: each user's must be in the order of time.
      ties: events of a user at one time stay in the order of the rows; False: they are refused.
      delimiter: what stands between two cells of a text file; None: told by the suffix.
      encoding: of a text file.

    Returns:
      The histories (time in microseconds since 1970-01-01 UTC), and for each field of names these.

    Raises:
      DataError: (also a ValueError) the file lacks a column; a cell is empty, NaN or no number; a
        user or name is unknown; a user's rows are unsorted, or two are at one time or step.
      ConfigError: (also a ValueError) both time and step are given, two columns have one name, or
        an argument is of another type.
    """
    numbers, names, vocabularies = (
        mapping_of("read_history", name, x)
        for name, x in (("numbers", numbers), ("names", names), ("vocabularies", vocabularies))
    )
    if time is not None and step is not None:
        raise ConfigError("read_history: time or step must be given, not both, got both; leave one")
    for name in set(numbers) & set(names):
        raise ConfigError(
            f"read_history: a field must be of numbers or of names, got '{name}' in both; leave one"
        )
    for name in vocabularies:
        check.one_of("read_history", "vocabularies", name, names)
    columns = {"user": user}
    columns |= {} if time is None else {"__time": time}
    columns |= {} if step is None else {"__step": step}
    for name in columns.keys() & {*numbers, *names}:
        raise ConfigError(f"read_history: a field must not be called '{name}'; name it otherwise")
    table = read_table(
        path, {**columns, **numbers, **names}, delimiter=delimiter, encoding=encoding
    )
    index, user_ids = index_names(table, "user", users)
    fields: dict[str, np.ndarray] = {}
    for name in numbers:
        fields[name] = table.singles(name)
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        fields[name], found[name] = index_names(table, name, vocabularies.get(name))
    history = History.from_events(
        index,
        fields,
        user_ids,
        time=None if time is None else table.times("__time"),
        step=None if step is None else table.whole("__step", 0, 2**31 - 1),
        fillers=fillers,
        sort=sort,
        ties=ties,
        locate=table.where,
    )
    return history, found
