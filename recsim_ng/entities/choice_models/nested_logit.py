"""The nested logit choice model: documents of a kind are substitutes for each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import require
from recsim_ng.core.edward2 import is_random_variable
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.value import Value
from recsim_ng.entities.choice_models.choice_model import ChoiceModel, place_on_slate, scores_of
from recsim_ng.entities.choice_models.multinomial_logit import all_logits
from recsim_ng.entities.choice_models.probability import log_sum


class NestedLogitChoiceModel(ChoiceModel):
    """Picks a nest of like documents, or none, then a document of the nest.

        I_k           = log sum_{j in nest k} exp(m_j / lambda_k)
        P(choice = i) = P(k) exp(m_i / lambda_k - I_k),                   i in nest k, i = 0 .. S-1
        P(k)          = exp(lambda_k I_k) / (exp(n) + sum_h exp(lambda_h I_h))
        P(choice = S) = exp(n)            / (...)                         no choice

    where m_i = l_i + i b, with document logits l, positional bias b, no-choice logit n, a nest of
    its own, and dissimilarity lambda_k of the documents within nest k: 1 makes a multinomial logit
    of it all, and the nearer to 0, the less another document of the same kind adds.

    Where all, no choice too, are minus infinity, there is no law: the log-probability is NaN.

    Args:
      batch_shape: of the users, `[B...]`.
      dissimilarity: `[N]` lambda, of each nest, within (0, 1]; a variable can be trained.
      nochoice_logits: n, scalar or `[B...]`; minus infinity: something is always chosen.
      positional_bias: b, a number, or a scalar tensor or variable.
      nests: `[S]` or `[B..., S]` ints within 0..N-1, the nest of each place on the slate, where it
        stays the same; else it is given in the call.
      name: of the entity; its site is called after it.

    Raises:
      ConfigError: (also a ValueError) dissimilarity is no vector or outside (0, 1], nests have
        another shape or one is outside 0..N-1, nochoice_logits is NaN or plus infinity or does not
        broadcast to the batch shape, or positional_bias is no finite scalar.

    Source: McFadden (1978), Modelling the choice of residential location; Train (2009), Discrete
      choice methods with simulation, section 4.2.
    """

    def __init__(
        self,
        batch_shape: Sequence[int],
        dissimilarity: Any,
        nochoice_logits: Any,
        positional_bias: float = 0.0,
        nests: Any = None,
        name: str = "NestedLogitChoiceModel",
    ) -> None:
        super().__init__(batch_shape, name=name)
        dissimilarity = require.numbers(name, "dissimilarity", dissimilarity, 0.0, 1.0, ends="(]")
        if len(np.shape(dissimilarity)) != 1 or not np.size(dissimilarity):
            raise ConfigError(
                f"{name}: dissimilarity must be a vector, one for each nest, "
                f"got shape {list(np.shape(dissimilarity))}"
            )
        self._dissimilarity = dissimilarity
        self._num_nests = int(np.shape(dissimilarity)[0])
        self._nochoice_logits = require.logits(
            name, "nochoice_logits", nochoice_logits, shape=self._batch_shape
        )
        self._positional_bias = require.numbers(name, "positional_bias", positional_bias, shape=())
        if nests is not None:
            self._check_nests(nests)
        self._nests = nests

    def choice(self, slate_document_logits: Any, nests: Any = None) -> Value:
        """Returns the choices.

        Args:
          slate_document_logits: `[B..., S]` document logits.
          nests: `[S]` or `[B..., S]` ints within 0..N-1, the nest of each document, where the
            constructor got none.

        Returns:
          A Value with `choice`, `[B...]` int32: the place on the slate, S for no choice.

        Raises:
          ConfigError: (also a ValueError) no nests are given, they have another shape or one is
            outside 0..N-1, or the logits are no real numbers `[B..., S]`.
        """
        if nests is None:
            nests = self._nests
        if nests is None:
            raise ConfigError(
                f"{self.name}: nests must be given at construction or in the call, got none"
            )
        if is_random_variable(nests):
            nests = tf.convert_to_tensor(nests)
        scores = scores_of(self.name, slate_document_logits, self._batch_shape)
        self._check_nests(nests, scores.shape[-1])
        logits = all_logits(scores, self._nochoice_logits, self._positional_bias)
        utility, none = logits[..., :-1], logits[..., -1:]
        dissimilarity = tf.cast(self._dissimilarity, logits.dtype)
        lowest = tf.constant(-float("inf"), logits.dtype)
        possible = utility > lowest  # infinities are kept out of sums: their gradients are NaN
        utility = tf.where(possible, utility, tf.zeros_like(utility))
        member = tf.one_hot(nests, self._num_nests, on_value=True, off_value=False)
        member = member & possible[..., None]
        by_nest = tf.where(member, utility[..., None] / dissimilarity, lowest)
        inclusive = log_sum(tf.linalg.matrix_transpose(by_nest))  # I
        inclusive = tf.where(inclusive > lowest, inclusive, tf.zeros_like(inclusive))
        # P(i) is proportional to exp(m_i / lambda + (lambda - 1) I): over a nest, exp(lambda I).
        weight = utility[..., None] / dissimilarity
        weight += ((dissimilarity - 1.0) * inclusive)[..., None, :]
        documents = tf.reduce_sum(tf.where(member, weight, tf.zeros_like(weight)), axis=-1)
        documents = tf.where(possible, documents, lowest)
        choice = place_on_slate(tf.concat([documents, none], axis=-1), name=self._site("choice"))
        return Value(choice=choice)

    def _check_nests(self, nests: Any, slate_size: int | None = None) -> None:
        """Requires whole numbers `[S]` or `[B..., S]`, as far as they are known."""
        require.numbers(self.name, "nests", nests)
        value = require.static_value(nests)
        shape = tf.TensorShape(nests.shape if value is None else value.shape)
        if shape.rank == 0:
            raise ConfigError(f"{self.name}: nests must have an axis of places, got {nests}")
        if shape.rank is not None:
            size = shape[-1] if slate_size is None else slate_size
            require.numbers(self.name, "nests", nests, shape=(*self._batch_shape, size))
        is_whole = np.issubdtype(tf.as_dtype(_dtype(nests, value)).as_numpy_dtype, np.integer)
        known = () if value is None else value
        if not is_whole or np.any(np.less(known, 0) | np.greater_equal(known, self._num_nests)):
            raise ConfigError(
                f"{self.name}: nests must be whole numbers within 0..{self._num_nests - 1}, one "
                f"dissimilarity each, got {nests if value is None else value.tolist()}"
            )


def _dtype(x: Any, value: np.ndarray | None) -> Any:
    return x.dtype if value is None else value.dtype
