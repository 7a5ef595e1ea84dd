"""The proportional choice model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import require
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import probability
from recsim_ng.entities.choice_models.choice_model import ChoiceModel, place_on_slate, scores_of


class ProportionalChoiceModel(ChoiceModel):
    """Picks one document, or none, with probabilities proportional to the scores above the least.

        P(choice = i) = (s_i - m) / ((n - m) + sum_j (s_j - m)),   i = 0 .. S-1
        P(choice = S) = (n - m)   / (...)                          no choice

    with document scores s, no-choice score n and m the `min_normalizer`. A score below m counts as
    m: such a document is never chosen. Where all count as m, nothing is chosen.

    Args:
      batch_shape: of the users, `[B...]`.
      nochoice_scores: n, at least m, scalar or `[B...]`; with n = m something is chosen wherever
        a score is above m.
      min_normalizer: m, a number.
      name: of the entity; its site is called after it.

    Raises:
      ConfigError: (also a ValueError) nochoice_scores is not finite, below min_normalizer or does
        not broadcast to the batch shape, or min_normalizer is no finite scalar.

    Source: Ie et al. (2019), RecSim: a configurable simulation platform for recommender systems,
      arXiv 1909.04847.
    """

    def __init__(
        self,
        batch_shape: Sequence[int],
        nochoice_scores: Any = 0.0,
        min_normalizer: float = 0.0,
        name: str = "ProportionalChoiceModel",
    ) -> None:
        super().__init__(batch_shape, name=name)
        self._nochoice_scores = require.numbers(
            name, "nochoice_scores", nochoice_scores, shape=self._batch_shape
        )
        self._min_normalizer = require.numbers(name, "min_normalizer", min_normalizer, shape=())
        none, least = (require.static_value(x) for x in (nochoice_scores, min_normalizer))
        if none is not None and least is not None and not np.all(none >= least):
            raise ConfigError(
                f"{name}: nochoice_scores must be at least min_normalizer, {least:g}, "
                f"got {np.min(none):g}; lower min_normalizer"
            )

    def choice(self, slate_document_logits: Any) -> Value:
        """Returns the choices.

        Args:
          slate_document_logits: `[B..., S]` scores of the documents (no logits here).

        Returns:
          A Value with `choice`, `[B...]` int32: the place on the slate, S for no choice.
        """
        scores = scores_of(self.name, slate_document_logits, self._batch_shape)
        weights = scores - tf.cast(self._min_normalizer, scores.dtype)
        none = tf.cast(self._nochoice_scores, scores.dtype)
        none = none - tf.cast(self._min_normalizer, scores.dtype)
        none = tf.broadcast_to(none, tf.shape(scores)[:-1])
        nothing = (none <= 0) & tf.reduce_all(weights <= 0, axis=-1)
        none = tf.where(nothing, tf.ones_like(none), none)
        logits = probability.log(tf.concat([weights, none[..., None]], axis=-1))
        return Value(choice=place_on_slate(logits, name=self._site("choice")))
