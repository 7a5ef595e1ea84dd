"""Examination: how likely each place of a slate is looked at."""

from __future__ import annotations

import abc
import math
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import require
from recsim_ng.core.entity import Entity
from recsim_ng.core.errors import ConfigError


class Examination(Entity, metaclass=abc.ABCMeta):
    """The law by which attention falls from place to place: e_i = P(place i is examined).

    Args:
      name: of the entity.
    """

    def check_shapes(self, batch_shape: tuple[int, ...], slate_size: int | None = None) -> None:
        """Requires the parameters to fit the users and, if its size is known, the slate.

        Args:
          batch_shape: of the users, `[B...]`.
          slate_size: S; None: not known yet.

        Raises:
          ConfigError: (also a ValueError) one does not.
        """
        del batch_shape, slate_size  # there are none

    @abc.abstractmethod
    def probabilities(self, slate_size: int, dtype: Any = tf.float32) -> Any:
        """Returns the probabilities e_0 .. e_{S-1}, `[S]` or `[B..., S]`.

        Args:
          slate_size: S.
          dtype: of the result.
        """


class GeometricExamination(Examination):
    """Attention that falls by the same factor from each place to the next.

        e_i = first decay^i

    With a decay of 1 all places are examined alike: with probability `first`.

    Args:
      decay: within [0, 1], a scalar or `[B...]`; a variable can be trained.
      first: e_0, within [0, 1], alike.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) decay or first is outside [0, 1].
    """

    def __init__(
        self, decay: Any = 1.0, first: Any = 1.0, name: str = "GeometricExamination"
    ) -> None:
        super().__init__(name=name)
        self._decay = require.probabilities(name, "decay", decay)
        self._first = require.probabilities(name, "first", first)

    def check_shapes(self, batch_shape: tuple[int, ...], slate_size: int | None = None) -> None:
        require.numbers(self.name, "decay", self._decay, shape=batch_shape)
        require.numbers(self.name, "first", self._first, shape=batch_shape)

    def probabilities(self, slate_size: int, dtype: Any = tf.float32) -> Any:
        decay = tf.cast(self._decay, dtype)[..., None]
        place = tf.range(slate_size, dtype=dtype)
        # 0^0 is 1, but its derivative is no number.
        fallen = tf.where(place > 0, decay ** tf.maximum(place, 1.0), tf.ones_like(decay))
        return tf.cast(self._first, dtype)[..., None] * fallen


class LogDiscountExamination(Examination):
    """Attention that falls with the logarithm of the place, as in discounted cumulative gain.

        e_i = 1 / log2(i + 2),   i = 0 .. S-1

    Args:
      name: of the entity.

    Source: Järvelin and Kekäläinen (2002), Cumulated gain-based evaluation of IR techniques.
    """

    def __init__(self, name: str = "LogDiscountExamination") -> None:
        super().__init__(name=name)

    def probabilities(self, slate_size: int, dtype: Any = tf.float32) -> Any:
        return math.log(2.0) / tf.math.log(tf.range(slate_size, dtype=dtype) + 2.0)


class TableExamination(Examination):
    """Attention as it was measured, place by place.

    Args:
      examined: `[S]` or `[B..., S]` probabilities within [0, 1]; a variable can be trained.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a probability is outside [0, 1], there is no axis of places,
        or there are fewer places than the slate has.

    Source: Richardson, Dominowska and Ragno (2007), Predicting clicks: estimating the click-through
      rate for new ads (the examination hypothesis).
    """

    def __init__(self, examined: Any, name: str = "TableExamination") -> None:
        super().__init__(name=name)
        self._examined = require.probabilities(name, "examined", examined)
        self._shape = tf.TensorShape(np.shape(self._examined))
        if self._shape.rank == 0 or self._shape[-1:].num_elements() == 0:
            raise ConfigError(f"{name}: examined must have an axis of places, got {examined}")

    def check_shapes(self, batch_shape: tuple[int, ...], slate_size: int | None = None) -> None:
        if self._shape.rank is not None:
            shape = (*batch_shape, self._shape[-1])
            require.numbers(self.name, "examined", self._examined, shape=shape)
        if slate_size is not None:
            self._check_places(slate_size)

    def probabilities(self, slate_size: int, dtype: Any = tf.float32) -> Any:
        """Returns the first S of the probabilities given.

        Args:
          slate_size: S.
          dtype: of the result.

        Raises:
          ConfigError: (also a ValueError) there are fewer than S.
        """
        self._check_places(slate_size)
        return tf.cast(self._examined, dtype)[..., :slate_size]

    def _check_places(self, slate_size: int) -> None:
        places = self._shape[-1]
        if places is not None and places < slate_size:
            raise ConfigError(
                f"{self.name}: examined must have a probability for each of the {slate_size} "
                f"places of the slate, got {places}"
            )
