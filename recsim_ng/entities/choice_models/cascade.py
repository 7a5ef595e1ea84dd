"""The cascade choice model: one place after the other, until something is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from recsim_ng.core import require
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models import probability
from recsim_ng.entities.choice_models.attraction import Attraction, appeal, parts_of
from recsim_ng.entities.choice_models.choice_model import ChoiceModel, place_on_slate, scores_of
from recsim_ng.entities.choice_models.examination import Examination


class CascadeChoiceModel(ChoiceModel):
    """Goes through the slate from the top and takes the first document that appeals.

        P(choice = i) = g^i q_i prod_{j<i} (1 - q_j),   q_i = e_i a_i,   i = 0 .. S-1
        P(choice = S) = what is left                                     no choice

    with attraction a, a law of the document's score, examination e, the probability of a look at
    place i when one comes by, and continuation g, the probability of going on to the next place
    after one without a choice. With e = 1 and g = 1 it is the cascade of Craswell et al.; with e a
    constant and proportional or exponential attraction those of RecSim; with e = 1 and g < 1 a
    cascade that is given up on the way.

    Args:
      batch_shape: of the users, `[B...]`.
      attraction: a; a binary logit against no choice if None.
      examination: e; 1 everywhere if None.
      continuation: g, within [0, 1], a scalar or `[B...]`; a variable can be trained.
      name: of the entity; its site is called after it.

    Raises:
      ConfigError: (also a ValueError) attraction or examination is something else or does not fit
        the users, or continuation is outside [0, 1] or does not broadcast to the batch shape.

    Source: Craswell, Zoeter, Taylor and Ramsey (2008), An experimental comparison of click
      position-bias models; Ie et al. (2019), arXiv 1909.04847.
    """

    def __init__(
        self,
        batch_shape: Sequence[int],
        attraction: Attraction | None = None,
        examination: Examination | None = None,
        continuation: Any = 1.0,
        name: str = "CascadeChoiceModel",
    ) -> None:
        super().__init__(batch_shape, name=name)
        self._attraction, self._examination = parts_of(
            name, attraction, examination, self._batch_shape
        )
        self._continuation = require.probabilities(
            name, "continuation", continuation, shape=self._batch_shape
        )

    def choice(self, slate_document_logits: Any) -> Value:
        """Returns the choices.

        Args:
          slate_document_logits: `[B..., S]` scores of the documents, as the attraction takes them.

        Returns:
          A Value with `choice`, `[B...]` int32: the place on the slate, S for no choice.
        """
        scores = scores_of(self.name, slate_document_logits, self._batch_shape)
        size = scores.shape[-1]
        log_chosen, log_passed = appeal(self._attraction, self._examination, scores)
        going_on = tf.cast(self._continuation, scores.dtype)[..., None]
        place = tf.range(size, dtype=scores.dtype)
        # log 0 times 0 is none: the first place is always come to.
        going = probability.log(going_on) * tf.maximum(place, 1.0)
        steps = tf.where(place > 0, going, tf.zeros_like(going))
        reached = steps + tf.cumsum(log_passed, axis=-1, exclusive=True)
        # No choice: given up after a place before the last, or the last one passed.
        stops = probability.log(1.0 - going_on)
        last = tf.one_hot(size - 1, size, on_value=True, off_value=False)
        given_up = reached + log_passed + tf.where(last, tf.zeros_like(stops), stops)
        none = probability.log_sum(given_up)[..., None]
        logits = tf.concat([reached + log_chosen, none], axis=-1)
        return Value(choice=place_on_slate(logits, name=self._site("choice")))
