"""ChoiceModel: how users pick from a slate."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

import numpy as np

from recsim_ng.core import check, operand
from recsim_ng.core.edward2 import ed
from recsim_ng.core.entity import Entity
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value


class ChoiceModel(Entity, metaclass=abc.ABCMeta):
    """A law of choice from slates.

    Args:
      batch_shape: of the users, `[B...]`.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) batch_shape is no sequence of sizes.
    """

    def __init__(self, batch_shape: Sequence[int], name: str = "ChoiceModel") -> None:
        super().__init__(name=name)
        self._batch_shape = check.batch_shape(name, "batch_shape", batch_shape)

    @abc.abstractmethod
    def choice(self, slate_document_logits: Any) -> Value:
        """Returns what the users choose.

        Args:
          slate_document_logits: `[B..., S]` scores of the documents shown.
        """

    def specs(self) -> Value:
        """Returns the spec of `choice`: `[B...]` int32."""
        dims = dims_of(self._batch_shape)
        spec = Space.box(0, np.iinfo(np.int32).max, self._batch_shape, np.int32, dims=dims)
        return ValueSpec(choice=spec)

    def _site(self, field: str) -> str:
        """The name of the random site of a field: unlike those of other models in a behaviour."""
        return f"{self._name}_{field}"


def dims_of(batch_shape: tuple[int, ...], *more: str) -> tuple[str, ...] | None:
    """The names of axes, where the only axis of a batch is that of users; else None.

    Args:
      batch_shape: `[B...]`.
      *more: names of the axes after it.
    """
    return ("user", *more) if len(batch_shape) == 1 else None


def place_on_slate(logits: Any, **site: str) -> Any:
    """Draws one of the places on the slate; what is no place on it has probability 0.

    Args:
      logits: `[B..., n]`.
      **site: the name of the random site.

    Returns:
      `[B...]` int32 random variable, a Categorical.
    """
    return ed.Categorical(logits=logits, force_probs_to_zero_outside_support=True, **site)


def scores_of(
    where: str, scores: Any, batch_shape: tuple[int, ...], slate_size: int | None = None
) -> Any:
    """Returns scores as floating-point tensors of the batch shape and an axis of places.

    Args:
      where: the model's name.
      scores: `[B..., S]`.
      batch_shape: `[B...]`.
      slate_size: S, if it is known.

    Raises:
      ConfigError: (also a ValueError) they are no real numbers, or have another shape.
    """
    scores = operand.floats(where, "slate_document_logits", scores)
    if not scores.shape.is_compatible_with([*batch_shape, slate_size]):
        shown = ", ".join([*(str(n) for n in batch_shape), str(slate_size or "S")])
        raise ConfigError(
            f"{where}: slate_document_logits must have the shape [{shown}], got {scores.shape}"
        )
    return scores
