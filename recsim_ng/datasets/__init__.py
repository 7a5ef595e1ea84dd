"""Readers of real logs, and what can be estimated from them. None of this needs TensorFlow."""

from recsim_ng.datasets.cdnow import read_cdnow
from recsim_ng.datasets.download import fetch, fetch_movielens_100k
from recsim_ng.datasets.held_out import (
    Split,
    split_at_random,
    split_by_time,
    split_last,
    split_last_fraction,
)
from recsim_ng.datasets.history import History
from recsim_ng.datasets.history_table import read_history
from recsim_ng.datasets.movielens import read_movielens
from recsim_ng.datasets.open_bandit import read_open_bandit
from recsim_ng.datasets.purchases import Purchases
from recsim_ng.datasets.ratings import Ratings
from recsim_ng.datasets.ratings_table import read_ratings
from recsim_ng.datasets.shrinkage import GroupEffects, estimate_group_effects
from recsim_ng.datasets.slate_log import SlateLog
from recsim_ng.datasets.slate_table import read_slates
from recsim_ng.datasets.table import Table, read_table
from recsim_ng.datasets.table_file import WHITESPACE
from recsim_ng.datasets.taste import Taste, estimate_taste

__all__ = [
    "GroupEffects",
    "History",
    "Purchases",
    "Ratings",
    "SlateLog",
    "Split",
    "Table",
    "Taste",
    "WHITESPACE",
    "estimate_group_effects",
    "estimate_taste",
    "fetch",
    "fetch_movielens_100k",
    "read_cdnow",
    "read_history",
    "read_movielens",
    "read_open_bandit",
    "read_ratings",
    "read_slates",
    "read_table",
    "split_at_random",
    "split_by_time",
    "split_last",
    "split_last_fraction",
]
