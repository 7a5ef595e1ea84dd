"""Arguments of the readers of tables: what they must be."""

from __future__ import annotations

import codecs
import os
from collections.abc import Mapping
from typing import Any

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError


def require_arguments(path: Any, columns: Any, delimiter: Any, encoding: Any) -> None:
    """Requires arguments of `read_table` to be of their types.

    Args:
      path: of the file.
      columns: our column name -> the file's, or None.
      delimiter: text, or None.
      encoding: the name of one.

    Raises:
      ConfigError: (also a ValueError) one is of another type, no delimiter can be what is given, or
        the encoding is unknown.
    """
    require_path("read_table", path)
    if delimiter is not None:
        check.instance("read_table", "delimiter", delimiter, str, 'such as ","')
        if not delimiter or set(delimiter) & set('\n\r"'):
            raise ConfigError(
                "read_table: delimiter must be text without line ends and quotes, got "
                f'{delimiter!r}; such as ","'
            )
    try:
        codecs.lookup(encoding)
    except (LookupError, TypeError, ValueError) as error:
        raise ConfigError(
            f"read_table: encoding must be one that Python knows, got {encoding!r}; such as "
            '"utf-8", "utf-16" or "latin-1"'
        ) from error
    for ours, theirs in mapping_of("read_table", "columns", columns).items():
        if isinstance(theirs, bool) or not isinstance(theirs, str | int):
            raise ConfigError(
                f"read_table: the column of {ours} must be its name or its number from 0, got "
                f"{theirs!r}"
            )


def require_path(where: str, path: Any) -> None:
    """Requires the name of a file or folder.

    Args:
      where: the function that takes it.
      path: what came.

    Raises:
      ConfigError: (also a ValueError) it is something else.
    """
    if not isinstance(path, str | os.PathLike):
        raise ConfigError(f"{where}: path must be the name of a file, got {path!r}")


def mapping_of(where: str, name: str, x: Any) -> dict[str, Any]:
    """Returns an argument that may be left out, as a dictionary.

    Args:
      where: the function that takes it.
      name: of the argument.
      x: a mapping by our names, or None.

    Raises:
      ConfigError: (also a ValueError) it is something else.
    """
    if x is None:
        return {}
    check.instance(where, name, x, Mapping, "give one by our names, such as {'x': ...}")
    return dict(x)
