"""Purchases: who bought when, how much and for how much."""

from __future__ import annotations

import dataclasses

import numpy as np

from recsim_ng.datasets.history import History


@dataclasses.dataclass(frozen=True, eq=False)
class Purchases:
    """A log of purchases, checked and indexed. R purchases, U customers.

    Purchases are in the order of customers and days; several of one day stay as they were.

    Attributes:
      customer: `[R]` int32 index of who bought.
      day: `[R]` int32 when, in days since `first_day`.
      count: `[R]` int32 number of things bought.
      amount: `[R]` float32 what they cost together, in dollars.
      customer_ids: U names of customers, as in the file.
      first_day: the day of the first purchase of all.
      num_days: days from the first purchase of all to the last, both counted: the time observed.
    """

    customer: np.ndarray
    day: np.ndarray
    count: np.ndarray
    amount: np.ndarray
    customer_ids: tuple[str, ...]
    first_day: np.datetime64
    num_days: int

    @property
    def num_purchases(self) -> int:
        """R."""
        return len(self.day)

    @property
    def num_customers(self) -> int:
        """U."""
        return len(self.customer_ids)

    @property
    def purchases_per_customer(self) -> np.ndarray:
        """`[U]` int64 number of purchases of each customer."""
        return np.bincount(self.customer, minlength=self.num_customers)

    @property
    def gaps(self) -> np.ndarray:
        """`[R - U]` int32 days from a customer's purchase to the next; 0 on the same day."""
        return np.diff(self.day)[np.diff(self.customer) == 0]

    def __repr__(self) -> str:
        return (
            f"Purchases({self.num_purchases} purchases by {self.num_customers} customers in "
            f"{self.num_days} days from {self.first_day})"
        )

    def by_day(self) -> Purchases:
        """Returns the purchases with those of one customer on one day taken together."""
        is_first = np.r_[True, (np.diff(self.customer) != 0) | (np.diff(self.day) != 0)]
        start = np.flatnonzero(is_first)
        return dataclasses.replace(
            self,
            customer=self.customer[start],
            day=self.day[start],
            count=np.add.reduceat(self.count, start),
            amount=np.add.reduceat(self.amount, start),
        )

    def history(self) -> History:
        """Returns each customer's purchases in the order of time; T is the most of any customer.

        Returns:
          Histories with the fields "gap" int32, days since the customer's purchase before and 0 at
          the first, "count" int32 and "amount" float32, all `[T, U]`, and times in days since
          `first_day`.
        """
        is_first = np.r_[True, np.diff(self.customer) != 0]
        gap = np.where(is_first, 0, np.diff(self.day, prepend=self.day[:1])).astype(np.int32)
        return History.from_events(
            self.customer,
            {"gap": gap, "count": self.count, "amount": self.amount},
            self.customer_ids,
            time=self.day,
            ties=True,
        )
