"""Marginal: a target whose discrete unknowns, each drawn once, are summed out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check, noise, standard_noise
from recsim_ng.core.errors import DataError
from recsim_ng.core.ordering import argmax
from recsim_ng.inference.resampling import taken
from recsim_ng.inference.summed_out import Field, SummedOut
from recsim_ng.inference.target import Target
from recsim_ng.inference.unknown import Unknown
from recsim_ng.inference.user_terms import by_term


class Marginal(SummedOut):
    """log p(continuous unknowns, logs), the discrete unknowns summed out.

    With d the discrete unknowns, each drawn once, and x the others:

        log p(x, y) = log sum_d p(d, x, y)

    Where given x the users are independent, the sum is taken user by user, over a user's own
    discrete unknowns: log p(x, y) = c(x) + sum_u log sum_{d_u} f_u(d_u, x). Else it runs over all
    values that all of them have together.

    Args:
      target: with discrete unknowns.
      max_combinations: how many values the unknowns that are summed together may have.

    Raises:
      DataError: (also a ValueError) a discrete unknown is drawn at every step, or has no finite
        support; there are too many values; all unknowns are continuous.
    """

    def __init__(self, target: Target, max_combinations: int = 1024) -> None:
        check.whole("Marginal", "max_combinations", max_combinations, 1)
        super().__init__(target, max_combinations)

    def probabilities(self, x: Sequence[Any]) -> dict[str, Any]:
        """Returns the posterior of the discrete unknowns, given the continuous ones and the logs.

        Args:
          x: the continuous unknowns' values, of their shapes.

        Returns:
          Name -> `[*elements, n]` each element's probability of each value of its support.
        """
        return self._marginals(tf.transpose(tf.nn.softmax(self._combined(x), axis=0)))

    def draw(self, x: Sequence[Any], num_draws: int, seed: Any) -> dict[str, Any]:
        """Draws the discrete unknowns, given the continuous ones and the logs.

        Args:
          x: the continuous unknowns' values, of their shapes.
          num_draws: M.
          seed: an int or a pair of ints or words.

        Returns:
          Name -> `[M, ...]` values of the unknown.
        """
        groups = self._combined(x)
        count, size = groups.shape
        key = noise.Key(noise.seed_words(seed)).fold("marginal")
        gumbels = standard_noise.gumbel(key, (size, num_draws, count))
        chosen = argmax(tf.transpose(groups)[:, None] + gumbels)  # [G, M]
        found = {}
        for unknown, values in zip(self._discrete, self._values, strict=True):
            found[unknown.name] = taken(values, tf.transpose(chosen), self._users is not None)
        return found

    def _combined(self, x: Sequence[Any]) -> Any:
        """`[K, G]` log-probabilities of each combination and group."""
        return tf.reduce_sum(self._terms(x, self._values, self._users)[0], axis=1)

    def _require_discrete(self) -> None:
        if not self._discrete:
            raise DataError(
                "Marginal: some unknown must be discrete, got "
                f"{[u.name for u in self._all]}; use the target as it is"
            )
        moving = [u.name for u in self._discrete if u.is_path]
        if moving:
            raise DataError(
                f"Marginal: discrete unknowns must be drawn once, got {moving} drawn at every step;"
                " use MarginalChain or method='smc'"
            )

    def _shape_at_once(self, unknown: Unknown) -> tuple[int, ...]:
        return unknown.shape

    def _laid_out(self, values: np.ndarray) -> Any:
        if self._users:
            values = np.repeat(values[:, None], self._users, axis=1)
        return tf.constant(values)

    def _by_term(self, scores: Mapping[Field, Any], users: int | None) -> tuple[Any, Any]:
        static = {v.name for v in self._network.variables if v.is_static}
        whole = {
            (name, field): x if name in static else tf.reduce_sum(x, axis=0)
            for (name, field), x in scores.items()
        }
        return by_term(self._network, whole, self._fields, users)

    def _summed(self, groups: Any, shared: Any) -> tuple[Any, Any]:
        terms = tf.reduce_logsumexp(tf.reduce_sum(groups, axis=1), axis=0)
        return terms, tf.reduce_sum(shared[0])
