"""Vocabulary: which of a story's fields mean what, so that any recommender can serve in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.value import Value, ValueSpec


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """What a recommender is told of the story that it serves in.

    A story puts one into its config under "vocabulary"; `recs_story` adds the specs before it hands
    the config to the recommender. A name that the specs do not have means: there is no such thing
    in this story, and a recommender that needs it says so.

    Attributes:
      item: field of the documents, `[D]` integers within 0..I-1, by its spec too: which item each
        one is, for what is learnt of items. "": the place in available docs. Numbers that grow with
        the run, as the item_id of a `RenewingCorpus`, are no such field.
      num_items: I; 0: as many as there are documents.
      features: field of the documents, `[D, F]` or `[D]` float32, or a tuple of such fields, which
        are put side by side.
      popularity: field of the documents, `[D]` float32: how popular they were before the run.
      candidates: field of the documents, `[U, D]` bool: who may be shown what. Without it everybody
        may be shown everything.
      reward: field of the response, `[U]` float32: what the chosen document brought. "": 1 where
        something was chosen.
      utility: (user observation, available docs) -> `[U, D]` float32 what each document is worth to
        each user now, where the observation shows enough to know it; None where nobody can.
      docs: the spec of "available docs".
      observation: the spec of "user observation".
      response: the spec of "user response".

    Raises:
      ConfigError: (also a ValueError) an attribute is of the wrong kind, or the spec of `item`
        allows numbers of no item.
    """

    item: str = ""
    num_items: int = 0
    features: str | tuple[str, ...] = "doc_features"
    popularity: str = "doc_popularity"
    candidates: str = "is_candidate"
    reward: str = ""
    utility: Callable[[Value, Value], Any] | None = None
    docs: Value = dataclasses.field(default_factory=ValueSpec)
    observation: Value = dataclasses.field(default_factory=ValueSpec)
    response: Value = dataclasses.field(default_factory=ValueSpec)

    def __post_init__(self) -> None:
        check.whole("Vocabulary", "num_items", self.num_items, 0)
        check.function("Vocabulary", "utility", self.utility, optional=True)
        for name in ("item", "popularity", "candidates", "reward"):
            check.instance("Vocabulary", name, getattr(self, name), str, 'pass "" for none')
        several = isinstance(self.features, tuple | list)
        if not (isinstance(self.features, str) or several) or not all(
            isinstance(name, str) for name in self.features
        ):
            raise ConfigError(
                "Vocabulary: features must be the name of a field or a tuple of such names, got "
                f"{self.features!r}"
            )
        self._require_items_in_range()

    def _require_items_in_range(self) -> None:
        """An index out of range is left out by XLA without a word: it must not arise."""
        found = self.docs.get(self.item) if self.has("item") else None
        space: Any = getattr(found, "space", None)
        if not (hasattr(space, "low") and space.shape):
            return  # nothing is known of the range
        least, most = np.min(space.low, initial=0), np.max(space.high, initial=0)
        num_items = self.num_items or space.shape[0]
        if least < 0 or most >= num_items:
            raise ConfigError(
                f"Vocabulary: item {self.item!r} must be within 0..{num_items - 1}, num_items being"
                f" {num_items}, got {least}..{most} by the spec of available docs; set num_items, "
                "or leave item empty: the place in available docs"
            )

    def require(self, where: str, *names: str) -> None:
        """Requires that the story has what the attributes of these names stand for.

        Args:
          where: who needs it.
          *names: "item", "features", "popularity", "candidates", "reward" or "utility".

        Raises:
          ConfigError: (also a ValueError) it has not.
        """
        for name in names:
            if not self.has(name):
                fields = list(self.response if name == "reward" else self.docs)
                raise ConfigError(
                    f"{where}: needs the story's {name}, got {getattr(self, name)!r}, which is not "
                    f"among the fields {fields}; name it in config['vocabulary'], or take another "
                    "recommender"
                )

    def has(self, name: str) -> bool:
        """Whether the story has what the attribute stands for.

        Args:
          name: as in `require`.
        """
        value = getattr(self, name)
        if name == "utility":
            return value is not None
        fields = self.response if name == "reward" else self.docs
        names = (value,) if isinstance(value, str) else value
        return bool(value) and all(bool(x) and x in fields for x in names)

    @property
    def feature_fields(self) -> tuple[str, ...]:
        """The fields that `features` names."""
        return (self.features,) if isinstance(self.features, str) else tuple(self.features)

    @property
    def num_features(self) -> int:
        """F, how many features all fields of `features` have together."""
        shapes = [self.docs.get(name).space.shape for name in self.feature_fields]
        return sum(shape[1] if len(shape) > 1 else 1 for shape in shapes)

    def features_of(self, documents: Value) -> Any:
        """Returns the documents' features, `[..., F]` float32.

        Args:
          documents: available docs, fields `[D, ...]`, or slate docs, fields `[U, S, ...]`.
        """
        leading = documents.get(self.feature_fields[0]).shape.rank
        leading -= len(self.docs.get(self.feature_fields[0]).space.shape) - 1
        fields = [tf.cast(documents.get(name), tf.float32) for name in self.feature_fields]
        wide = [x[..., None] if x.shape.rank == leading else x for x in fields]
        return wide[0] if len(wide) == 1 else tf.concat(wide, axis=-1)


def vocabulary_of(config: Mapping[str, Any]) -> Vocabulary:
    """Returns the vocabulary of a config, an empty one if it has none.

    Args:
      config: settings by name.

    Raises:
      ConfigError: (also a ValueError) what it has is no Vocabulary.
    """
    found = config.get("vocabulary", Vocabulary())
    if not isinstance(found, Vocabulary):
        raise ConfigError(
            f"config['vocabulary']: must be a Vocabulary, got a {type(found).__name__}"
        )
    return found


def with_vocabulary(config: Mapping[str, Any], user: Any, corpus: Any) -> Mapping[str, Any]:
    """Returns the config with a vocabulary that knows the specs of users and corpus.

    Args:
      config: settings by name.
      user: the users, or what else has their specs.
      corpus: the corpus.
    """
    specs = user.specs()
    vocabulary = dataclasses.replace(
        vocabulary_of(config),
        docs=corpus.specs().get("available_docs"),
        observation=specs.get("observation"),
        response=specs.get("response"),
    )
    return {**config, "vocabulary": vocabulary}
