"""Entities made by the constructors that a story is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from recsim_ng.core import check
from recsim_ng.core.entity import Entity

Config = Mapping[str, Any]


def made(where: str, argument: str, constructor: Callable[[Config], Any], config: Config) -> Any:
    """Makes an entity.

    Args:
      where: the template of stories that is given the constructor.
      argument: the constructor's name.
      constructor: config -> entity.
      config: settings by name.

    Returns:
      The entity.

    Raises:
      ConfigError: (also a ValueError) the constructor cannot be called, or makes no `Entity`.
    """
    remedy = "pass a class, or a function that takes the config and returns an entity"
    if isinstance(constructor, str) and argument == "recommender_ctor":
        remedy = f"pass recsim_ng.entities.recommenders.RECOMMENDERS[{constructor!r}]"
    check.function(where, argument, constructor, remedy=remedy)
    entity = constructor(config)
    check.instance(where, f"what {argument} returns", entity, Entity, remedy)
    return entity
