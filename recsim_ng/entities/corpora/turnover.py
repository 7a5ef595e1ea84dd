"""The coming and going of documents in a catalogue of fixed size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.edward2 import ed
from recsim_ng.core.entity import Entity
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.settings import Settings
from recsim_ng.core.value import Value

_MOST = np.iinfo(np.int32).max
_MOST_ITEMS = np.iinfo(np.int64).max


class Turnover(Entity):
    """Which of D places get a new document, and which item stands in each since when.

        removal_{t+1}[d] ~ Bernoulli(removal_rate); 1 for sure once the document is max_age old
        birth_{t+1}[d]   = t + 1 where it is replaced, else birth_t[d];         birth_0 = 0
        item_{t+1}[d]    = d + D (t + 1) where it is replaced, else item_t[d];  item_0[d] = d

    so that no two items ever bear the same number, which is of 64 bits. A place is never empty:
    what goes is replaced at once. Lives are geometric, 1 / removal_rate steps in the mean without a
    max_age.

    An item_id names an item, and is no index of one of I items, since it grows with the run. What
    counts or learns by item counts by place: leave `Vocabulary.item` empty and `num_items` 0 (D
    places), and the `item` of `ExposureMetrics` at "doc_ranks". Then the items that stand in one
    place one after another are taken for one.

    Args:
      config: reads num_docs (D) and, if there, removal_rate (0.05) and max_age (0: none), steps.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.
    """

    def __init__(self, config: Mapping[str, Any], name: str = "Turnover") -> None:
        super().__init__(name)
        settings = Settings(name, config)
        self._num_docs = settings.whole("num_docs", 1)
        self._rate = settings.real("removal_rate", 0.0, 1.0, default=0.05)
        self._max_age = settings.whole("max_age", 0, default=0)

    def initial_state(self) -> Value:
        """Returns step, item_id and birth_step of the first documents, none of them removed."""
        zeros, first = tf.zeros([self._num_docs], tf.int32), tf.constant(0)
        return Value(step=first, item_id=self._items(first), birth_step=zeros, removal=zeros)

    def removal(self, state: Value) -> Any:
        """Returns the draws: `[D]` int32, 1 where the document goes.

        Args:
          state: step and birth_step, of the step before.
        """
        probability = tf.fill([self._num_docs], float(self._rate))
        if self._max_age:
            age = state.get("step") + 1 - state.get("birth_step")
            probability = tf.where(age >= self._max_age, 1.0, probability)
        return ed.Bernoulli(probs=probability, name="removal")

    def next_state(self, previous_state: Value, removal: Any, is_replaced: Any) -> Value:
        """Returns step, item_id and birth_step, and the draw of what went.

        Args:
          previous_state: as of the step before.
          removal: as `removal` drew it.
          is_replaced: `[D]` bool where there is a new document, for whatever reason.
        """
        step = previous_state.get("step") + 1
        return Value(
            step=step,
            item_id=tf.where(is_replaced, self._items(step), previous_state.get("item_id")),
            birth_step=tf.where(is_replaced, step, previous_state.get("birth_step")),
            removal=removal,
        )

    def documents(self, state: Value) -> Value:
        """Returns what the documents show of it: item_id, birth_step and doc_age, all `[D]`.

        Args:
          state: the current state.
        """
        age = state.get("step") - state.get("birth_step")
        return state.at("item_id", "birth_step").union(Value(doc_age=age))

    def _items(self, step: Any) -> Any:
        """`[D]` int64 numbers of what comes to each place at a step."""
        places = tf.range(self._num_docs, dtype=tf.int64)
        return places + self._num_docs * tf.cast(step, tf.int64)

    def specs(self) -> ValueSpec:
        """Returns the specs of state and documents."""
        item = Space.box(0, _MOST_ITEMS, (self._num_docs,), np.int64, dims=("doc",))
        whole = Space.box(0, _MOST, (self._num_docs,), np.int32, dims=("doc",))
        went = Space.box(0, 1, (self._num_docs,), np.int32, dims=("doc",))
        step = Space.box(0, _MOST, (), np.int32, dims=())
        return ValueSpec(
            state=ValueSpec(step=step, item_id=item, birth_step=whole, removal=went),
            documents=ValueSpec(item_id=item, birth_step=whole, doc_age=whole),
        )
