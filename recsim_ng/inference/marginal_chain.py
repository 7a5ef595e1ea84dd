"""Marginal chain: a target whose discrete unknowns of every step are summed out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import DataError
from recsim_ng.inference.completion import missing
from recsim_ng.inference.summed_out import Field, SummedOut
from recsim_ng.inference.target import Target
from recsim_ng.inference.unknown import Unknown, with_unknowns
from recsim_ng.inference.user_terms import by_term


class MarginalChain(SummedOut):
    """log p(continuous unknowns, logs), discrete unknowns of every step summed out exactly.

    With z_t the discrete unknowns at step t, of K values together, and x the continuous unknowns,
    the forward algorithm gives log p(x, y) = c(x) + log sum_i a_{T-1}(i):

        a_0(i) = p(z_0 = i, y_0 | x),   a_t(j) = sum_i a_{t-1}(i) p(z_t = j, y_t | z_{t-1} = i, x)

    Where given x the users are independent it runs for each user alone. The transitions of all
    steps are computed in parallel, along K^2 paths that alternate between two values, and
    multiplied pair by pair, which takes K^3 operations for each step and group of users.

    Args:
      target: whose discrete unknowns are all drawn at every step.
      max_values: how great K may be.

    Raises:
      DataError: (also a ValueError) the discrete unknowns are others, or none; one has no finite
        support; K is too great; or something that is not in the logs remembers z for longer.

    Source: Rabiner (1989), A tutorial on hidden Markov models, Proceedings of the IEEE 77,
      equations 19 to 21.
    """

    def __init__(self, target: Target, max_values: int = 16) -> None:
        check.whole("MarginalChain", "max_values", max_values, 1)
        super().__init__(target, max_values)

    def probabilities(self, x: Sequence[Any]) -> dict[str, Any]:
        """Returns the smoothed posterior of the discrete unknowns, given the continuous ones.

        It is the gradient of the log-density with respect to the logarithms of the transitions.

        Args:
          x: the continuous unknowns' values, of their shapes.

        Returns:
          Name -> `[T, *elements, n]` each element's probability of each value of its support.
        """
        first, later = self._transitions(self._terms(x, self._values, self._users)[0])
        with tf.GradientTape() as tape:
            tape.watch([first, later])
            total = tf.reduce_sum(_forward(first, later))
        at_first, pairs = tape.gradient(total, [first, later])
        weights = tf.concat([at_first[None], tf.reduce_sum(pairs, axis=1)], axis=0)  # [T, K, G]
        return self._marginals(tf.transpose(weights, [0, 2, 1]))

    def _require_discrete(self) -> None:
        other = [u.name for u in self._discrete if u.when != "each"]
        if other or not self._discrete:
            raise DataError(
                "MarginalChain: the discrete unknowns must be drawn at every step, got "
                f"{other or 'none'}; use Marginal for what is drawn once, or method='smc'"
            )
        zeros = [tf.zeros(u.shape, u.dtype) for u in self._all]
        remembered = missing(self._network, with_unknowns(self._given, self._all, zeros))
        if remembered:
            raise DataError(
                "MarginalChain: what a step reads of the one before must be in the logs or drawn, "
                f"got {['.'.join(field) for field in remembered]}; put them into the logs, or use "
                "method='smc'"
            )

    def _shape_at_once(self, unknown: Unknown) -> tuple[int, ...]:
        return unknown.shape[1:]

    def _laid_out(self, values: np.ndarray) -> Any:
        """`[K * K, T, ...]` paths between any two of `[K, ...]` values."""
        size, length = len(values), self._given.length
        ends = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij"), axis=-1)
        paths = values[ends.reshape(-1, 2)[:, np.arange(length) % 2]]
        if self._users:
            paths = np.repeat(paths[:, :, None], self._users, axis=2)
        return tf.constant(paths)

    def _by_term(self, scores: Mapping[Field, Any], users: int | None) -> tuple[Any, Any]:
        static = {v.name for v in self._network.variables if v.is_static}
        length, terms = self._given.length, {}
        for (name, field), x in scores.items():
            if name in static:  # counted at step 0
                x = tf.pad(x[None], [[0, length - 1], *[[0, 0]] * x.shape.rank])
            terms[name, field] = x
        return tf.vectorized_map(
            lambda each: by_term(
                self._network, dict(zip(terms, each, strict=True)), self._fields, users
            ),
            list(terms.values()),
            fallback_to_while_loop=False,
        )

    def _summed(self, groups: Any, shared: Any) -> tuple[Any, Any]:
        return _forward(*self._transitions(groups)), tf.reduce_sum(shared[0])

    def _transitions(self, groups: Any) -> tuple[Any, Any]:
        """`[K, G]` of step 0, `[T - 1, K, K, G]` from the second axis to the third."""
        groups = tf.reduce_sum(groups, axis=2)  # [K * K, T, G]
        size, length = self._count, self._given.length
        table = tf.reshape(groups, [size, size, length, -1])
        table = tf.transpose(table, [2, 0, 1, 3])
        # Path (i, j) is at i at even steps and at j at odd ones.
        is_odd = (tf.range(length) % 2 == 1)[:, None, None, None]
        moves = tf.where(is_odd, table, tf.transpose(table, [0, 2, 1, 3]))
        return table[0, :, 0], moves[1:]


def _forward(first: Any, later: Any) -> Any:
    """`[G]` log-probabilities, out of `[K, G]` and `[T - 1, K, K, G]`.

    The product of the matrices is taken pair by pair, in a logarithmic number of rounds: parallel
    in time, and without a loop whose gradient XLA would have to know how to bound.
    """
    while later.shape[0] > 1:
        half = later.shape[0] // 2
        left, right = later[0 : 2 * half : 2], later[1 : 2 * half : 2]
        both = tf.reduce_logsumexp(left[:, :, :, None] + right[:, None], axis=2)
        later = tf.concat([both, later[2 * half :]], axis=0)
    if later.shape[0]:
        first = tf.reduce_logsumexp(first[:, None] + later[0], axis=0)
    return tf.reduce_logsumexp(first, axis=0)
