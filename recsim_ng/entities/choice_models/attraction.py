"""Attraction: how likely a document that is looked at is chosen."""

from __future__ import annotations

import abc
import math
from typing import Any

import tensorflow as tf

from recsim_ng.core import check, require
from recsim_ng.core.entity import Entity
from recsim_ng.entities.choice_models import probability
from recsim_ng.entities.choice_models.examination import Examination, GeometricExamination


class Attraction(Entity, metaclass=abc.ABCMeta):
    """The law by which scores become attraction: a_i = P(document i is chosen | examined).

    Args:
      name: of the entity.
    """

    def check_shapes(self, batch_shape: tuple[int, ...], slate_size: int | None = None) -> None:
        """Requires the parameters to fit the users and, if its size is known, the slate.

        Args:
          batch_shape: of the users, `[B...]`.
          slate_size: S; None: not known yet.

        Raises:
          ConfigError: (also a ValueError) one does not.
        """
        del batch_shape, slate_size  # there are none

    @abc.abstractmethod
    def log_probabilities(self, scores: Any) -> tuple[Any, Any]:
        """Returns log a and log(1 - a), both `[B..., S]`.

        Args:
          scores: `[B..., S]` floating-point scores of the documents.
        """


class LogitAttraction(Attraction):
    """Each document on its own against no choice: a binary logit.

        a_i = exp(l_i) / (exp(l_i) + exp(n)) = sigmoid(l_i - n)

    A document of minus infinity is never chosen, whatever n.

    Args:
      nochoice_logits: n, scalar, or `[B...]`; minus infinity: whatever is examined is chosen. A
        variable can be trained.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) nochoice_logits is NaN or plus infinity.
    """

    def __init__(self, nochoice_logits: Any = 0.0, name: str = "LogitAttraction") -> None:
        super().__init__(name=name)
        self._nochoice_logits = require.logits(name, "nochoice_logits", nochoice_logits)

    def check_shapes(self, batch_shape: tuple[int, ...], slate_size: int | None = None) -> None:
        require.logits(self.name, "nochoice_logits", self._nochoice_logits, shape=batch_shape)

    def log_probabilities(self, scores: Any) -> tuple[Any, Any]:
        x = scores - tf.cast(self._nochoice_logits, scores.dtype)[..., None]
        x = tf.where(scores > -math.inf, x, tf.constant(-math.inf, x.dtype))
        return tf.math.log_sigmoid(x), tf.math.log_sigmoid(-x)


class ProportionalAttraction(Attraction):
    """Attraction proportional to the score above the least score.

        a_i = score_scaling (s_i - min_normalizer),   brought into [0, 1] where it is outside

    Args:
      min_normalizer: the score of a document that is never chosen, a number, or what broadcasts to
        `[B..., S]`.
      score_scaling: 0 or above, alike; 1 / (greatest score - min_normalizer) keeps all within
        [0, 1].
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) score_scaling is below 0, or a parameter is not finite.

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
        self._min_normalizer = require.numbers(name, "min_normalizer", min_normalizer)
        self._score_scaling = require.numbers(name, "score_scaling", score_scaling, 0.0)

    def check_shapes(self, batch_shape: tuple[int, ...], slate_size: int | None = None) -> None:
        if slate_size is not None:
            shape = (*batch_shape, slate_size)
            require.numbers(self.name, "min_normalizer", self._min_normalizer, shape=shape)
            require.numbers(self.name, "score_scaling", self._score_scaling, shape=shape)

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
      ConfigError: (also a ValueError) score_scaling is below 0, or a parameter is not finite.

    Source: Ie et al. (2019), RecSim: a configurable simulation platform for recommender systems,
      arXiv 1909.04847.
    """

    def __init__(self, score_scaling: Any = 1.0, name: str = "ExponentialAttraction") -> None:
        super().__init__(name=name)
        self._score_scaling = require.numbers(name, "score_scaling", score_scaling, 0.0)

    def check_shapes(self, batch_shape: tuple[int, ...], slate_size: int | None = None) -> None:
        if slate_size is not None:
            shape = (*batch_shape, slate_size)
            require.numbers(self.name, "score_scaling", self._score_scaling, shape=shape)

    def log_probabilities(self, scores: Any) -> tuple[Any, Any]:
        scaling = tf.cast(self._score_scaling, scores.dtype)
        log_p = tf.minimum(scores + probability.log(scaling), 0.0)
        return log_p, probability.log(-tf.math.expm1(log_p))


def parts_of(
    where: str,
    attraction: Attraction | None,
    examination: Examination | None,
    batch_shape: tuple[int, ...],
    slate_size: int | None = None,
) -> tuple[Attraction, Examination]:
    """Returns a model's attraction and examination, a binary logit and 1 everywhere if None.

    Args:
      where: the model's name.
      attraction: of documents.
      examination: of places.
      batch_shape: of the users, `[B...]`.
      slate_size: S; None: not known yet.

    Raises:
      ConfigError: (also a ValueError) one is something else, or its parameters do not fit the users
        or the slate.
    """
    attraction = LogitAttraction() if attraction is None else attraction
    examination = GeometricExamination() if examination is None else examination
    check.instance(where, "attraction", attraction, Attraction)
    check.instance(where, "examination", examination, Examination)
    for part in (attraction, examination):
        part.check_shapes(batch_shape, slate_size)
    return attraction, examination


def appeal(attraction: Attraction, examination: Examination, scores: Any) -> tuple[Any, Any]:
    """Returns log q and log(1 - q), `[B..., S]`: each place is examined and appeals, or not.

    Args:
      attraction: of documents.
      examination: of places.
      scores: `[B..., S]`.

    Raises:
      ConfigError: (also a ValueError) their parameters do not fit the scores.
    """
    if scores.shape.is_fully_defined():
        *batch_shape, slate_size = scores.shape.as_list()
        for part in (attraction, examination):
            part.check_shapes(tuple(batch_shape), slate_size)
    log_attracted, log_repelled = attraction.log_probabilities(scores)
    examined = examination.probabilities(scores.shape[-1], scores.dtype)
    log_examined = probability.log(examined)
    return (
        log_examined + log_attracted,
        probability.log_not_both(examined, log_examined, log_repelled),
    )
