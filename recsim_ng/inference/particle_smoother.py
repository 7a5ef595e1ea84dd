"""Particle smoothers: paths through a filter's particles, drawn given all of the logs."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import noise, standard_noise
from recsim_ng.core.network import Network
from recsim_ng.core.ordering import argmax
from recsim_ng.inference.replay import Observed
from recsim_ng.inference.resampling import taken
from recsim_ng.inference.transition import Transition, mapped
from recsim_ng.inference.user_terms import by_term, has_user_axis

_ROUNDING = 1e-5  # relative to the greater of the number and 1


def genealogy_indices(log_weights: Any, ancestors: Any, num_draws: int, seed: Any) -> np.ndarray:
    """Draws last particles by their weights, and follows their ancestors back.

    Args:
      log_weights: `[T, P, G]` of the filter.
      ancestors: `[T, P, G]` of the filter.
      num_draws: M.
      seed: an int or a pair of ints.

    Returns:
      `[M, T, G]` particles' numbers.

    Source: Kitagawa (1996), Monte Carlo filter and smoother for non-Gaussian nonlinear state space
      models, Journal of Computational and Graphical Statistics 5.
    """
    ancestors = np.asarray(ancestors)
    now = _last(log_weights[-1], _words(seed), tf.range(num_draws)).numpy()
    groups, found = np.arange(now.shape[1]), [now]
    for step in range(len(ancestors) - 1, 0, -1):
        found.append(ancestors[step][found[-1], groups])
    return np.stack(found[::-1], axis=1)


class BackwardSmoother:
    """Draws paths backwards, each step's particle given the path after it.

    With k_t^i what particle i keeps at step t, x_t the unknowns that are drawn at t and r_t the
    rest of k_t, which follows from them and k_{t-1}:

        i_{T-1} ~ W_{T-1},   P(i_t = i) ~ W_t^i p(x_{t+1}, y_{t+1} | k_t^i) 1[r_{t+1} is the same]

    Where something is kept from step to step, as a parameter is, the indicator leaves the particles
    that have the same; the path's own ancestor always stays.

    Args:
      network: the story.
      transition: its steps.
      users: U, where users are independent; else None.

    Source: Godsill, Doucet and West (2004), Monte Carlo smoothing for nonlinear time series,
      Journal of the American Statistical Association 99.
    """

    def __init__(self, network: Network, transition: Transition, users: int | None) -> None:
        self._network, self._transition, self._users = network, transition, users
        self._drawn = [(u.variable, u.field) for u in transition.drawn(False)]
        self._by_user = [
            users is not None and has_user_axis(network, *field) for field in transition.kept
        ]
        self._path = tf.function(self._backward, jit_compile=True, autograph=False)

    def indices(
        self,
        given: Observed,
        log_weights: Any,
        ancestors: Any,
        kept: list[Any],
        num_draws: int,
        seed: Any,
    ) -> np.ndarray:
        """Returns `[M, T, G]` particles' numbers.

        Args:
          given: what is known.
          log_weights: `[T, P, G]` of the filter.
          ancestors: `[T, P, G]` of the filter.
          kept: for each of `Transition.kept` `[T, P, ...]`, of the filter.
          num_draws: M.
          seed: an int or a pair of ints.
        """
        words, logs = _words(seed), (given.moving, given.static)
        draws = tf.range(num_draws)
        found = [self._path(words, d, logs, log_weights, ancestors, kept) for d in draws]
        return np.stack([x.numpy() for x in found])

    def _backward(
        self, words: Any, draw: Any, logs: Any, log_weights: Any, ancestors: Any, kept: list[Any]
    ) -> Any:
        """One path, `[T, G]`."""
        length, count, _ = log_weights.shape
        given = Observed(logs[0], logs[1], length)
        common, _ = self._transition.common(given)
        key = noise.Key((words[0], words[1])).fold("backward").fold(draw)
        place = {field: i for i, field in enumerate(self._transition.kept)}

        def earlier(after: Any, t: Any) -> Any:
            chosen = [
                taken(x[t + 1], after[None], mine)[0]
                for x, mine in zip(kept, self._by_user, strict=True)
            ]
            fixed = [chosen[place[field]] for field in self._drawn]

            def score(*before: Any) -> Any:
                moved = self._transition.later((0, 0), t + 1, given, before, common, fixed)
                return self._score(moved, chosen)

            log_probs, is_same = mapped(score, *(x[t] for x in kept))
            parent = taken(ancestors[t + 1], after[None], True)
            is_same |= tf.range(count)[:, None] == parent
            scores = tf.where(is_same, log_weights[t] + log_probs, -float("inf"))
            return _pick(scores, key.fold(t))

        last = _pick(log_weights[-1], key.fold(length - 1))
        if length == 1:
            return last[None]
        before = tf.scan(earlier, tf.range(length - 2, -1, -1), last)
        return tf.concat([before[::-1], last[None]], axis=0)

    def _score(self, moved: Any, chosen: list[Any]) -> tuple[Any, Any]:
        """`[G]` log-probabilities of a step, and whether it leaves what was chosen."""
        fields = [*self._transition.scored, *self._drawn]
        terms, _ = by_term(self._network, moved.terms, fields, self._users)
        groups = self._users or 1
        is_same = tf.fill([groups], True)
        parts = zip(self._transition.kept, moved.kept, chosen, self._by_user, strict=True)
        for field, x, y, mine in parts:
            # Independent users share what has no axis of users.
            if field not in self._drawn and (mine or self._users is None):
                is_same &= _same(x, y, groups, mine)
        return tf.reduce_sum(terms, axis=0), is_same


def _same(x: Any, y: Any, groups: int, by_user: bool) -> Any:
    """`[G]` whether two tensors are equal but for rounding, user by user if so."""
    if x.dtype.is_floating:
        near = tf.abs(x - y) <= _ROUNDING * tf.maximum(tf.abs(y), tf.ones_like(y))
    else:
        near = tf.equal(x, y)
    if by_user:
        return tf.reduce_all(tf.reshape(near, [groups, -1]), axis=1)
    return tf.fill([groups], tf.reduce_all(near))


def _pick(log_weights: Any, key: noise.Key) -> Any:
    """`[G]` one particle for each group, by weights `[P, G]` that need not be normalised."""
    count, groups = log_weights.shape
    gumbels = standard_noise.gumbel(key, (groups, count))
    return argmax(tf.transpose(log_weights) + gumbels, axis=1)


def _words(seed: Any) -> Any:
    return tf.constant(np.stack(noise.seed_words(seed)), tf.uint32)


@tf.function(jit_compile=True, autograph=False)
def _last(log_weights: Any, words: Any, draws: Any) -> Any:
    """`[M, G]` particles by their weights."""
    key = noise.Key((words[0], words[1])).fold("genealogy")
    return tf.map_fn(lambda draw: _pick(log_weights, key.fold(draw)), draws)
