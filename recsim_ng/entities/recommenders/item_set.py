"""ItemSet: for each user a set of items, a bit each."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.field_spec import Space

_BITS = 32


@dataclasses.dataclass(frozen=True)
class ItemSet:
    """Sets of items as bits: `[U, ceil(I / 32)]` int32, item i is bit i % 32 of word i // 32.

    Attributes:
      num_items: I.
    """

    num_items: int

    @property
    def num_words(self) -> int:
        """ceil(I / 32)."""
        return -(-self.num_items // _BITS)

    def empty(self, num_users: int) -> Any:
        """Returns `[U, ceil(I / 32)]` int32 empty sets.

        Args:
          num_users: U.
        """
        return tf.zeros([num_users, self.num_words], tf.int32)

    def add(self, words: Any, item: Any) -> Any:
        """Returns the sets with one item more each.

        Args:
          words: `[U, ceil(I / 32)]` int32 the sets.
          item: `[U]` int32; below 0: none.
        """
        bit = tf.bitwise.left_shift(tf.ones_like(item), item % _BITS)[:, None]
        here = (item[:, None] // _BITS == tf.range(self.num_words)) & (item >= 0)[:, None]
        return tf.bitwise.bitwise_or(words, tf.where(here, bit, 0))

    def contains(self, words: Any, items: Any = None) -> Any:
        """Returns `[U, D]` bool whether the sets hold the items.

        Args:
          words: `[U, ceil(I / 32)]` int32 the sets.
          items: `[D]` int32; all I in their order if None.
        """
        if items is None:
            bits = tf.bitwise.right_shift(words[:, :, None], tf.range(_BITS))
            flat = tf.reshape(bits, [-1, self.num_words * _BITS])[:, : self.num_items]
        else:
            word = tf.gather(words, items // _BITS, axis=1)
            flat = tf.bitwise.right_shift(word, items % _BITS)
        return tf.bitwise.bitwise_and(flat, 1) > 0

    def spec(self, num_users: int) -> Space:
        """Returns the spec of the sets.

        Args:
          num_users: U.
        """
        low, high = np.iinfo(np.int32).min, np.iinfo(np.int32).max
        shape = (num_users, self.num_words)
        return Space.box(low, high, shape, np.int32, dims=("user", "word"))
