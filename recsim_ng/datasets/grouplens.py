"""GroupLens' own layout of MovieLens 100K: `u.data`, `u.item`, `u.user`."""

from __future__ import annotations

import pathlib
import re

import numpy as np

from recsim_ng.datasets.delimited import read_delimited
from recsim_ng.datasets.ratings_log import RatingsLog

GENRES = (
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
)
_DATA = ("user_id", "item_id", "rating", "timestamp")
_ITEM = ("item_id", "movie_title", "release_date", "video_release_date", "url", *GENRES)
_USER = ("user_id", "age", "gender", "occupation", "zip_code")


def read_log(folder: pathlib.Path, remedy: str) -> RatingsLog:
    """Reads the three files.

    Args:
      folder: where `u.data`, `u.item` and `u.user` lie.
      remedy: what to do about a fault; ends every message.

    Returns:
      What the files say, not yet checked against each other. A title loses its "(1995)"; the year
      is that of the release date ("01-Jan-1995"), where there is one.

    Raises:
      DataError: a file is missing, empty, cut off or has another number of columns.
    """
    items = read_delimited(folder / "u.item", "|", columns=_ITEM, remedy=remedy, encoding="latin-1")
    dates = [re.search(r"(\d{4})$", date) for date in items.optional_text("release_date")]
    flags = np.stack([items.numbers(genre, 0, 1) for genre in GENRES], axis=1)
    titles = items.optional_text("movie_title")
    return RatingsLog(
        interactions=read_delimited(folder / "u.data", "\t", columns=_DATA, remedy=remedy),
        items=items,
        users=read_delimited(
            folder / "u.user", "|", columns=_USER, remedy=remedy, encoding="latin-1"
        ),
        titles=tuple(re.sub(r"\s*\(\d{4}\)$", "", title) for title in titles),
        year=np.array([int(date[1]) if date else 0 for date in dates]),
        year_known=np.array([date is not None for date in dates]),
        genres=tuple(
            tuple(genre for genre, flag in zip(GENRES, row, strict=True) if flag) for row in flags
        ),
    )
