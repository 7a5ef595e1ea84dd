"""Summed out: targets whose discrete unknowns are gone, so that the rest can be fitted."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import noise
from recsim_ng.core.errors import DataError
from recsim_ng.core.network import Network
from recsim_ng.core.value import Value
from recsim_ng.inference import replay
from recsim_ng.inference.blocks import Blocks
from recsim_ng.inference.completion import filled, with_filled
from recsim_ng.inference.conditioned import sampled_step
from recsim_ng.inference.finite_support import (
    FiniteSupport,
    combinations,
    finite_support,
    num_combinations,
)
from recsim_ng.inference.score import log_probs
from recsim_ng.inference.target import Target
from recsim_ng.inference.unknown import Unknown, with_unknowns
from recsim_ng.inference.user_terms import (
    coupled_users,
    has_user_axis,
    is_shared,
    mixed,
    mixtures,
)
from recsim_ng.runtime import TFRuntime

Field = tuple[str, str]


class SummedOut(Target, abc.ABC):
    """log p(continuous unknowns, logs), the discrete unknowns summed out.

    Where given the continuous unknowns the users are independent, it is done for each user alone.
    Whether they are is found out at a draw of the prior, by two worlds of discrete values that are
    mixed in such ways that what one user does to another shows.

    Args:
      target: with discrete unknowns.
      most: how many values the unknowns that are summed together may have.

    Raises:
      DataError: (also a ValueError) the discrete unknowns are none, or not such as the class is
        for; one has no finite support; there are too many values.
    """

    def __init__(self, target: Target, most: int) -> None:
        self._network, self._given, self._all = target.network, target.given, target.unknowns
        self._unknowns = [u for u in self._all if u.bijector is not None]
        self._discrete = [u for u in self._all if u.bijector is None]
        self._fields = sorted((v.name, f) for v in self._network.variables for f in v.spec.as_dict)
        self._require_discrete()
        self._supports = self._found_supports()
        self._users = self._independent_users()
        shapes = [self._shape_at_once(u) for u in self._discrete]
        if self._users:
            shapes = [shape[1:] for shape in shapes]
        self._count = num_combinations(self._supports, shapes)
        if self._count > most:
            together = "of a user" if self._users else "together, since users are not independent,"
            raise DataError(
                f"{type(self).__name__}: {[u.name for u in self._discrete]} must have at most "
                f"{most} values {together} to be summed out, got {self._count}; put them into the "
                "logs, or use method='smc'"
            )
        values, self._numbers = combinations(self._supports, shapes)
        self._values = [self._laid_out(x) for x in values]

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
        terms, shared = self._summed(*self._terms(x, self._values, self._users))
        return shared + tf.reduce_sum(terms)

    def filled(self, given: replay.Observed, x: Sequence[Any]) -> dict[str, Value]:
        """Returns what `block_terms` has to be given, of all points that it is mapped over.

        Args:
          given: logs of the form of this target's.
          x: `[C, ...]` values of the continuous unknowns.

        Returns:
          Variable name -> Value of `[C, N, ...]` fields, for each combination of discrete values.
        """
        return self._filled(given, x, self._values, x[0].shape[0])

    def block_terms(
        self,
        given: replay.Observed,
        x: Sequence[Any],
        blocks: Blocks,
        found: dict[str, Value],
    ) -> Any:
        """Returns `[B]` log p(x) and `[B]` log p(logs | x), the discrete unknowns summed out.

        Args:
          given: logs of the form of this target's.
          x: the continuous unknowns' values, of their shapes.
          blocks: of the continuous unknowns.
          found: what `filled` has found, of this point.
        """
        groups, shared = self._terms(x, self._values, self._users, given, found)
        own = {(u.variable, u.field) for u in self._all}
        is_prior = [field in own for field in self._fields]
        sums = []
        for which in (is_prior, [True] * len(is_prior)):
            mine = tf.boolean_mask(groups, which, axis=groups.shape.rank - 2)
            others = tf.boolean_mask(shared, which, axis=shared.shape.rank - 1)
            terms, rest = self._summed(mine, others)
            sums.append(blocks.of_users(terms) + blocks.summed(rest, None))
        prior, whole = sums
        return prior, whole - prior

    @abc.abstractmethod
    def probabilities(self, x: Sequence[Any]) -> dict[str, Any]:
        """Returns the posterior of the discrete unknowns, given the continuous ones and the logs.

        Args:
          x: the continuous unknowns' values, of their shapes.
        """

    @abc.abstractmethod
    def _require_discrete(self) -> None:
        """Requires discrete unknowns that this class is for."""

    @abc.abstractmethod
    def _shape_at_once(self, unknown: Unknown) -> tuple[int, ...]:
        """The shape of what is summed over at once: of the unknown, or of it at one step."""

    @abc.abstractmethod
    def _laid_out(self, values: np.ndarray) -> Any:
        """`[N, ...]` values to evaluate, out of `[K, ...]` combinations of one group."""

    @abc.abstractmethod
    def _by_term(self, scores: Mapping[Field, Any], users: int | None) -> tuple[Any, Any]:
        """`[F, G]` and `[F]` sums of all steps, or `[T, F, G]` and `[T, F]` of each."""

    @abc.abstractmethod
    def _summed(self, groups: Any, shared: Any) -> tuple[Any, Any]:
        """`[G]` logarithms of sums, and a scalar, of what `_terms` returns."""

    def _marginals(self, weights: Any) -> dict[str, Any]:
        """Name -> each element's probabilities, out of `[..., G, K]` of the combinations."""
        found = {}
        for unknown, support, numbers in zip(
            self._discrete, self._supports, self._numbers, strict=True
        ):
            is_it = tf.one_hot(numbers, len(support.values))  # [K, *elements of a unit, n]
            of_unit = tf.tensordot(weights, is_it, axes=1)
            group = weights.shape.rank - 2
            found[unknown.name] = of_unit if self._users else tf.gather(of_unit, 0, axis=group)
        return found

    def _terms(
        self,
        x: Sequence[Any],
        discrete: Sequence[Any],
        users: int | None,
        given: replay.Observed | None = None,
        found: dict[str, Value] | None = None,
    ) -> Any:
        """`[N, (T,) F, G]` and `[N, (T,) F]` log-probabilities under `[N, ...]` discrete values."""
        if found is None:
            one = self._filled(given or self._given, [y[None] for y in x], discrete, 1)
            found = {name: value.map(lambda y: y[0]) for name, value in one.items()}

        def of(each: tuple[Any, Any]) -> Any:
            values, found = each
            known = with_unknowns(given or self._given, self._all, self._whole(x, values))
            scores = log_probs(self._network, with_filled(known, found))
            flat = {(n, f): y for n, value in scores.items() for f, y in value.as_dict.items()}
            return self._by_term(flat, users)

        each = (list(discrete), found)
        return tf.vectorized_map(of, each, fallback_to_while_loop=False)

    def _filled(
        self, given: replay.Observed, x: Sequence[Any], discrete: Sequence[Any], points: int
    ) -> dict[str, Value]:
        """As `filled`, under `[N, ...]` discrete values, of `[points, ...]` others."""
        count = discrete[0].shape[0]
        both = [tf.repeat(y, count, axis=0) for y in x]
        both += [tf.tile(y, [points, *[1] * (y.shape.rank - 1)]) for y in discrete]
        found = filled(
            self._network,
            lambda both: with_unknowns(
                given, self._all, self._whole(both[: len(x)], both[len(x) :])
            ),
            both,
        )
        return {
            name: value.map(lambda y: tf.reshape(y, [points, count, *y.shape[1:]]))
            for name, value in found.items()
        }

    def _whole(self, x: Sequence[Any], discrete: Sequence[Any]) -> list[Any]:
        """The values of all unknowns, in their order."""
        mine, others = iter(discrete), iter(x)
        return [next(mine if u.bijector is None else others) for u in self._all]

    def _found_supports(self) -> list[FiniteSupport]:
        step = sampled_step(self._network, "initial_value", self._given.at_first(), {}, {})
        found = []
        for unknown in self._discrete:
            law = step.latent[unknown.variable][unknown.field].distribution
            support = finite_support(law)
            if support is None:
                raise DataError(
                    f"{type(self).__name__}: '{unknown.name}' must have a small finite support to "
                    f"be summed out, got {type(law).__name__}; put it into the logs, or use "
                    "method='smc'"
                )
            found.append(support)
        return found

    def _independent_users(self) -> int | None:
        """U, if given the continuous unknowns the users' discrete ones are independent."""
        if not all(has_user_axis(self._network, u.variable, u.field) for u in self._discrete):
            return None
        sizes = {self._shape_at_once(u)[0] for u in self._discrete}
        if len(sizes) != 1:
            return None
        users = sizes.pop()
        ways = mixtures(users)
        worlds = []
        for unknown, support in zip(self._discrete, self._supports, strict=True):
            place = int(unknown.is_path)  # of the axis of users
            one, other = _two_worlds(unknown, support)
            one, other = (np.moveaxis(x, place, 0) for x in (one, other))
            both = mixed(tf.constant(one), tf.constant(other), ways)  # [W, U, ...]
            worlds.append(tf.experimental.numpy.moveaxis(both, 1, place + 1))
        x = prior_draw(self._network, self._unknowns, self._given.length)
        of = tf.function(lambda x, worlds: self._terms(x, worlds, users), autograph=False)
        groups, shared = of(x, worlds)
        return users if is_shared(shared) and not len(coupled_users(groups, ways)) else None


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
    return [u.out_of(run) for u in unknowns]


def _two_worlds(unknown: Unknown, support: FiniteSupport) -> tuple[np.ndarray, np.ndarray]:
    """Values of an unknown in two worlds, another in the second for every element."""
    elements = unknown.shape[: len(unknown.shape) - support.event_ndims]
    size = len(support.values)
    key = noise.Key(noise.seed_words(0)).fold("two worlds").fold(unknown.name)
    bits = np.asarray(noise.bits(key, elements), np.uint32)
    one = bits % size
    other = (one + 1 + (bits >> 16) % max(size - 1, 1)) % size
    return support.values[one], support.values[other]
