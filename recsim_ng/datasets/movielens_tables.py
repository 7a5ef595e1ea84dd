"""The layouts of later MovieLens sets: `ratings.csv`, `movies.csv`, or the same as `.dat`."""

from __future__ import annotations

import dataclasses
import pathlib
import re

import numpy as np

from recsim_ng.datasets.ratings import Ratings
from recsim_ng.datasets.ratings_table import ratings_of
from recsim_ng.datasets.table import Table, read_table

_NO_GENRES = "(no genres listed)"
_SCALE = (0.5, 5.0)
_RATINGS = {"user": "userId", "item": "movieId", "rating": "rating", "timestamp": "timestamp"}
_MOVIES = {"item": "movieId", "title": "title", "genres": "genres"}


def read_csv(folder: pathlib.Path) -> Ratings:
    """Reads `ratings.csv` and `movies.csv`, of MovieLens latest, 20M, 25M and 32M.

    Args:
      folder: where they lie.

    Returns:
      The ratings, 0.5 to 5 stars; items in the order of their file, users of their numbers.

    Raises:
      DataError: (also a ValueError) a file is missing, damaged or lacks a column; a rating is out
        of scale; a pair is rated twice; an item is unknown to `movies.csv`.
    """
    return _ratings(
        read_table(folder / "ratings.csv", _RATINGS), read_table(folder / "movies.csv", _MOVIES)
    )


def read_dat(folder: pathlib.Path) -> Ratings:
    """Reads `ratings.dat` and `movies.dat`, of MovieLens 1M and 10M: "::" between two cells.

    Args:
      folder: where they lie.

    Returns:
      The ratings, 0.5 to 5 stars; items in the order of their file, users of their numbers.

    Raises:
      DataError: (also a ValueError) as `read_csv`.
    """
    ratings = {name: column for column, name in enumerate(_RATINGS)}
    movies = {name: column for column, name in enumerate(_MOVIES)}
    return _ratings(
        read_table(folder / "ratings.dat", ratings, delimiter="::", encoding="latin-1"),
        read_table(folder / "movies.dat", movies, delimiter="::", encoding="latin-1"),
    )


def _ratings(rows: Table, movies: Table) -> Ratings:
    items = movies.names("item").tolist()
    titles = movies.names("title").tolist()
    listed = [text.split("|") if text != _NO_GENRES else [] for text in movies.names("genres")]
    names = sorted({genre for genres in listed for genre in genres})
    years = [re.search(r"\((\d{4})\)\s*$", title) for title in titles]
    return dataclasses.replace(
        ratings_of(rows, scale=_SCALE, users=None, items=items),
        titles=tuple(re.sub(r"\s*\(\d{4}\)\s*$", "", title) for title in titles),
        year=np.array([int(year[1]) if year else 0 for year in years], np.int32),
        year_known=np.array([year is not None for year in years]),
        genre_names=tuple(names),
        genres=np.array([[name in genres for name in names] for genres in listed], bool),
    )
