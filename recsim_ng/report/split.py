"""Split: a part of each user's interactions, kept back."""

from __future__ import annotations

import numpy as np


def split_by_user(user: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Chooses a share of each user's interactions, by chance.

    Args:
      user: `[N]` whose they are.
      share: of each user's, rounded down.
      seed: of the choice.

    Returns:
      `[N]` bool, true for what is kept back.
    """
    order = np.lexsort((np.random.default_rng(seed).random(len(user)), user))
    _, first, counts = np.unique(user[order], return_index=True, return_counts=True)
    rank = np.arange(len(user)) - np.repeat(first, counts)
    kept = np.zeros(len(user), bool)
    kept[order] = rank < np.repeat(np.floor(share * counts), counts)
    return kept
