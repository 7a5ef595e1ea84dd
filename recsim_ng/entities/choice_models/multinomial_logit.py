"""The multinomial logit choice model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from recsim_ng.core import require
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models.choice_model import ChoiceModel, place_on_slate, scores_of


class MultinomialLogitChoiceModel(ChoiceModel):
    """Picks one document, or none, with probabilities proportional to exp(logit).

        P(choice = i) = exp(l_i + i b) / (exp(n) + sum_j exp(l_j + j b)),   i = 0 .. S-1
        P(choice = S) = exp(n)         / (...)                              no choice

    with document logits l, no-choice logit n and positional bias b, added once for every position
    further down.

    Where all, no choice too, are minus infinity, there is no law: the log-probability is NaN.

    Args:
      batch_shape: of the users, `[B...]`.
      nochoice_logits: n, scalar or `[B...]`; minus infinity: something is always chosen.
      positional_bias: b, a number, or a scalar tensor or variable.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) nochoice_logits is NaN or plus infinity or does not broadcast
        to the batch shape, or positional_bias is no finite scalar.

    Source: Luce (1959), Individual choice behavior; McFadden (1974).
    """

    def __init__(
        self,
        batch_shape: Sequence[int],
        nochoice_logits: Any,
        positional_bias: float = 0.0,
        name: str = "MultinomialLogitChoiceModel",
    ) -> None:
        super().__init__(batch_shape, name=name)
        self._nochoice_logits = require.logits(
            name, "nochoice_logits", nochoice_logits, shape=self._batch_shape
        )
        self._positional_bias = require.numbers(name, "positional_bias", positional_bias, shape=())

    def choice(self, slate_document_logits: Any) -> Value:
        """Returns the choices.

        Args:
          slate_document_logits: `[B..., S]` document logits.

        Returns:
          A Value with `choice`, `[B...]` int32: the place on the slate, S for no choice.

        Raises:
          ConfigError: (also a ValueError) they are no real numbers `[B..., S]`.
        """
        scores = scores_of(self.name, slate_document_logits, self._batch_shape)
        return Value(
            choice=place_on_slate(all_logits(scores, self._nochoice_logits, self._positional_bias))
        )


def all_logits(scores: Any, nochoice_logits: Any, positional_bias: Any) -> Any:
    """Returns the logits of the documents, by position, and last that of no choice.

    Args:
      scores: `[B..., S]` of the documents, floating point.
      nochoice_logits: what broadcasts to `[B...]`.
      positional_bias: added once for every position further down.

    Returns:
      `[B..., S + 1]` logits.
    """
    logits = scores
    if not isinstance(positional_bias, int | float) or positional_bias:
        bias = tf.cast(positional_bias, logits.dtype)
        logits = logits + bias * tf.cast(tf.range(tf.shape(logits)[-1]), logits.dtype)
    none = tf.broadcast_to(tf.cast(nochoice_logits, logits.dtype), tf.shape(logits)[:-1])
    return tf.concat([logits, none[..., None]], axis=-1)
