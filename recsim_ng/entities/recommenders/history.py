"""History: the items that each user consumed last."""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class History:
    """A window over what each user consumed, the newest last; it moves only where they consume.

        window_0 = empty
        window_{t+1}[u] = window_t[u, 1:] and what u consumed at t     if u consumed anything
                        = window_t[u]                                  else

    Attributes:
      length: H.
    """

    length: int

    def empty(self, num_users: int, filling: Any) -> Any:
        """Returns `[U, H]` windows full of `filling`.

        Args:
          num_users: U.
          filling: a number, whose type is that of the window.
        """
        return tf.fill([num_users, self.length], tf.convert_to_tensor(filling))

    def push(self, window: Any, consumed: Any, is_consumed: Any) -> Any:
        """Returns the windows with what was consumed now.

        Args:
          window: `[U, H]`.
          consumed: `[U]` of the same type.
          is_consumed: `[U]` bool; where False the window stays.
        """
        moved = tf.concat([window[:, 1:], consumed[:, None]], axis=1)
        return tf.where(is_consumed[:, None], moved, window)
