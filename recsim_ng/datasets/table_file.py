"""The cells of a CSV or Parquet file, as they stand there."""

from __future__ import annotations

import csv
import gzip
import pathlib
import re
from collections.abc import Iterator
from typing import IO, Any

from recsim_ng.core.errors import DataError

WHITESPACE = r"\s+"


def read_text(path: pathlib.Path, delimiter: str, encoding: str, has_header: bool) -> Any:
    """Reads the cells of a text file.

    Args:
      path: the file.
      delimiter: what stands between two cells: any text, or `WHITESPACE`.
      encoding: of the text.
      has_header: whether the first line names the columns; else they are numbered from 0.

    Returns:
      A pandas DataFrame of text.

    Raises:
      DataError: (also a ValueError) the file is empty, damaged or of another encoding, a line
        has more cells than the first, or a cell has the character NUL.
    """
    import pandas as pd

    is_regular = delimiter == WHITESPACE or len(delimiter) == 1
    options: dict[str, Any] = {
        "sep": delimiter if is_regular else re.escape(delimiter),
        "engine": "c" if is_regular else "python",
        "header": None,  # the names are a row like others, so that pandas changes none of them
        "dtype": str,
        "na_filter": False,
    }
    try:
        with open_text(path, encoding) as file:
            _refuse_nul(path, file)
        with open_text(path, encoding) as file:
            frame = pd.read_csv(file, **options)
    except pd.errors.EmptyDataError as error:
        raise DataError(
            f"{path}: must have at least one row, got an empty file; name another"
        ) from error
    except pd.errors.ParserError as error:
        said = str(error).removeprefix("Error tokenizing data. C error: ").strip()
        raise DataError(
            f"{path}: every line must have as many cells as the first, got '{said}'; "
            "mend the file, or name another delimiter"
        ) from error
    except UnicodeError as error:
        said = getattr(error, "reason", str(error))
        raise DataError(
            f"{path}: must be {encoding} text, got {said}; name its encoding"
        ) from error
    except (OSError, EOFError) as error:
        raise DataError(
            f"{path}: must be readable and whole, got {error}; fetch it anew"
        ) from error
    if has_header:
        frame.columns = [str(name) for name in frame.iloc[0]]
        frame = frame.iloc[1:]
    return frame


def _refuse_nul(path: pathlib.Path, file: IO[str]) -> None:
    """Refuses NUL, at which pandas ends a cell without a word."""
    line = 1
    while chunk := file.read(2**20):
        at = chunk.find("\0")
        if at >= 0:
            line += chunk.count("\n", 0, at)
            raise DataError(
                f"{path}, line {line}: must be text, got the character NUL; name the file's "
                "encoding, or take the character out"
            )
        line += chunk.count("\n")


def read_parquet(path: pathlib.Path) -> Any:
    """Reads a Parquet file.

    Args:
      path: the file.

    Returns:
      A pandas DataFrame.

    Raises:
      DataError: (also a ValueError) pyarrow is not installed, or the file is damaged.
    """
    import pandas as pd

    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise DataError(
            f"{path}: a Parquet file must be read with pyarrow, got none installed; "
            "run `pip install pyarrow`, or bring the table as CSV"
        ) from error
    try:
        return pd.read_parquet(path, engine="pyarrow")
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
        raise DataError(f"{path}: must be a Parquet file, got '{error}'; fetch it anew") from error


def open_text(path: pathlib.Path, encoding: str) -> IO[str]:
    """Opens a text file, perhaps one compressed by gzip.

    Args:
      path: the file; compressed if it ends with .gz.
      encoding: of the text.
    """
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return open(path, encoding=encoding, newline="")


def line_numbers(file: IO[str], delimiter: str) -> Iterator[int]:
    """Yields the line, from 1, that each record starts on; a quoted cell may span several.

    Args:
      file: opened at its start.
      delimiter: what stands between two cells.
    """
    if len(delimiter) > 1:
        yield from (number for number, line in enumerate(file, 1) if line.strip())
        return
    reader, start = csv.reader(file, delimiter=delimiter), 1
    for record in reader:
        if record:
            yield start
        start = reader.line_num + 1
