"""From the files of a ratings data set to Ratings: the checks across files."""

from __future__ import annotations

import dataclasses

import numpy as np

from recsim_ng.core.errors import DataError
from recsim_ng.datasets.delimited import DelimitedFile
from recsim_ng.datasets.ratings import Ratings

_UNKNOWN_GENRE = "unknown"
_LATEST = 2.0**40  # seconds: a time stamp beyond this is no date


@dataclasses.dataclass(frozen=True, eq=False)
class RatingsLog:
    """The three files of a data set, each read, not yet checked against each other.

    Attributes:
      interactions: rows with columns user_id, item_id, rating, timestamp.
      items: D rows with the column item_id.
      users: U rows with the column user_id.
      titles: D titles.
      year: `[D]` int years of release, 0 where unknown.
      year_known: `[D]` bool.
      genres: the names of each item's genres.
    """

    interactions: DelimitedFile
    items: DelimitedFile
    users: DelimitedFile
    titles: tuple[str, ...]
    year: np.ndarray
    year_known: np.ndarray
    genres: tuple[tuple[str, ...], ...]


def build_ratings(log: RatingsLog) -> Ratings:
    """Checks the files against each other and indexes them.

    Args:
      log: the files.

    Returns:
      The ratings; users and items are numbered in the order of their files.

    Raises:
      DataError: a name occurs twice in the file of users or items; a rating is not a number from
        1 to 5; a rating's user or item is unknown to its file; a pair of user and item is rated
        twice; a user has no ratings.
    """
    user_ids, user_index = _index(log.users, "user_id")
    item_ids, item_index = _index(log.items, "item_id")
    interactions = log.interactions
    rating = interactions.numbers("rating", 1, 5)
    timestamp = interactions.numbers("timestamp", 0, _LATEST)
    user = _lookup(interactions, "user_id", user_index, log.users)
    item = _lookup(interactions, "item_id", item_index, log.items)
    _refuse_duplicates(interactions, user, item, len(item_ids))
    _refuse_silent_users(log, user, user_ids)
    names = sorted({genre for genres in log.genres for genre in genres} - {_UNKNOWN_GENRE})
    return Ratings(
        user=user,
        item=item,
        rating=rating.astype(np.float32),
        timestamp=timestamp.astype(np.int64),
        user_ids=user_ids,
        item_ids=item_ids,
        titles=log.titles,
        year=log.year.astype(np.int32),
        year_known=log.year_known,
        genre_names=tuple(names),
        genres=np.array([[name in genres for name in names] for genres in log.genres], bool),
    )


def _index(file: DelimitedFile, column: str) -> tuple[tuple[str, ...], dict[str, int]]:
    names = file.text(column)
    index: dict[str, int] = {}
    for row, name in enumerate(names):
        first = index.setdefault(name, row)
        if first != row:
            raise file.fault(
                row,
                f"each '{column}' must occur once, got '{name}' again, "
                f"first on line {file.first_line + first}",
            )
    return tuple(names), index


def _lookup(
    file: DelimitedFile, column: str, index: dict[str, int], known: DelimitedFile
) -> np.ndarray:
    result = np.empty(len(file.rows), np.int32)
    for row, name in enumerate(file.text(column)):
        if name not in index:
            raise file.fault(row, f"'{column}' must be listed in {known.path.name}, got '{name}'")
        result[row] = index[name]
    return result


def _refuse_duplicates(
    file: DelimitedFile, user: np.ndarray, item: np.ndarray, num_items: int
) -> None:
    pairs = user.astype(np.int64) * num_items + item
    order = np.argsort(pairs, kind="stable")
    repeats = order[1:][pairs[order[1:]] == pairs[order[:-1]]]
    if not len(repeats):
        return
    row = int(repeats.min())
    first = int(np.flatnonzero(pairs == pairs[row])[0])
    names = dict(zip(file.columns, file.rows[row], strict=True))
    raise file.fault(
        row,
        f"each pair of user and item must be rated once, got user '{names['user_id']}', "
        f"item '{names['item_id']}' again, first on line {file.first_line + first} "
        f"({len(repeats)} such lines)",
    )


def _refuse_silent_users(log: RatingsLog, user: np.ndarray, user_ids: tuple[str, ...]) -> None:
    silent = np.flatnonzero(np.bincount(user, minlength=len(user_ids)) == 0)
    if not len(silent):
        return
    some = ", ".join(user_ids[index] for index in silent[:5])
    more = f" and {len(silent) - 5} more" if len(silent) > 5 else ""
    raise DataError(
        f"{log.users.path}: every user must have a rating in {log.interactions.path.name}, "
        f"got none of user {some}{more}; take them out of {log.users.path.name} if that is right, "
        f"since a taste cannot be estimated from nothing; else {log.users.remedy}"
    )
