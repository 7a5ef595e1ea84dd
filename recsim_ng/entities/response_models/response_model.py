"""ResponseModel: a part of how users respond, which a User composes with others."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from recsim_ng.core import check
from recsim_ng.core.entity import Entity
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models.choice_model import dims_of


class ResponseModel(Entity, metaclass=abc.ABCMeta):
    """A part of users' behaviour: what follows a choice, and what is left of it.

    A member has small pure methods. Those that draw return what they drew as fields, for a user's
    response or state; `initial_state` and `next_state` exist where something is remembered.

    Args:
      batch_shape: of the users, `[B...]`.
      name: of the entity; its sites are called after it.

    Raises:
      ConfigError: (also a ValueError) batch_shape is no sequence of sizes.
    """

    def __init__(self, batch_shape: Sequence[int], name: str = "ResponseModel") -> None:
        super().__init__(name=name)
        self._batch_shape = check.batch_shape(name, "batch_shape", batch_shape)

    @abc.abstractmethod
    def specs(self) -> Value:
        """Returns the specs of `state` and `response`, as far as the model has them."""

    def _site(self, field: str) -> str:
        """The name of the random site of a field: unlike those of other models in a behaviour."""
        return f"{self._name}_{field}"

    def _box(self, low: float, high: float, *more: tuple[int, str], dtype: Any = np.float32) -> Any:
        """The spec of a field of the batch shape and further (size, name) axes."""
        shape = (*self._batch_shape, *(size for size, _ in more))
        dims = dims_of(self._batch_shape, *(name for _, name in more))
        return Space.box(low, high, shape, dtype, dims=dims)

    def _flag(self, *more: tuple[int, str]) -> Any:
        return self._box(0, 1, *more, dtype=np.bool_)

    def _occurrence(self, *more: tuple[int, str]) -> Any:
        return self._box(0, 1, *more, dtype=np.int32)


def field_names(where: str, name: str, given: Sequence[str]) -> tuple[str, ...]:
    """Returns field names as a tuple, and requires them to be different.

    Args:
      where: the entity that takes them.
      name: of the setting.
      given: the names.

    Raises:
      ConfigError: (also a ValueError) they are no sequence of names, or a name stands twice or is
        empty.
    """
    names = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else None
    is_named = names is not None and all(isinstance(n, str) and n for n in names)
    if names is None or not is_named or len(set(names)) < len(names):
        shown = given if names is None else names
        raise ConfigError(f"{where}: {name} must be different names, got {shown!r}")
    return tuple(names)
