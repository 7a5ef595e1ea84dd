"""Reads the purchases of CDNOW: all by 23,570 people who first bought early in 1997.

`recsim-ng data cdnow DIR` puts the file into a folder.

Source: Fader and Hardie, Forecasting Repeat Sales at CDNOW, Interfaces 31(3), 2001.
"""

from __future__ import annotations

import os
import pathlib

import numpy as np

from recsim_ng.core.errors import DataError
from recsim_ng.datasets.purchases import Purchases
from recsim_ng.datasets.table import Table, read_table
from recsim_ng.datasets.table_argument import require_path
from recsim_ng.datasets.table_file import WHITESPACE
from recsim_ng.datasets.vocabulary import index_names

_COLUMNS = ("customer_id", "date", "number_of_cds", "dollar_value")
_NAMES = ("customer", "date", "count", "amount")
_DAY_US = 86_400 * 10**6
_DATE = "%Y%m%d"


def read_cdnow(path: str | os.PathLike[str]) -> Purchases:
    """Reads purchases in the format of `CDNOW_master.txt`.

    Args:
      path: the file: customer, date (YYYYMMDD), number of things and dollars, with spaces between,
        with or without a first line that names the columns customer_id, date, number_of_cds,
        dollar_value. Rows may stand in any order.

    Returns:
      The purchases, in the order of customers and days.

    Raises:
      DataError: (also a ValueError) the file is missing, damaged or lacks a column; a date is none,
        a number of things is not at least 1 or an amount not at least 0.
    """
    require_path("read_cdnow", path)
    table = _read(path)
    customer, customer_ids = index_names(table, "customer", None)
    day = table.times("date", date_format=_DATE) // _DAY_US
    count = table.whole("count", 1, 2**31 - 1).astype(np.int32)
    amount = table.singles("amount", 0)
    order = np.lexsort((day, customer))
    first, last = int(day.min()), int(day.max())
    return Purchases(
        customer=customer[order],
        day=(day[order] - first).astype(np.int32),
        count=count[order],
        amount=amount[order],
        customer_ids=customer_ids,
        first_day=np.datetime64(first, "D"),
        num_days=last - first + 1,
    )


def _read(path: str | os.PathLike[str]) -> Table:
    file = pathlib.Path(os.path.expanduser(path))
    numbered = dict(zip(_NAMES, range(4), strict=True))
    table = read_table(file, numbered, delimiter=WHITESPACE)
    if str(table.cells["customer"][0]).isdigit():
        return table
    try:
        return read_table(file, dict(zip(_NAMES, _COLUMNS, strict=True)), delimiter=WHITESPACE)
    except DataError as error:
        raise DataError(f"{error}; fetch the file with `recsim-ng data cdnow DIR`") from error
