"""ChoiceModel: how users pick from a slate."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

from recsim_ng.core.entity import Entity
from recsim_ng.core.value import Value


class ChoiceModel(Entity, metaclass=abc.ABCMeta):
    """A law of choice from slates.

    Args:
      batch_shape: of the users, `[B...]`.
      name: of the entity.
    """

    def __init__(self, batch_shape: Sequence[int], name: str = "ChoiceModel") -> None:
        super().__init__(name=name)
        self._batch_shape = tuple(batch_shape)

    @abc.abstractmethod
    def choice(self, slate_document_logits: Any) -> Value:
        """Returns what the users choose.

        Args:
          slate_document_logits: `[B..., S]` scores of the documents shown.
        """

    @abc.abstractmethod
    def specs(self) -> Value:
        """Returns the spec of `choice`."""
