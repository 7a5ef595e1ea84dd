"""Attraction: how likely a document that is looked at is chosen."""

from __future__ import annotations

import abc
from typing import Any

import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.entity import Entity
from recsim_ng.entities.choice_models import probability
from recsim_ng.entities.choice_models.examination import Examination


class Attraction(Entity, metaclass=abc.ABCMeta):
    """The law by which scores become attraction: a_i = P(document i is chosen | examined).

    Args:
      name: of the entity.
    """

    @abc.abstractmethod
    def log_probabilities(self, scores: Any) -> tuple[Any, Any]:
        """Returns log a and log(1 - a), both `[B..., S]`.

        Args:
          scores: `[B..., S]` floating-point scores of the documents.
        """


class LogitAttraction(Attraction):
    """Each document on its own against no choice: a binary logit.

        a_i = exp(l_i) / (exp(l_i) + exp(n)) = sigmoid(l_i - n)

    Args:
      nochoice_logits: n, scalar, or `[B...]`; a variable can be trained.
      name: of the entity.
    """

    def __init__(self, nochoice_logits: Any = 0.0, name: str = "LogitAttraction") -> None:
        super().__init__(name=name)
        self._nochoice_logits = nochoice_logits

    def log_probabilities(self, scores: Any) -> tuple[Any, Any]:
        x = scores - tf.cast(self._nochoice_logits, scores.dtype)[..., None]
        return tf.math.log_sigmoid(x), tf.math.log_sigmoid(-x)


class ProportionalAttraction(Attraction):
    """Attraction proportional to the score above the least score.

        a_i = score_scaling (s_i - min_normalizer),   brought into [0, 1] where it is outside

    Args:
      min_normalizer: the score of a document that is never chosen.
      score_scaling: 0 or above; 1 / (greatest score - min_normalizer) keeps all within [0, 1].
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) score_scaling is below 0.

    Source: Ie et al. (2019), RecSim: a configurable simulation platform for recommender systems,
      arXiv 1909.04847.
    """

    def __init__(
        self,
        min_normalizer: Any = 0.0,
        score_scaling: Any = 1.0,
        name: str = "ProportionalAttraction",
    ) -> None:
        super().__init__(name=name)
        self._min_normalizer = min_normalizer
        self._score_scaling = check.numbers(name, "score_scaling", score_scaling, 0.0)

    def log_probabilities(self, scores: Any) -> tuple[Any, Any]:
        above = scores - tf.cast(self._min_normalizer, scores.dtype)
        p = tf.clip_by_value(tf.cast(self._score_scaling, scores.dtype) * above, 0.0, 1.0)
        return probability.log(p), probability.log(1.0 - p)


class ExponentialAttraction(Attraction):
    """Attraction proportional to the exponential of the score.

        a_i = min(1, score_scaling exp(s_i))

    Args:
      score_scaling: 0 or above; exp(- greatest score) keeps all below 1.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) score_scaling is below 0.

    Source: Ie et al. (2019), RecSim: a configurable simulation platform for recommender systems,
      arXiv 1909.04847.
    """

    def __init__(self, score_scaling: Any = 1.0, name: str = "ExponentialAttraction") -> None:
        super().__init__(name=name)
        self._score_scaling = check.numbers(name, "score_scaling", score_scaling, 0.0)

    def log_probabilities(self, scores: Any) -> tuple[Any, Any]:
        scaling = tf.cast(self._score_scaling, scores.dtype)
        log_p = tf.minimum(scores + probability.log(scaling), 0.0)
        return log_p, probability.log(-tf.math.expm1(log_p))


def appeal(attraction: Attraction, examination: Examination, scores: Any) -> tuple[Any, Any]:
    """Returns log q and log(1 - q), `[B..., S]`: each place is examined and appeals, or not.

    Args:
      attraction: of documents.
      examination: of places.
      scores: `[B..., S]`.
    """
    log_attracted, log_repelled = attraction.log_probabilities(scores)
    examined = examination.probabilities(scores.shape[-1], scores.dtype)
    log_examined = probability.log(examined)
    return (
        log_examined + log_attracted,
        probability.log_not_both(examined, log_examined, log_repelled),
    )
