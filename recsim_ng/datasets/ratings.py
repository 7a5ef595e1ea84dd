"""Ratings: who rated what, how and when, and what is known of the items."""

from __future__ import annotations

import dataclasses

import numpy as np

from recsim_ng.datasets.history import History


@dataclasses.dataclass(frozen=True, eq=False)
class Ratings:
    """A log of ratings, checked and indexed. R ratings, U users, D items, K genres.

    The readers of this package make it. Users and items are numbered from 0 in the order of their
    own files, so `user_ids[user[r]]` and `titles[item[r]]` say who rated what. Of a log that says
    no more than who rated what, the titles are the items' names, no year is known, and K is 0.

    Attributes:
      user: `[R]` int32 index of the person who rated.
      item: `[R]` int32 index of the item rated.
      rating: `[R]` float32 rating, within `scale`; MovieLens: 1 to 5 stars.
      timestamp: `[R]` int64 when, in seconds since 1970-01-01 UTC; 0, and not to be read, where
        `timestamp_known` is False.
      user_ids: U names of people, as in the file.
      item_ids: D names of items, as in the file.
      titles: D titles.
      year: `[D]` int32 year of release; 0, and not to be read, where `year_known` is False.
      year_known: `[D]` bool whether the year of release is known.
      genre_names: K names, in alphabetical order; "unknown" is not a genre.
      genres: `[D, K]` bool which genres an item has: none, one or several.
      scale: the lowest and the highest rating that can be given.
      timestamp_known: whether the log says when.
    """

    user: np.ndarray
    item: np.ndarray
    rating: np.ndarray
    timestamp: np.ndarray
    user_ids: tuple[str, ...]
    item_ids: tuple[str, ...]
    titles: tuple[str, ...]
    year: np.ndarray
    year_known: np.ndarray
    genre_names: tuple[str, ...]
    genres: np.ndarray
    scale: tuple[float, float] = (1.0, 5.0)
    timestamp_known: bool = True

    @property
    def num_ratings(self) -> int:
        """R."""
        return len(self.rating)

    @property
    def num_users(self) -> int:
        """U."""
        return len(self.user_ids)

    @property
    def num_items(self) -> int:
        """D."""
        return len(self.item_ids)

    @property
    def ratings_per_user(self) -> np.ndarray:
        """`[U]` int64 number of ratings that each person gave."""
        return np.bincount(self.user, minlength=self.num_users)

    @property
    def ratings_per_item(self) -> np.ndarray:
        """`[D]` int64 number of ratings that each item got: its popularity."""
        return np.bincount(self.item, minlength=self.num_items)

    def history(self) -> History:
        """Returns each person's ratings in the order of time; T is the most that anybody gave.

        Ratings of one second, and all of a log without times, stay in the order of the log.

        Returns:
          Histories with the fields "item" int32 and "rating" float32, both `[T, U]`, and times in
          seconds.
        """
        return History.from_events(
            self.user,
            {"item": self.item, "rating": self.rating},
            self.user_ids,
            time=self.timestamp if self.timestamp_known else None,
            ties=True,
        )

    def __repr__(self) -> str:
        return (
            f"Ratings({self.num_ratings} ratings of {self.num_items} items by "
            f"{self.num_users} users, {len(self.genre_names)} genres)"
        )
