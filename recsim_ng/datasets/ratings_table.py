"""Ratings out of any table."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.datasets.ratings import Ratings
from recsim_ng.datasets.table import Table, read_table
from recsim_ng.datasets.vocabulary import index_names


def read_ratings(
    path: str | os.PathLike[str],
    *,
    user: str | int,
    item: str | int,
    rating: str | int,
    timestamp: str | int | None = None,
    scale: tuple[float, float] | None = None,
    users: Sequence[str] | None = None,
    items: Sequence[str] | None = None,
    delimiter: str | None = None,
    encoding: str = "utf-8",
) -> Ratings:
    """Reads ratings, one a row, from a CSV or Parquet file.

    Args:
      path: the file, as `read_table` takes it.
      user: the column that says who; by its name, or, in a file whose first line names none, by its
        number from 0, like the others.
      item: the column that says what.
      rating: the column with the rating, a number.
      timestamp: the column that says when: seconds since 1970-01-01 UTC, or ISO 8601; None: not
        known.
      scale: the lowest and the highest rating that can be given; None: that are.
      users: the users that may occur, in order; None: those that do.
      items: the items that may occur, in order; None: those that do.
      delimiter: what stands between two cells of a text file; None: told by the suffix.
      encoding: of a text file.

    Returns:
      The ratings, without titles, years or genres.

    Raises:
      DataError: (also a ValueError) the file lacks a column; a cell is empty, NaN, no number or out
        of scale; a user or item is unknown; a pair of user and item is rated twice.
      ConfigError: (also a ValueError) the scale is no pair of numbers, the lower one first.
    """
    columns = {"user": user, "item": item, "rating": rating}
    if timestamp is not None:
        columns["timestamp"] = timestamp
    table = read_table(path, columns, delimiter=delimiter, encoding=encoding)
    return ratings_of(table, scale=scale, users=users, items=items)


def ratings_of(
    table: Table,
    *,
    scale: tuple[float, float] | None,
    users: Sequence[str] | None,
    items: Sequence[str] | None,
) -> Ratings:
    """Checks and indexes a table of ratings.

    Args:
      table: with the columns user, item, rating and perhaps timestamp.
      scale: the lowest and the highest rating that can be given; None: that are.
      users: the users that may occur, in order; None: those that do.
      items: the items that may occur, in order; None: those that do.

    Returns:
      The ratings, without titles, years or genres.

    Raises:
      DataError: (also a ValueError) as `read_ratings` says.
      ConfigError: (also a ValueError) as `read_ratings` says.
    """
    if scale is not None and np.shape(scale) != (2,):
        raise ConfigError(f"read_ratings: scale must be a pair of numbers, got {scale!r}")
    low, high = (-np.inf, np.inf) if scale is None else scale
    for name, number in (("scale", low), ("scale", high)):
        check.real("read_ratings", name, number)
    if not low < high:
        raise ConfigError(
            f"read_ratings: scale must have its lower end first, got {scale}; such as (1, 5)"
        )
    rating = table.singles("rating", low, high)
    user, user_ids = index_names(table, "user", users)
    item, item_ids = index_names(table, "item", items)
    _refuse_repeated(table, user, item, user_ids, item_ids)
    is_timed = "timestamp" in table.cells
    seconds = table.times("timestamp") // 10**6 if is_timed else np.zeros(len(rating), np.int64)
    given = (float(rating.min()), float(rating.max()))
    return Ratings(
        user=user,
        item=item,
        rating=rating,
        timestamp=seconds,
        user_ids=user_ids,
        item_ids=item_ids,
        titles=item_ids,
        year=np.zeros(len(item_ids), np.int32),
        year_known=np.zeros(len(item_ids), bool),
        genre_names=(),
        genres=np.zeros((len(item_ids), 0), bool),
        scale=given if scale is None else (float(low), float(high)),
        timestamp_known=is_timed,
    )


def _refuse_repeated(
    table: Table,
    user: np.ndarray,
    item: np.ndarray,
    user_ids: tuple[str, ...],
    item_ids: tuple[str, ...],
) -> None:
    pairs = user.astype(np.int64) * len(item_ids) + item
    _, first, inverse = np.unique(pairs, return_index=True, return_inverse=True)
    repeats = np.flatnonzero(first[inverse] != np.arange(len(pairs)))
    if len(repeats):
        row = int(repeats[0])
        raise table.fault(
            row,
            f"each pair of user and item must be rated once, got user '{user_ids[user[row]]}', "
            f"item '{item_ids[item[row]]}' again, as in {table.where(int(first[inverse[row]]))} "
            f"({len(repeats)} such rows)",
            "leave all but one out",
        )
