"""The seeds of the episodes that follow one another in a world."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core import noise


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
