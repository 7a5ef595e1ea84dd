"""Names and their numbers: people and items are numbered from 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsim_ng.core.errors import ConfigError
from recsim_ng.datasets.table import Table


def sorted_names(names: np.ndarray) -> tuple[str, ...]:
    """Returns the different names in order: as numbers if all are whole numbers, else as text.

    So the numbering does not hang on the order of rows.

    Args:
      names: object, each a str.
    """
    different = set(names.tolist())
    if all(name.isascii() and name.isdigit() for name in different):
        return tuple(sorted(different, key=lambda name: (int(name), name)))
    return tuple(sorted(different))


def index_names(
    table: Table, column: str, known: Sequence[str] | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Numbers the names in a column.

    Args:
      table: that has it.
      column: our name of it; such as "user".
      known: the names that may occur, in order; None: those that do, in the order of
        `sorted_names`.

    Returns:
      `[R]` int32 index of each row's name, and the names.

    Raises:
      DataError: (also a ValueError) a cell is empty; a name is not known: the first one, and how
        many, are told.
      ConfigError: (also a ValueError) a known name occurs twice, or the known ones are one string.
    """
    import pandas as pd

    if isinstance(known, str):
        raise ConfigError(
            f"{column}s: must be a sequence of names, got the string '{known}'; for one name give "
            f"['{known}']"
        )
    code, names = pd.factorize(table.names(column))
    ids = sorted_names(names) if known is None else tuple(str(name) for name in known)
    index = {name: i for i, name in enumerate(ids)}
    if len(index) < len(ids):
        twice = next(name for i, name in enumerate(ids) if index[name] != i)
        raise ConfigError(f"{column}s: each name must be given once, got '{twice}' twice")
    result = np.array([index.get(name, -1) for name in names], np.int32)[code]
    unknown = np.flatnonzero(result < 0)
    if len(unknown):
        different = len(np.unique(code[unknown]))
        raise table.fault(
            int(unknown[0]),
            f"'{table.theirs[column]}' must be one of the {len(ids)} {column}s given, got "
            f"'{names[code[unknown[0]]]}' ({different} unknown {column}s in {len(unknown)} rows)",
            f"give all {column}s, or leave these rows out",
        )
    return result, ids
