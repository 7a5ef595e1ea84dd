"""Entities: who acts, and what of them can be trained."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tensorflow as tf

from recsim_ng.core.variable import Variable


class Entity(tf.Module):
    """Base of all that acts in a story: users, corpora, providers, recommenders, metrics.

    Args:
      name: of the entity.
    """

    def __init__(self, name: str = "UnnamedEntity") -> None:
        # tf.Module allows only Python identifiers; entities may bear any name.
        plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
        super().__init__(name=plain if plain.isidentifier() else f"_{plain}")
        self._entity_name = name
        for created in _watchers.lists:
            created.append(self)

    @property
    def name(self) -> str:
        """The entity's name."""
        return self._entity_name

    def _undefined(self, method: str) -> str:
        """What to say where a role's method is called that a subclass has not defined."""
        return f"{type(self).__name__}: must define {method}(), which its story calls; write it"

    @property
    def variables(self) -> tuple[Any, ...]:
        """All variables of the entity and its members, each once, in the order of attributes."""
        return tuple(_unique(_variables(self, "variables")))

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """The trainable variables of the entity and its members, each once, in a stable order.

        Members may be TensorFlow variables, `tf.Module`s, Keras 3 and tf_keras layers and models,
        also within lists, tuples and dictionaries.
        """
        return tuple(_unique(_variables(self, "trainable_variables")))


class _Watchers(threading.local):
    """Lists that every entity of this thread is added to when it is made."""

    def __init__(self) -> None:
        self.lists: list[list[Entity]] = []


_watchers = _Watchers()


def _unique(variables: Iterator[Any]) -> list[Any]:
    return list({id(v): v for v in variables}.values())


def _variables(member: Any, which: str, seen: set[int] | None = None) -> Iterator[Any]:
    seen = set() if seen is None else seen
    if id(member) in seen:
        return
    seen.add(id(member))
    if isinstance(member, tf.Variable):
        if which == "variables" or member.trainable:
            yield member
    elif isinstance(member, dict):
        for inner in member.values():
            yield from _variables(inner, which, seen)
    elif isinstance(member, list | tuple):  # no set: its order differs from process to process
        for inner in member:
            yield from _variables(inner, which, seen)
    elif _is_keras(member):
        yield from getattr(member, which)
    elif isinstance(member, tf.Module):
        for inner in vars(member).values():
            yield from _variables(inner, which, seen)
        if not isinstance(member, Entity):  # a module may own variables out of our sight
            yield from getattr(member, which)
    elif type(member).__module__.partition(".")[0] == "keras" and hasattr(member, "value"):
        if which == "variables" or getattr(member, "trainable", False):
            yield member  # a Keras 3 variable that stands by itself


def _is_keras(member: Any) -> bool:
    """Whether it is a Keras 3 or tf_keras layer or model (tf_keras layers are tf.Modules too)."""
    return any(
        cls.__name__ == "Layer" and cls.__module__.partition(".")[0] in ("keras", "tf_keras")
        for cls in type(member).__mro__
    )


def story_with_trainable_variables(
    story: Callable[[], Sequence[Variable]],
) -> tuple[Sequence[Variable], dict[str, tuple[Any, ...]]]:
    """Calls a story and collects what its entities can train.

    Args:
      story: a function without arguments that returns variables.

    Returns:
      (the variables, entity name -> trainable variables) of all entities made by the story; a
      later entity of the same name gets a distinguishing suffix.
    """
    created: list[Entity] = []
    _watchers.lists.append(created)
    try:
        variables = story()
    finally:
        _watchers.lists.pop()
    found: dict[str, tuple[Any, ...]] = {}
    for entity in created:
        name, count = entity.name, 1
        while name in found:
            count += 1
            name = f"{entity.name}_{count}"
        found[name] = entity.trainable_variables
    return variables, found
