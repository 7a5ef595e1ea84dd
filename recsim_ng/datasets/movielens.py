"""Reads MovieLens ratings from a folder on this machine.

Four layouts are understood:

  * atomic: `ml-100k.inter`, `ml-100k.item`, `ml-100k.user` (or another name before the dot),
    tab-separated, with a first line of `name:type`;
  * GroupLens' own: `u.data`, `u.item`, `u.user`;
  * that of later sets: `ratings.csv` and `movies.csv`, or (1M, 10M) `ratings.dat` and `movies.dat`.

The data set is for research and may not be redistributed, so none of it is part of this package:
`recsim-ng data movielens-100k DIR` puts the files into a folder.

Source: Harper and Konstan, The MovieLens Datasets, ACM TiiS 5(4), 2015.
"""

from __future__ import annotations

import os
import pathlib

import numpy as np

from recsim_ng.core.errors import DataError
from recsim_ng.datasets import grouplens, movielens_tables
from recsim_ng.datasets.delimited import DelimitedFile, read_delimited
from recsim_ng.datasets.ratings import Ratings
from recsim_ng.datasets.ratings_log import RatingsLog, build_ratings
from recsim_ng.datasets.table_argument import require_path

_GENRE_COLUMNS = ("class", "genre", "genres")


def read_movielens(directory: str | os.PathLike[str]) -> Ratings:
    """Reads a MovieLens data set.

    Args:
      directory: the folder that holds its files, in one of the layouts above.

    Returns:
      The ratings, checked and indexed: users and items in the order of their files.

    Raises:
      DataError: (also a ValueError) the folder or a file is missing, empty, cut off, or has the
        wrong columns; a rating is not a number from 1 to 5 (of later sets from 0.5); a pair of user
        and item occurs twice; a user or item is unknown to its own file; a user has no ratings. The
        message names file, line and remedy.
    """
    require_path("read_movielens", directory)
    folder = pathlib.Path(os.path.expanduser(directory))
    remedy = (
        f"mend it, or delete it and fetch it anew with `recsim-ng data movielens-100k {folder}`"
    )
    if not os.path.isdir(folder):  # which says no, also of names that no file can have
        problem = "a file" if os.path.exists(folder) else "nothing there"
        raise DataError(
            f"{folder}: must be a folder with MovieLens files, got {problem}; "
            f"name the right one, or fetch them with `recsim-ng data movielens-100k DIR`"
        )
    if (folder / "u.data").exists():
        return build_ratings(grouplens.read_log(folder, remedy))
    if (folder / "ratings.csv").exists():
        return movielens_tables.read_csv(folder)
    if (folder / "ratings.dat").exists():
        return movielens_tables.read_dat(folder)
    return build_ratings(_read_atomic(folder, remedy))


def _read_atomic(folder: pathlib.Path, remedy: str) -> RatingsLog:
    logs = sorted(folder.glob("*.inter"))
    if len(logs) != 1:
        found = ", ".join(path.name for path in logs) if logs else "none"
        raise DataError(
            f"{folder}: must hold one file of ratings, ml-100k.inter, u.data, ratings.csv or "
            f"ratings.dat, got {found}; "
            f"fetch the files with `recsim-ng data movielens-100k {folder}`"
        )
    path = logs[0]
    interactions = _read_columns(path, remedy, "user_id", "item_id", "rating", "timestamp")
    items = _read_columns(path.with_suffix(".item"), remedy, "item_id", "movie_title")
    users = _read_columns(path.with_suffix(".user"), remedy, "user_id")
    genre_column = _one_of(items, _GENRE_COLUMNS)
    years = items.optional_text(_one_of(items, ("release_year",)))
    known = np.array([year.isascii() and year.isdigit() and len(year) <= 4 for year in years])
    return RatingsLog(
        interactions=interactions,
        items=items,
        users=users,
        titles=tuple(items.optional_text("movie_title")),
        year=np.array([int(y) if ok else 0 for y, ok in zip(years, known, strict=True)]),
        year_known=known,
        genres=tuple(tuple(text.split()) for text in items.optional_text(genre_column)),
    )


def _read_columns(path: pathlib.Path, remedy: str, *needed: str) -> DelimitedFile:
    file = read_delimited(path, "\t", columns=None, remedy=remedy)
    for name in needed:
        _one_of(file, (name,))
    return file


def _one_of(file: DelimitedFile, names: tuple[str, ...]) -> str:
    for name in names:
        if name in file.columns:
            return name
    raise DataError(
        f"{file.path}, line 1: must name a column '{names[0]}', got {list(file.columns)}; "
        f"{file.remedy}"
    )
