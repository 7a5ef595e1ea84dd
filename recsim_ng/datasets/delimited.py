"""A delimited text file with named columns, whose every fault is named with its line."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np

from recsim_ng.core.errors import DataError


@dataclasses.dataclass(frozen=True)
class DelimitedFile:
    """The rows of a text file, and where they came from.

    Attributes:
      path: the file.
      columns: names of the columns.
      rows: the fields of each row, as text.
      first_line: the line, counted from 1, that the first row stands on.
      remedy: what to do about a fault; ends every message.
    """

    path: pathlib.Path
    columns: tuple[str, ...]
    rows: list[list[str]]
    first_line: int
    remedy: str

    def where(self, row: int) -> str:
        """Says where a row is: "PATH, line N"."""
        return f"{self.path}, line {self.first_line + row}"

    def text(self, column: str) -> list[str]:
        """Returns a column as text.

        Raises:
          DataError: a field is empty.
        """
        index = self.columns.index(column)
        fields = [row[index] for row in self.rows]
        for row, field in enumerate(fields):
            if not field:
                raise self.fault(row, f"'{column}' must not be empty, got ''")
        return fields

    def optional_text(self, column: str) -> list[str]:
        """Returns a column as text, in which fields may be empty."""
        index = self.columns.index(column)
        return [row[index] for row in self.rows]

    def numbers(self, column: str, low: float, high: float) -> np.ndarray:
        """Returns a column as numbers.

        Args:
          column: its name.
          low: the smallest number allowed.
          high: the largest number allowed.

        Returns:
          `[rows]` float64.

        Raises:
          DataError: a field is not a number (NaN is none) or is out of range.
        """
        fields = self.optional_text(column)
        result = np.empty(len(fields))
        for row, field in enumerate(fields):
            try:
                number = float(field)
            except ValueError:
                number = np.nan
            if not low <= number <= high:
                raise self.fault(
                    row, f"'{column}' must be a number from {low:g} to {high:g}, got '{field}'"
                )
            result[row] = number
        return result

    def fault(self, row: int, what: str) -> DataError:
        """Makes the error of a row: what must hold there and what came."""
        return DataError(f"{self.where(row)}: {what}; {self.remedy}")


def read_delimited(
    path: pathlib.Path,
    separator: str,
    *,
    columns: tuple[str, ...] | None,
    remedy: str,
    encoding: str = "utf-8",
) -> DelimitedFile:
    """Reads a delimited text file.

    A last line with too few fields, or without its line break, means that the file was cut off;
    either is refused, since half a number or half a word would be read without complaint.

    Args:
      path: the file.
      separator: what stands between two fields.
      columns: the names of the columns; None: the first line names them, as `name:type`.
      remedy: what to do about a fault; ends every message.
      encoding: of the text.

    Returns:
      The file's rows, at least one.

    Raises:
      DataError: the file is missing, not readable, empty, cut off, or a line has another number
        of fields than there are columns.
    """
    if not path.is_file():
        got = "it is a folder" if path.is_dir() else "there is none"
        raise DataError(f"{path}: must be a file, {got}; {remedy}")
    try:
        text = path.read_text(encoding=encoding)
    except OSError as error:
        raise DataError(f"{path}: must be readable, got {error.strerror}; {remedy}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: must be {encoding} text, got {error.reason}; {remedy}") from error
    lines = text.split("\n")
    whole = lines[-1] == ""  # the last line ends with a line break
    while lines and not lines[-1].strip():
        lines.pop()
    first_line = 1
    if columns is None:
        header = lines.pop(0) if lines else ""
        columns = tuple(name.partition(":")[0] for name in header.split(separator))
        first_line = 2
    if not lines:
        raise DataError(f"{path}: must have at least one row, got an empty file; {remedy}")
    file = DelimitedFile(
        path, columns, [line.split(separator) for line in lines], first_line, remedy
    )
    last = len(lines) - 1
    for row, fields in enumerate(file.rows):
        if len(fields) != len(columns):
            cut = "; it is the last line: the file looks cut off" if row == last else ""
            raise file.fault(row, f"must have {len(columns)} fields, got {len(fields)}{cut}")
    if not whole:
        raise file.fault(
            last, "must end with a line break, got the end of the file: it looks cut off"
        )
    return file
