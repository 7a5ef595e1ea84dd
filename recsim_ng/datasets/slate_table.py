"""Slates out of any table of impressions."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.datasets.slate_log import SlateLog
from recsim_ng.datasets.table import Table, read_table
from recsim_ng.datasets.table_argument import mapping_of
from recsim_ng.datasets.vocabulary import index_names

_TINY = float(np.finfo(np.float64).tiny)
_KEYS = ("slate_id", "user", "time")


def read_slates(
    path: str | os.PathLike[str],
    *,
    item: str | int,
    position: str | int,
    click: str | int,
    propensity: str | int,
    slate_id: str | int | None = None,
    user: str | int | None = None,
    time: str | int | None = None,
    features: Mapping[str, str | int] | None = None,
    categories: Mapping[str, str | int] | None = None,
    first_position: int = 1,
    items: Sequence[str] | None = None,
    users: Sequence[str] | None = None,
    delimiter: str | None = None,
    encoding: str = "utf-8",
) -> SlateLog:
    """Reads impressions, one a row, from a CSV or Parquet file, and puts them into slates.

    Rows are of one slate if they have the same slate_id, user and time, of what is given; with
    neither slate_id nor time each row is a slate of its own.

    Args:
      path: the file, as `read_table` takes it.
      item: the column that says what was shown; by its name, or, in a file whose first line names
        none, by its number from 0, like the others.
      position: the column that says where, a whole number.
      click: the column with 1 or true where it was clicked, else 0 or false.
      propensity: the column with the probability of showing this item there.
      slate_id: the column that says which rows are one slate; None: not known.
      user: the column that says to whom; None: not known.
      time: the column that says when: seconds since 1970-01-01 UTC, or ISO 8601; None: not known.
      features: a name of ours -> a column of numbers.
      categories: a name of ours -> a column of names.
      first_position: what the file calls the first position.
      items: the items that may occur, in order; None: those that do.
      users: the users that may occur, in order; None: those that do.
      delimiter: what stands between two cells of a text file; None: told by the suffix.
      encoding: of a text file.

    Returns:
      The slates.

    Raises:
      DataError: (also a ValueError) the file lacks a column; a cell is empty, NaN or no number; a
        propensity is not above 0 and at most 1; an item or user is unknown; a position is filled,
        or an item shown, twice in one slate.
      ConfigError: (also a ValueError) first_position is no whole number, or two columns of ours
        have one name.
    """
    check.whole("read_slates", "first_position", first_position, 0)
    features = mapping_of("read_slates", "features", features)
    categories = mapping_of("read_slates", "categories", categories)
    columns: dict[str, str | int] = {
        "item": item,
        "position": position,
        "click": click,
        "propensity": propensity,
    }
    for name, column in zip(_KEYS, (slate_id, user, time), strict=True):
        if column is not None:
            columns[name] = column
    for name in {*features} & {*columns, *categories} | {*categories} & {*columns}:
        raise ConfigError(
            f"read_slates: each column must have a name of its own, got '{name}' twice; "
            "name the feature otherwise"
        )
    table = read_table(
        path, {**columns, **features, **categories}, delimiter=delimiter, encoding=encoding
    )
    return slates_of(
        table,
        features=tuple(features),
        categories=tuple(categories),
        first_position=first_position,
        items=items,
        users=users,
    )


def slates_of(
    table: Table,
    *,
    features: Sequence[str],
    categories: Sequence[str],
    first_position: int,
    items: Sequence[str] | None,
    users: Sequence[str] | None,
) -> SlateLog:
    """Checks and indexes a table of impressions.

    Args:
      table: with the columns item, position, click, propensity, and perhaps slate_id, user, time.
      features: its columns of numbers.
      categories: its columns of names.
      first_position: what the file calls the first position.
      items: the items that may occur, in order; None: those that do.
      users: the users that may occur, in order; None: those that do.

    Returns:
      The slates.

    Raises:
      DataError: (also a ValueError) as `read_slates` says.
    """
    rows = table.num_rows
    item, item_ids = index_names(table, "item", items)
    position = (table.whole("position", first_position, 10**6) - first_position).astype(np.int32)
    propensity = table.numbers("propensity", _TINY, 1)
    click = table.flags("click")
    keys: list[np.ndarray] = []
    user: np.ndarray = np.zeros(rows, np.int32)
    user_ids: tuple[str, ...] = ("",)
    if "slate_id" in table.cells:
        keys.append(index_names(table, "slate_id", None)[0])
    if "user" in table.cells:
        user, user_ids = index_names(table, "user", users)
    time = table.times("time") if "time" in table.cells else None
    if time is not None:
        keys.append(time)
    keys = [*keys, user] if keys else [np.arange(rows)]
    slate, first = _number(keys, time)
    _refuse_repeated(table, slate, position, "position", "be filled")
    _refuse_repeated(table, slate, item, "item", "be shown")
    values = [index_names(table, name, None) for name in categories]
    return SlateLog(
        slate=slate,
        item=item,
        position=position,
        click=click,
        propensity=propensity,
        item_ids=item_ids,
        num_positions=int(position.max()) + 1,
        user=user[first],
        user_ids=user_ids,
        time=None if time is None else time[first],
        features=_columns([table.singles(name) for name in features], rows, np.float32),
        feature_names=tuple(features),
        categories=_columns([index for index, _ in values], rows, np.int32),
        category_names=tuple(categories),
        category_values=tuple(names for _, names in values),
    )


def _number(keys: list[np.ndarray], time: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Each row's slate `[R]`, and each slate's first row `[N]`, in the order of time and rows."""
    group: np.ndarray = np.zeros(len(keys[0]), np.int64)
    for key in keys:
        different, index = np.unique(key, return_inverse=True)
        pair = group * len(different) + index  # below R^2
        _, first, group = np.unique(pair, return_index=True, return_inverse=True)
    order = np.argsort(first) if time is None else np.lexsort((first, time[first]))
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order))
    return rank[group], first[order]


def _refuse_repeated(
    table: Table, slate: np.ndarray, x: np.ndarray, column: str, verb: str
) -> None:
    pairs = slate * (int(x.max()) + np.int64(1)) + x
    _, first, inverse = np.unique(pairs, return_index=True, return_inverse=True)
    origin = first[inverse]
    repeats = np.flatnonzero(origin != np.arange(len(slate)))
    if len(repeats):
        row = int(repeats[0])
        raise table.fault(
            row,
            f"each {column} of a slate must {verb} once, got '{table.theirs[column]}' "
            f"{table.cells[column][row]} again, as in {table.where(int(origin[row]))} "
            f"({len(repeats)} such rows)",
            "leave all but one out, or name the column that tells slates apart",
        )


def _columns(columns: list[np.ndarray], rows: int, dtype: type) -> np.ndarray:
    if not columns:
        return np.zeros((rows, 0), dtype)
    return np.stack(columns, axis=1).astype(dtype)
