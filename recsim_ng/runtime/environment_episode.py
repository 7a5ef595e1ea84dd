"""The seeds of the episodes that follow one another in a world."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core import check, noise


def episode_words(words: tuple[Any, Any], episode: Any) -> tuple[Any, Any]:
    """Returns the seed of an episode: that of the series for the first, else one that follows.

    Args:
      words: the seed of the series.
      episode: its number, from 0; an int or an int32 scalar tensor.
    """
    later = noise.Key(words).fold("episode").fold(episode).words
    if tf.is_tensor(episode):
        return tuple(tf.where(episode == 0, w, x) for w, x in zip(words, later, strict=True))  # type: ignore[return-value]
    return words if episode == 0 else later


def require_seed(seed: Any, count: int = 1) -> int:
    """Returns a seed as an int.

    Args:
      seed: of the first of some worlds.
      count: the next ones have seed + 1, seed + 2, ...

    Raises:
      ConfigError: (also a ValueError) they are no whole numbers within 0..2^64 - 1.
    """
    check.whole("reset", "seed", seed, 0, 2**64 - count)
    return int(seed)


class Series:
    """The episodes of one world: that of a seed, and those that follow it."""

    def __init__(self) -> None:
        self._words: tuple[Any, Any] | None = None
        self._episode = 0

    @property
    def has_begun(self) -> bool:
        """Whether there has been an episode."""
        return self._words is not None

    def begin(self, seed: int | None) -> tuple[Any, Any]:
        """Returns the seed of the episode that begins.

        Args:
          seed: of a new series; None: the next episode, at first a series of a fresh seed.
        """
        if seed is not None or self._words is None:
            self._words = noise.seed_words(
                noise.fresh_seed() if seed is None else require_seed(seed)
            )
            self._episode = 0
        else:
            self._episode += 1
        return episode_words(self._words, self._episode)
