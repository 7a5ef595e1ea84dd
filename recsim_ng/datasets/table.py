"""A table out of a CSV or Parquet file, whose every fault is named with line and column."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.datasets.table_argument import require_arguments
from recsim_ng.datasets.table_file import line_numbers, open_text, read_parquet, read_text

_DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_PARQUET = (".parquet", ".pq")
_GREATEST = float(np.finfo(np.float32).max)
_FLAGS = {"0": False, "1": True, "false": False, "true": True, "0.0": False, "1.0": True}
_EPOCH = "1970-01-01T00:00:00Z"
# From 1900 to 2200: a number beyond is no date in the unit that was said.
_EARLIEST, _LATEST = -(2.21e9), 7.26e9


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """Columns of a file, not yet checked; each method checks one and gives it its type. R rows.

    Attributes:
      path: the file.
      cells: our column name -> `[R]` cells as they stand in the file: text, of Parquet any type.
      theirs: our column name -> what the file calls it.
      delimiter: what stands between two cells; None: a Parquet file.
      has_header: whether the first line names the columns.
      encoding: of the text.
    """

    path: pathlib.Path
    cells: Mapping[str, np.ndarray]
    theirs: Mapping[str, str | int]
    delimiter: str | None
    has_header: bool
    encoding: str

    @property
    def num_rows(self) -> int:
        """R."""
        return len(next(iter(self.cells.values())))

    def names(self, column: str) -> np.ndarray:
        """Returns a column of names: text that is neither empty nor "nan".

        Args:
          column: our name of it.

        Returns:
          `[R]` object, each a str.

        Raises:
          DataError: (also a ValueError) a cell is empty or NaN.
        """
        text = self._text(column)
        if any(not name or name.lower() == "nan" for name in set(text.tolist())):
            wrong = [not name or name.lower() == "nan" for name in text]
            raise self._wrong(int(np.argmax(wrong)), column, "a name")
        return text

    def numbers(self, column: str, low: float = -np.inf, high: float = np.inf) -> np.ndarray:
        """Returns a column of finite numbers.

        Args:
          column: our name of it.
          low: the smallest allowed.
          high: the largest allowed.

        Returns:
          `[R]` float64.

        Raises:
          DataError: (also a ValueError) a cell is empty, NaN, no number or out of range.
        """
        numbers = self._numeric(column)
        self._check(column, numbers, low, high, "a number")
        return numbers.astype(np.float64)

    def singles(self, column: str, low: float = -np.inf, high: float = np.inf) -> np.ndarray:
        """Returns a column of finite numbers, rounded to seven digits.

        Args:
          column: our name of it.
          low: the smallest allowed.
          high: the largest allowed.

        Returns:
          `[R]` float32.

        Raises:
          DataError: (also a ValueError) a cell is empty, NaN, no number or out of range.
        """
        numbers = self.numbers(column, low, high)
        self._check(column, numbers, -_GREATEST, _GREATEST, "a number")
        return numbers.astype(np.float32)

    def whole(self, column: str, low: float = -(2**53), high: float = 2**53) -> np.ndarray:
        """Returns a column of whole numbers.

        Args:
          column: our name of it.
          low: the smallest allowed.
          high: the largest allowed.

        Returns:
          `[R]` int64.

        Raises:
          DataError: (also a ValueError) a cell is empty, no whole number or out of range.
        """
        numbers = self._numeric(column)
        self._check(column, numbers, low, high, "a whole number")
        wrong = np.flatnonzero(numbers != np.floor(numbers))
        if len(wrong):
            raise self._wrong(int(wrong[0]), column, f"a whole number{_range(low, high)}")
        return numbers.astype(np.int64)

    def flags(self, column: str) -> np.ndarray:
        """Returns a column of 0 and 1, or false and true.

        Args:
          column: our name of it.

        Returns:
          `[R]` bool.

        Raises:
          DataError: (also a ValueError) a cell is something else.
        """
        found = [_FLAGS.get(text.lower()) for text in self._text(column)]
        for row, flag in enumerate(found):
            if flag is None:
                raise self._wrong(row, column, "0 or 1, false or true")
        return np.array(found, bool)

    def times(self, column: str, unit_s: float = 1.0, date_format: str | None = None) -> np.ndarray:
        """Returns a column of times: numbers since 1970-01-01 UTC, or ISO 8601 dates and times.

        Args:
          column: our name of it.
          unit_s: the unit of numbers, in seconds; of milliseconds 1e-3. Times of ISO 8601 that name
            no zone are of UTC.
          date_format: how dates are written, such as "%Y%m%d"; None: as above.

        Returns:
          `[R]` int64 microseconds since 1970-01-01 UTC.

        Raises:
          DataError: (also a ValueError) a cell is neither, or not between the years 1900 and 2200,
            as it is if the unit is another.
        """
        import pandas as pd

        numbers = self._numeric(column)
        if date_format is not None or np.isnan(numbers).all():
            cells = pd.Series(self.cells[column])
            cells = cells if date_format is None else cells.astype(str)
            parsed = pd.to_datetime(
                cells, format=date_format or "ISO8601", utc=True, errors="coerce"
            )
            expected = f"a date {date_format}" if date_format else "a number or an ISO 8601 time"
            is_wrong = parsed.isna().to_numpy()
            if date_format is not None:  # pandas takes fewer digits than the format has
                is_wrong = is_wrong | (parsed.dt.strftime(date_format) != cells).to_numpy()
            if is_wrong.any():
                raise self._wrong(int(is_wrong.argmax()), column, expected)
            since = (parsed - pd.Timestamp(_EPOCH)) // pd.Timedelta("1us")
            is_far = ~since.between(_EARLIEST * 1e6, _LATEST * 1e6).to_numpy()
            if is_far.any():
                raise self._wrong(int(is_far.argmax()), column, f"{expected}, from 1900 to 2200")
            return since.to_numpy(np.int64)
        for row in np.flatnonzero(np.isnan(numbers))[:1]:
            other = pd.to_datetime(self.cells[column][row], utc=True, errors="coerce")
            if not pd.isna(other):
                raise self._wrong(int(row), column, "a number as others are, or all ISO 8601 times")
        low, high = _EARLIEST / unit_s, _LATEST / unit_s
        self._check(column, numbers, low, high, f"a time in units of {unit_s:g} s")
        return np.rint(numbers * (unit_s * 1e6)).astype(np.int64)

    def where(self, row: int) -> str:
        """Says where a row is: "PATH, line N", lines counted from 1; of Parquet "PATH, row N".

        Args:
          row: its index, from 0.

        Returns:
          The words.
        """
        if self.delimiter is None:
            return f"{self.path}, row {row + 1}"
        record = row + int(self.has_header)
        with open_text(self.path, self.encoding) as file:
            line = next(itertools.islice(line_numbers(file, self.delimiter), record, None))
        return f"{self.path}, line {line}"

    def fault(
        self, row: int, what: str, remedy: str = "mend the file, or leave the row out"
    ) -> Any:
        """Makes the error of a row.

        Args:
          row: its index, from 0.
          what: what must hold there and what came.
          remedy: what to do.

        Returns:
          The error, to be raised.
        """
        return DataError(f"{self.where(row)}: {what}; {remedy}")

    def _label(self, column: str) -> str:
        theirs = self.theirs[column]
        return f"column {theirs}" if isinstance(theirs, int) else f"'{theirs}'"

    def _text(self, column: str) -> np.ndarray:
        cells = self.cells[column]
        if self.delimiter is not None:
            return cells
        import pandas as pd

        empty = pd.isna(cells)
        return np.array([_name(c, e) for c, e in zip(cells, empty, strict=True)], object)

    def _numeric(self, column: str) -> np.ndarray:
        import pandas as pd

        cells = self.cells[column]
        is_time = cells.dtype.kind == "M" or isinstance(cells[0], datetime.datetime)
        if is_time:  # of Parquet, without or with a zone, which pandas would take for numbers
            return np.full(len(cells), np.nan)
        return np.asarray(pd.to_numeric(pd.Series(cells), errors="coerce").to_numpy())

    def _check(self, column: str, numbers: np.ndarray, low: float, high: float, what: str) -> None:
        right = np.isfinite(numbers) & (numbers >= low) & (numbers <= high)
        wrong = np.flatnonzero(~right)
        if len(wrong):
            raise self._wrong(int(wrong[0]), column, what + _range(low, high))

    def _wrong(self, row: int, column: str, expected: str) -> DataError:
        got = self.cells[column][row]
        return self.fault(row, f"{self._label(column)} must be {expected}, got '{got}'")


def read_table(
    path: str | os.PathLike[str],
    columns: Mapping[str, str | int] | None = None,
    *,
    delimiter: str | None = None,
    encoding: str = "utf-8",
) -> Table:
    """Reads columns of a CSV file (also one compressed by gzip) or a Parquet file.

    Args:
      path: the file: .csv, .tsv, .parquet, or another with a delimiter; .gz behind it is read too.
      columns: our column name -> the file's. Whole numbers count columns from 0 in a file whose
        first line names none. None: all columns, by the file's names.
      delimiter: what stands between two cells: any text, or `WHITESPACE`; None: told by the suffix.
      encoding: of a text file.

    Returns:
      The table, of at least one row.

    Raises:
      DataError: (also a ValueError) the file is missing, damaged or empty, or lacks a column; a
        line has too many cells; a Parquet file is to be read without pyarrow.
      ConfigError: (also a ValueError) the delimiter cannot be told by the suffix; no column is
        asked for, or some by name and some by number; an argument is of another type, or the
        encoding unknown.
    """
    require_arguments(path, columns, delimiter, encoding)
    file = pathlib.Path(os.path.expanduser(path))
    if not os.path.isfile(file):
        got = "a folder" if os.path.isdir(file) else "nothing there"
        raise DataError(f"{file}: must be a file, got {got}; name the right one")
    asked = None if columns is None else dict(columns)
    numbered = {isinstance(theirs, int) for theirs in (asked or {"": ""}).values()}
    if asked == {} or len(numbered) > 1:
        raise ConfigError(
            "read_table: columns must name at least one column, all by name or all by number, "
            f"got {asked}"
        )
    suffixes = [suffix.lower() for suffix in file.suffixes if suffix.lower() != ".gz"]
    suffix = suffixes[-1] if suffixes else ""
    has_header = numbered == {False}
    if delimiter is None and suffix in _PARQUET:
        frame = read_parquet(file)
    else:
        delimiter = _DELIMITERS.get(suffix) if delimiter is None else delimiter
        if not delimiter:
            raise ConfigError(
                f"read_table: delimiter must be given for '{file.name}', whose suffix is none of "
                f"{', '.join((*_DELIMITERS, *_PARQUET))}, got {delimiter!r}; "
                'say delimiter="," or another'
            )
        frame = read_text(file, delimiter, encoding, has_header)
    there = list(frame.columns)
    asked = {str(name): name for name in there} if asked is None else asked
    for ours, theirs in asked.items():
        if there.count(theirs) != 1:
            problem = "none" if theirs not in there else "several"
            raise DataError(
                f"{file}: must have one column {theirs!r}, for {ours}, got {problem}; "
                f"there are {there}: name another, or mend the file"
            )
    if not len(frame):
        raise DataError(f"{file}: must have at least one row, got none; name another file")
    cells = {ours: frame[theirs].to_numpy() for ours, theirs in asked.items()}
    if delimiter is not None:
        cells = {ours: cell.astype(object) for ours, cell in cells.items()}
    return Table(file, cells, asked, delimiter, has_header, encoding)


def _name(cell: Any, is_empty: bool) -> str:
    if is_empty:
        return ""
    whole = isinstance(cell, float | np.floating) and cell == np.floor(cell)
    return str(int(cell)) if whole else str(cell)


def _range(low: float, high: float) -> str:
    if np.isinf(low) and np.isinf(high):
        return ""
    if np.isinf(high):
        return f" of at least {low:g}"
    return f" from {low:g} to {high:g}"
