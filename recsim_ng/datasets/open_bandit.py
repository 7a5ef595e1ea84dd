"""Reads logs of the Open Bandit Dataset: fashion recommended in three places, by two policies.

`recsim-ng data open-bandit DIR` puts its small sample into a folder.

Source: Saito, Aihara, Matsutani and Narita, Open Bandit Dataset and Pipeline, NeurIPS 2021.
"""

from __future__ import annotations

import dataclasses
import os
import re

from recsim_ng.core.errors import DataError
from recsim_ng.datasets.slate_log import SlateLog
from recsim_ng.datasets.slate_table import slates_of
from recsim_ng.datasets.table import read_table

_COLUMNS = {
    "item": "item_id",
    "position": "position",
    "click": "click",
    "propensity": "propensity_score",
    "time": "timestamp",
}
_CATEGORY = re.compile(r"user_feature_\d+")
_AFFINITY = re.compile(r"user-item_affinity_(\d+)")


def read_open_bandit(path: str | os.PathLike[str]) -> SlateLog:
    """Reads one log of the Open Bandit Dataset, such as `random/men/men.csv`.

    Impressions of one microsecond are one slate. Most slates of the small sample have one
    impression: it was drawn by impressions. The log does not say who saw a slate.

    Args:
      path: the file, .csv or .parquet, with the columns timestamp, item_id, position (from 1),
        click and propensity_score, and as many as there are of user_feature_0, ... and of
        user-item_affinity_0, ..., one for each item.

    Returns:
      The slates. Items are all that the affinities name, also those never shown; `features` are the
      affinities `[R, D]`, how often this person had clicked each item before; `categories` are the
      user features.

    Raises:
      DataError: (also a ValueError) the file is missing, damaged or lacks a column; a cell is empty
        or no number; a propensity is not above 0 and at most 1; an item has no affinity; a position
        is filled, or an item shown, twice in one slate.
    """
    table = read_table(path)
    there = list(table.theirs)
    for name in _COLUMNS.values():
        if name not in there:
            raise DataError(
                f"{table.path}: must have a column '{name}', got {[n for n in there if n][:8]}...; "
                "fetch the logs with `recsim-ng data open-bandit DIR`"
            )
    affinities = {name: match[1] for name in there if (match := _AFFINITY.fullmatch(name))}
    categories = [name for name in there if _CATEGORY.fullmatch(name)]
    kept = {**_COLUMNS, **{name: name for name in (*affinities, *categories)}}
    table = dataclasses.replace(
        table, cells={ours: table.cells[theirs] for ours, theirs in kept.items()}, theirs=kept
    )
    return slates_of(
        table,
        features=tuple(affinities),
        categories=categories,
        first_position=1,
        items=tuple(affinities.values()) or None,
        users=None,
    )
