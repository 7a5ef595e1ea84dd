"""Marginal: a target whose discrete unknowns are summed out, so that the rest can be fitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check, noise, standard_noise
from recsim_ng.core.errors import DataError
from recsim_ng.core.network import Network
from recsim_ng.core.ordering import argmax
from recsim_ng.inference import replay
from recsim_ng.inference.blocks import Blocks
from recsim_ng.inference.conditioned import sampled_step
from recsim_ng.inference.finite_support import (
    FiniteSupport,
    combinations,
    finite_support,
    num_combinations,
)
from recsim_ng.inference.resampling import taken
from recsim_ng.inference.score import log_probs
from recsim_ng.inference.target import Target
from recsim_ng.inference.unknown import Unknown, with_unknowns
from recsim_ng.inference.user_terms import by_term, coupled_users, is_shared, mixed, mixtures
from recsim_ng.inference.user_terms import has_user_axis as _has_user_axis
from recsim_ng.runtime import TFRuntime

_ONCE = ("always", "first")


class Marginal(Target):
    """log p(continuous unknowns, logs), the discrete unknowns summed out.

    With d the discrete unknowns, each drawn once, and x the others:

        log p(x, y) = log sum_d p(d, x, y)

    Where given x the users are independent, the sum is taken user by user, over a user's own
    discrete unknowns: log p(x, y) = c(x) + sum_u log sum_{d_u} f_u(d_u, x). Else it runs over all
    values that all of them have together. Whether users are independent is found out as
    `UserIndependence` does it, at a draw of the prior.

    Args:
      target: with discrete unknowns.
      max_combinations: how many values the unknowns that are summed together may have.

    Raises:
      DataError: (also a ValueError) a discrete unknown is drawn at every step, or has no finite
        support; there are too many values; all unknowns are continuous.
    """

    def __init__(self, target: Target, max_combinations: int = 1024) -> None:
        check.whole("Marginal", "max_combinations", max_combinations, 1)
        self._network, self._given, self._all = target.network, target.given, target.unknowns
        self._unknowns = [u for u in self._all if u.bijector is not None]
        self._discrete = [u for u in self._all if u.bijector is None]
        if not self._discrete:
            raise DataError(
                "Marginal: some unknown must be discrete, got "
                f"{[u.name for u in self._all]}; use the target as it is"
            )
        self._supports = self._found_supports()
        fields = {(v.name, field) for v in self._network.variables for field in v.spec.as_dict}
        self._fields = sorted(fields)
        users = self._independent_users()
        shapes = [u.shape[1:] if users else u.shape for u in self._discrete]
        count = num_combinations(self._supports, shapes)
        if count > max_combinations:
            together = "of a user" if users else "together, since users are not independent,"
            raise DataError(
                f"Marginal: {[u.name for u in self._discrete]} must have at most "
                f"{max_combinations} values {together} to be summed out, got {count}; put them "
                "into the logs, or use method='smc'"
            )
        self._users = users
        values, self._numbers = combinations(self._supports, shapes)
        if users:
            values = [np.repeat(x[:, None], users, axis=1) for x in values]
        self._values = [tf.constant(x) for x in values]

    @property
    def discrete(self) -> list[Unknown]:
        """What is summed out."""
        return self._discrete

    @property
    def supports(self) -> dict[str, np.ndarray]:
        """Name -> `[n, ...]` the values that each element of a discrete unknown can have."""
        names = [u.name for u in self._discrete]
        return {n: s.values for n, s in zip(names, self._supports, strict=True)}

    def log_joint(self, x: Sequence[Any]) -> Any:
        """Returns log p(continuous unknowns, logs), a scalar.

        Args:
          x: the continuous unknowns' values, of their shapes.
        """
        groups, shared = self._combined(x)
        return shared + tf.reduce_sum(tf.reduce_logsumexp(groups, axis=0))

    def block_terms(self, given: replay.Observed, x: Sequence[Any], blocks: Blocks) -> Any:
        """Returns `[B]` log p(x) and `[B]` log p(logs | x), the discrete unknowns summed out.

        Args:
          given: logs of the form of this target's.
          x: the continuous unknowns' values, of their shapes.
          blocks: of the continuous unknowns.
        """
        groups, shared = self._terms(x, self._values, self._users, given)
        own = {(u.variable, u.field) for u in self._all}
        is_prior = np.array([field in own for field in self._fields])
        found = []
        for fields in (is_prior, np.ones_like(is_prior)):
            mine = tf.boolean_mask(groups, fields, axis=1)
            terms = tf.reduce_logsumexp(tf.reduce_sum(mine, axis=1), axis=0)  # [G]
            rest = tf.reduce_sum(tf.boolean_mask(shared[0], fields))
            found.append(blocks.of_users(terms) + blocks.summed(rest, None))
        prior, whole = found
        return prior, whole - prior

    def probabilities(self, x: Sequence[Any]) -> dict[str, Any]:
        """Returns the posterior of the discrete unknowns, given the continuous ones and the logs.

        Args:
          x: the continuous unknowns' values, of their shapes.

        Returns:
          Name -> `[*elements, n]` each element's probability of each value of its support.
        """
        groups, _ = self._combined(x)
        weights = tf.nn.softmax(groups, axis=0)  # [K, G]
        found = {}
        parts = zip(self._discrete, self._supports, self._numbers, strict=True)
        for unknown, support, numbers in parts:
            is_it = tf.one_hot(numbers, len(support.values))  # [K, *elements of a unit, n]
            of_unit = tf.tensordot(weights, is_it, axes=[[0], [0]])
            found[unknown.name] = of_unit if self._users else of_unit[0]
        return found

    def draw(self, x: Sequence[Any], num_draws: int, seed: Any) -> dict[str, Any]:
        """Draws the discrete unknowns, given the continuous ones and the logs.

        Args:
          x: the continuous unknowns' values, of their shapes.
          num_draws: M.
          seed: an int or a pair of ints or words.

        Returns:
          Name -> `[M, ...]` values of the unknown.
        """
        groups, _ = self._combined(x)
        count, size = groups.shape
        key = noise.Key(noise.seed_words(seed)).fold("marginal")
        gumbels = standard_noise.gumbel(key, (size, num_draws, count))
        chosen = argmax(tf.transpose(groups)[:, None] + gumbels)  # [G, M]
        found = {}
        for unknown, values in zip(self._discrete, self._values, strict=True):
            found[unknown.name] = taken(values, tf.transpose(chosen), self._users is not None)
        return found

    def _combined(self, x: Sequence[Any]) -> tuple[Any, Any]:
        """`[K, G]` log-probabilities of each combination and group, and a scalar of the rest."""
        groups, shared = self._terms(x, self._values, self._users)
        return tf.reduce_sum(groups, axis=1), tf.reduce_sum(shared[0])

    def _terms(
        self,
        x: Sequence[Any],
        discrete: Sequence[Any],
        users: int | None,
        given: replay.Observed | None = None,
    ) -> Any:
        """`[N, F, G]` and `[N, F]` log-probabilities under `[N, ...]` discrete values."""

        def of(values: Any) -> Any:
            mine, others = iter(values), iter(x)
            whole = [next(mine if u.bijector is None else others) for u in self._all]
            known = with_unknowns(given or self._given, self._all, whole)
            scores = log_probs(self._network, known)
            terms = {}
            for variable in self._network.variables:
                for field, term in scores[variable.name].as_dict.items():
                    over_time = term if variable.is_static else tf.reduce_sum(term, axis=0)
                    terms[variable.name, field] = over_time
            return by_term(self._network, terms, self._fields, users)

        return tf.vectorized_map(of, list(discrete), fallback_to_while_loop=False)

    def _found_supports(self) -> list[FiniteSupport]:
        moving = [u.name for u in self._discrete if u.when not in _ONCE]
        if moving:
            raise DataError(
                f"Marginal: discrete unknowns must be drawn once, got {moving} drawn at every step;"
                " use MarginalChain or method='smc'"
            )
        step = sampled_step(self._network, "initial_value", self._given.at_first(), {}, {})
        found = []
        for unknown in self._discrete:
            law = step.latent[unknown.variable][unknown.field].distribution
            support = finite_support(law)
            if support is None:
                raise DataError(
                    f"Marginal: '{unknown.name}' must have a small finite support to be summed out,"
                    f" got {type(law).__name__}; put it into the logs, or use method='smc'"
                )
            found.append(support)
        return found

    def _independent_users(self) -> int | None:
        """U, if given the continuous unknowns the users' discrete ones are independent."""
        if not all(_has_user_axis(self._network, u.variable, u.field) for u in self._discrete):
            return None
        sizes = {u.shape[0] for u in self._discrete}
        if len(sizes) != 1:
            return None
        users = sizes.pop()
        ways = mixtures(users)
        generator = np.random.default_rng(0)
        parts: list[Any] = []
        for unknown, support in zip(self._discrete, self._supports, strict=True):
            elements = unknown.shape[: len(unknown.shape) - support.event_ndims]
            size = len(support.values)
            one = generator.integers(size, size=elements)
            other = (one + generator.integers(1, max(size, 2), size=elements)) % size
            worlds = (tf.constant(support.values[i]) for i in (one, other))
            parts.append(mixed(next(worlds), next(worlds), ways))
        x = prior_draw(self._network, self._unknowns, self._given.length)
        of = tf.function(lambda x, parts: self._terms(x, parts, users), autograph=False)
        groups, shared = of(x, parts)
        if not is_shared(shared):
            return None
        return users if not len(coupled_users(groups, ways)) else None


def prior_draw(network: Network, unknowns: Sequence[Unknown], length: int) -> list[Any]:
    """Returns values of unknowns, drawn from the story without its logs.

    Args:
      network: the story.
      unknowns: which.
      length: T.
    """
    if not unknowns:
        return []
    run = TFRuntime(network).trajectory(length, seed=0, record=[u.name for u in unknowns])
    found = []
    for unknown in unknowns:
        drawn = run[unknown.variable].get(unknown.field)
        found.append({"each": drawn, "later": drawn[1:]}.get(unknown.when, drawn[0]))
    return found
