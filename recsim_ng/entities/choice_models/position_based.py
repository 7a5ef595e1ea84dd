"""The position-based click model: every place on its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.occurrence import Occurrence
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models.attraction import Attraction, appeal, parts_of
from recsim_ng.entities.choice_models.choice_model import ChoiceModel, dims_of, scores_of
from recsim_ng.entities.choice_models.examination import Examination


class PositionBasedChoiceModel(ChoiceModel):
    """Clicks on each document that is looked at and appeals; none, one or several clicks a slate.

        P(click_i = 1) = e_i a_i,   independently for i = 0 .. S-1

    with examination e, a law of the place, and attraction a, a law of the document's score.

    Args:
      batch_shape: of the users, `[B...]`.
      slate_size: S.
      attraction: a; a binary logit if None.
      examination: e; 1 everywhere if None.
      name: of the entity; its site is called after it.

    Raises:
      ConfigError: (also a ValueError) slate_size is no whole number of at least 1, or attraction or
        examination is something else or does not fit users and slate.

    Source: Craswell, Zoeter, Taylor and Ramsey (2008), An experimental comparison of click
      position-bias models; Chuklin, Markov and de Rijke (2015), Click models for web search.
    """

    def __init__(
        self,
        batch_shape: Sequence[int],
        slate_size: int,
        attraction: Attraction | None = None,
        examination: Examination | None = None,
        name: str = "PositionBasedChoiceModel",
    ) -> None:
        super().__init__(batch_shape, name=name)
        check.whole(name, "slate_size", slate_size, 1)
        self._slate_size = slate_size
        self._attraction, self._examination = parts_of(
            name, attraction, examination, self._batch_shape, slate_size
        )

    def choice(self, slate_document_logits: Any) -> Value:
        """Returns the clicks.

        Args:
          slate_document_logits: `[B..., S]` scores of the documents, as the attraction takes them.

        Returns:
          A Value with `clicks`, `[B..., S]` int32, 1 where the document in that place is clicked.
          It is no place on the slate, hence not called choice.
        """
        scores = scores_of(self.name, slate_document_logits, self._batch_shape, self._slate_size)
        log_clicked, log_not = appeal(self._attraction, self._examination, scores)
        lowest = tf.constant(-np.inf, scores.dtype)
        # Where either is certain, infinities of both signs must not meet.
        never, always = log_clicked == lowest, log_not == lowest
        certain = never | always
        odds = tf.where(certain, tf.zeros_like(scores), log_clicked - log_not)
        logits = tf.where(never, lowest, tf.where(always, -lowest, odds))
        return Value(clicks=ed.RandomVariable(Occurrence(logits=logits), name=self._site("clicks")))

    def specs(self) -> Value:
        """Returns the spec of `clicks`: `[B..., S]` int32."""
        shape = (*self._batch_shape, self._slate_size)
        dims = dims_of(self._batch_shape, "slate")
        return ValueSpec(clicks=Space.box(0, 1, shape, np.int32, dims=dims))
