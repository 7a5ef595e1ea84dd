"""Which field of what happened a metric looks at."""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.value import Value

SOURCES = ("corpus_state", "user_state", "user_response", "slate_docs")


@dataclasses.dataclass(frozen=True)
class SourceField:
    """A field of one of the things that metrics are told of each step.

    Attributes:
      where: the metric, for messages.
      source: "corpus_state", "user_state", "user_response" or "slate_docs".
      field: its name there.
      argument: of the metric, that names the field.

    Raises:
      ConfigError: (also a ValueError) there is no such source, or the field has no name.
    """

    where: str
    source: str
    field: str
    argument: str = "field"

    def __post_init__(self) -> None:
        check.one_of(self.where, "source", self.source, SOURCES)
        if not (isinstance(self.field, str) and self.field):
            raise ConfigError(
                f"{self.where}: {self.argument} must be the name of a field of {self.source}, got "
                f"{self.field!r}"
            )

    def read(
        self, corpus_state: Value, user_state: Value, user_response: Value, slate_docs: Value
    ) -> Any:
        """Returns the field as a tensor.

        Args:
          corpus_state: the corpus' state.
          user_state: the users' state.
          user_response: what the users did.
          slate_docs: what they were shown.

        Raises:
          ConfigError: (also a ValueError) the source has no such field.
        """
        parts = (corpus_state, user_state, user_response, slate_docs)
        return self.of(dict(zip(SOURCES, parts, strict=True))[self.source])

    def of(self, part: Value) -> Any:
        """Returns the field as a tensor, of the source alone.

        Args:
          part: what the source is at this step.

        Raises:
          ConfigError: (also a ValueError) it has no such field.
        """
        if self.field not in list(part):  # a prefix names no field
            raise ConfigError(
                f"{self.where}: {self.argument} must be a field of {self.source}, one of "
                f"{list(part)}, got {self.field!r}"
            )
        return tf.convert_to_tensor(part.get(self.field))

    def numbers_of(self, part: Value) -> Any:
        """Returns the field as a tensor of whole numbers that say which item, topic or provider.

        Args:
          part: what the source is at this step.

        Raises:
          ConfigError: (also a ValueError) it has no such field, or one of another kind.
        """
        found = self.of(part)
        if not found.dtype.is_integer:
            raise ConfigError(
                f"{self.where}: {self.argument} must name a field of whole numbers, got "
                f"{self.field!r}, which is {found.dtype.name}"
            )
        return _wide(found)


def _wide(numbers: Any) -> Any:
    """Small and unsigned integers as such as compare with -1 and with any size."""
    return numbers if numbers.dtype in (tf.int32, tf.int64) else tf.cast(numbers, tf.int64)


def spoilt(numbers: Any, least: int, size: int, before: Any = 0.0) -> Any:
    """What to add to a measure that cannot be told any more: a scalar, 0 or NaN.

    XLA leaves indices out of range out without a word, other runtimes raise. A metric that counts
    by numbers out of range would be wrong, so it is NaN from then on in all of them, and
    `check_finite` names it.

    Args:
      numbers: any shape, whole numbers.
      least: the smallest that counts, or says that there is none.
      size: the smallest that is too great.
      before: the measure at the step before, a scalar; NaN if it was spoilt already.
    """
    numbers = _wide(tf.convert_to_tensor(numbers))
    is_right = tf.reduce_all((numbers >= least) & (numbers < size))
    is_told = is_right & ~tf.math.is_nan(tf.convert_to_tensor(before))
    return tf.where(is_told, 0.0, float("nan"))
