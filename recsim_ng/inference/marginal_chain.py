"""Marginal chain: a target whose discrete unknowns of every step are summed out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import DataError
from recsim_ng.inference import replay
from recsim_ng.inference.blocks import Blocks
from recsim_ng.inference.completion import missing
from recsim_ng.inference.conditioned import sampled_step
from recsim_ng.inference.finite_support import combinations, finite_support, num_combinations
from recsim_ng.inference.marginal import prior_draw
from recsim_ng.inference.score import log_probs
from recsim_ng.inference.target import Target
from recsim_ng.inference.unknown import Unknown, with_unknowns
from recsim_ng.inference.user_terms import (
    by_term,
    coupled_users,
    has_user_axis,
    is_shared,
    mixed,
    mixtures,
)


class MarginalChain(Target):
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
        self._network, self._given, self._all = target.network, target.given, target.unknowns
        self._unknowns = [u for u in self._all if u.bijector is not None]
        self._discrete = [u for u in self._all if u.bijector is None]
        self._fields = [(v.name, f) for v in self._network.variables for f in v.spec.as_dict]
        self._supports = self._found_supports()
        shapes = [u.shape[1:] for u in self._discrete]
        self._users = self._independent_users(shapes)
        if self._users:
            shapes = [shape[1:] for shape in shapes]
        count = num_combinations(self._supports, shapes)
        if count > max_values:
            of = "of a user" if self._users else "together"
            raise DataError(
                f"MarginalChain: {[u.name for u in self._discrete]} must have at most {max_values} "
                f"values {of} to be summed out, got {count}; use method='smc'"
            )
        values, self._numbers = combinations(self._supports, shapes)
        self._paths = [self._alternating(x) for x in values]
        self._count = count

    @property
    def discrete(self) -> list[Unknown]:
        """What is summed out."""
        return self._discrete

    def log_joint(self, x: Sequence[Any]) -> Any:
        """Returns log p(continuous unknowns, logs), a scalar.

        Args:
          x: the continuous unknowns' values, of their shapes.
        """
        first, later, shared = self._transitions(x)
        return shared + tf.reduce_sum(_forward(first, later))

    def block_terms(self, given: replay.Observed, x: Sequence[Any], blocks: Blocks) -> Any:
        """Returns `[B]` log p(x) and `[B]` log p(logs | x), the discrete unknowns summed out.

        Args:
          given: logs of the form of this target's.
          x: the continuous unknowns' values, of their shapes.
          blocks: of the continuous unknowns.
        """
        terms = self._terms(x, self._paths, self._users, given)
        own = {(u.variable, u.field) for u in self._all}
        is_prior = np.array([field in own for field in self._fields])
        found = []
        for fields in (is_prior, np.ones_like(is_prior)):
            groups, shared = (tf.boolean_mask(x, fields, axis=2) for x in terms)
            first, later, rest = self._moves(groups, shared)
            found.append(blocks.of_users(_forward(first, later)) + blocks.summed(rest, None))
        prior, whole = found
        return prior, whole - prior

    def probabilities(self, x: Sequence[Any]) -> dict[str, Any]:
        """Returns the smoothed posterior of the discrete unknowns, given the continuous ones.

        It is the gradient of the log-density with respect to the logarithms of the transitions.

        Args:
          x: the continuous unknowns' values, of their shapes.

        Returns:
          Name -> `[T, *elements, n]` each element's probability of each value of its support.
        """
        first, later, _ = self._transitions(x)
        with tf.GradientTape() as tape:
            tape.watch([first, later])
            total = tf.reduce_sum(_forward(first, later))
        at_first, pairs = tape.gradient(total, [first, later])
        weights = tf.concat([at_first[None], tf.reduce_sum(pairs, axis=1)], axis=0)  # [T, K, G]
        found = {}
        parts = zip(self._discrete, self._supports, self._numbers, strict=True)
        for unknown, support, numbers in parts:
            is_it = tf.one_hot(numbers, len(support.values))  # [K, *elements of a unit, n]
            of_unit = tf.tensordot(tf.transpose(weights, [0, 2, 1]), is_it, axes=1)
            found[unknown.name] = of_unit if self._users else of_unit[:, 0]
        return found

    def _transitions(self, x: Sequence[Any]) -> tuple[Any, Any, Any]:
        """`[K, G]` of step 0; `[T - 1, K, K, G]` from the second axis to the third; a scalar."""
        return self._moves(*self._terms(x, self._paths, self._users))

    def _moves(self, groups: Any, shared: Any) -> tuple[Any, Any, Any]:
        groups = tf.reduce_sum(groups, axis=2)  # [K * K, T, G]
        size, length = self._count, self._given.length
        table = tf.reshape(groups, [size, size, length, -1])
        table = tf.transpose(table, [2, 0, 1, 3])
        # Path (i, j) is at i at even steps and at j at odd ones.
        is_odd = (tf.range(length) % 2 == 1)[:, None, None, None]
        moves = tf.where(is_odd, table, tf.transpose(table, [0, 2, 1, 3]))
        return table[0, :, 0], moves[1:], tf.reduce_sum(shared[0])

    def _alternating(self, values: np.ndarray) -> Any:
        """`[K * K, T, ...]` paths between any two of `[K, ...]` values."""
        size, length = len(values), self._given.length
        ends = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij"), axis=-1)
        paths = values[ends.reshape(-1, 2)[:, np.arange(length) % 2]]
        if self._users:
            paths = np.repeat(paths[:, :, None], self._users, axis=2)
        return tf.constant(paths)

    def _terms(
        self,
        x: Sequence[Any],
        discrete: Sequence[Any],
        users: int | None,
        given: replay.Observed | None = None,
    ) -> Any:
        """`[N, T, F, G]` and `[N, T, F]` log-probabilities under `[N, T, ...]` discrete values."""

        def of(values: Any) -> Any:
            mine, others = iter(values), iter(x)
            whole = [next(mine if u.bijector is None else others) for u in self._all]
            known = with_unknowns(given or self._given, self._all, whole)
            scores = log_probs(self._network, known)
            terms = {}
            for v in self._network.variables:
                for field, term in scores[v.name].as_dict.items():
                    if v.is_static:  # counted at step 0
                        pad = [[0, self._given.length - 1], *[[0, 0]] * term.shape.rank]
                        term = tf.pad(term[None], pad)
                    terms[v.name, field] = term
            at = [
                by_term(self._network, {f: y[t] for f, y in terms.items()}, self._fields, users)
                for t in range(self._given.length)
            ]
            return tf.stack([g for g, _ in at]), tf.stack([s for _, s in at])

        return tf.vectorized_map(of, list(discrete), fallback_to_while_loop=False)

    def _found_supports(self) -> list[Any]:
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
        step = sampled_step(self._network, "initial_value", self._given.at_first(), {}, {})
        found = []
        for unknown in self._discrete:
            law = step.latent[unknown.variable][unknown.field].distribution
            support = finite_support(law)
            if support is None:
                raise DataError(
                    f"MarginalChain: '{unknown.name}' must have a small finite support to be "
                    f"summed out, got {type(law).__name__}; use method='smc'"
                )
            found.append(support)
        return found

    def _independent_users(self, shapes: Sequence[tuple[int, ...]]) -> int | None:
        """U, if given the continuous unknowns the users' discrete ones are independent."""
        if not all(has_user_axis(self._network, u.variable, u.field) for u in self._discrete):
            return None
        if len({shape[0] for shape in shapes}) != 1:
            return None
        users, length = shapes[0][0], self._given.length
        ways = mixtures(users)
        generator = np.random.default_rng(0)
        parts: list[Any] = []
        for support, shape in zip(self._supports, shapes, strict=True):
            elements = (users, length, *shape[1 : len(shape) - support.event_ndims])
            size = len(support.values)
            one = generator.integers(size, size=elements)
            other = (one + generator.integers(1, max(size, 2), size=elements)) % size
            first, second = (tf.constant(support.values[i]) for i in (one, other))
            both = mixed(first, second, ways)  # [W, U, T, ...]
            parts.append(tf.transpose(both, [0, 2, 1, *range(3, both.shape.rank)]))
        x = prior_draw(self._network, self._unknowns, length)
        of = tf.function(lambda x, parts: self._terms(x, parts, users), autograph=False)
        groups, shared = of(x, parts)
        return users if is_shared(shared) and not len(coupled_users(groups, ways)) else None


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
