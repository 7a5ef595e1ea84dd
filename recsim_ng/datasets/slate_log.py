"""SlateLog: what was shown where, whether it was clicked, and how probable it was to be shown."""

from __future__ import annotations

import dataclasses

import numpy as np

from recsim_ng.core import check
from recsim_ng.core.errors import DataError
from recsim_ng.datasets.history import History


@dataclasses.dataclass(frozen=True, eq=False)
class SlateLog:
    """A log of impressions in N slates, checked and indexed.

    R impressions, N slates, D items, S positions, F features, C categories.

    Attributes:
      slate: `[R]` int32 index of the slate; slates are numbered in the order of time, where that is
        known, else in the order of the rows.
      item: `[R]` int32 index of the item shown.
      position: `[R]` int32 where in the slate, from 0.
      click: `[R]` bool whether it was clicked.
      propensity: `[R]` float64 the probability with which the logging policy showed this item at
        this position, above 0, at most 1.
      item_ids: D names of items.
      num_positions: S.
      user: `[N]` int32 index of the person who saw each slate; all 0 where that is not known.
      user_ids: names of people; one, "", where they are not known.
      time: `[N]` int64 when each slate was shown, in microseconds since 1970-01-01 UTC; None: not
        known.
      features: `[R, F]` float32 what else is known, in numbers.
      feature_names: F names.
      categories: `[R, C]` int32 what else is known, as indices into `category_values`.
      category_names: C names.
      category_values: for each category, the names of its values.
    """

    slate: np.ndarray
    item: np.ndarray
    position: np.ndarray
    click: np.ndarray
    propensity: np.ndarray
    item_ids: tuple[str, ...]
    num_positions: int
    user: np.ndarray
    user_ids: tuple[str, ...]
    time: np.ndarray | None
    features: np.ndarray
    feature_names: tuple[str, ...]
    categories: np.ndarray
    category_names: tuple[str, ...]
    category_values: tuple[tuple[str, ...], ...]

    @property
    def num_impressions(self) -> int:
        """R."""
        return len(self.item)

    @property
    def num_slates(self) -> int:
        """N."""
        return len(self.user)

    @property
    def num_items(self) -> int:
        """D."""
        return len(self.item_ids)

    @property
    def click_rate(self) -> float:
        """The share of impressions that were clicked."""
        return float(np.mean(self.click))

    def __repr__(self) -> str:
        return (
            f"SlateLog({self.num_impressions} impressions of {self.num_items} items in "
            f"{self.num_slates} slates of {self.num_positions}, {int(self.click.sum())} clicks)"
        )

    def history(self, *, single_choice: bool = True) -> History:
        """Returns the slates as histories: each person's k-th slate stands at step k. U users.

        Where people are not known, all slates are one history: U is 1, and T is N.

        Args:
          single_choice: at most one item of a slate is clicked, and the field "choice" says which;
            False: there is no such field.

        Returns:
          Histories with the fields
            "item": `[T, U, S]` int32 index of the item, 0 at positions of which the log is silent;
            "shown": `[T, U, S]` bool whether the log says what stood there;
            "click": `[T, U, S]` bool;
            "propensity": `[T, U, S]` float32, 1 where nothing is known to have been shown;
            "choice": `[T, U]` int32 the position clicked, S if none;
            "features": `[T, U, S, F]` float32 and "categories": `[T, U, S, C]` int32, if there are
            any.

        Raises:
          DataError: (also a ValueError) two items of a slate are clicked: the first such slate is
            named.
        """
        check.flag("SlateLog.history", "single_choice", single_choice)
        fields = {
            "item": self._by_slate(self.item, 0),
            "shown": self._by_slate(np.ones(self.num_impressions, bool), False),
            "click": self._by_slate(self.click, False),
            "propensity": self._by_slate(self.propensity.astype(np.float32), 1),
        }
        axes: dict[str, tuple[str, ...]] = dict.fromkeys(fields, ("slate",))
        if single_choice:
            fields["choice"] = self._choice(fields["click"])
        for name, inner in (("features", "feature"), ("categories", "category")):
            if getattr(self, name).shape[1]:
                fields[name] = self._by_slate(getattr(self, name), 0)
                axes[name] = ("slate", inner)
        return History.from_events(
            self.user,
            fields,
            self.user_ids,
            time=self.time,
            ties=True,
            fillers={"propensity": 1} | ({"choice": self.num_positions} if single_choice else {}),
            axes=axes,
        )

    def _by_slate(self, x: np.ndarray, filler: object) -> np.ndarray:
        shape = (self.num_slates, self.num_positions, *x.shape[1:])
        result = np.full(shape, filler, x.dtype)
        result[self.slate, self.position] = x
        return result

    def _choice(self, click: np.ndarray) -> np.ndarray:
        several = np.flatnonzero(click.sum(axis=1) > 1)
        if len(several):
            slate = int(several[0])
            raise DataError(
                f"SlateLog.history: at most one item of a slate must be clicked, got "
                f"{click[slate].sum()} in slate {slate} ({len(several)} such slates); "
                "say single_choice=False"
            )
        none = np.int32(self.num_positions)
        return np.where(click.any(axis=1), click.argmax(axis=1), none).astype(np.int32)
