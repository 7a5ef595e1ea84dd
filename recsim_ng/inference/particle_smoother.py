"""Particle smoothers: paths through a filter's particles, drawn given all of the logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import noise, standard_noise
from recsim_ng.core.ordering import argmax
from recsim_ng.inference.replay import Observed
from recsim_ng.inference.resampling import taken
from recsim_ng.inference.transition import mapped
from recsim_ng.inference.user_terms import by_term, has_user_axis

if TYPE_CHECKING:
    from recsim_ng.inference.filtered import Filtered

_ROUNDING = 1e-5  # relative to the greater of the number and 1


def genealogy_indices(filtered: Filtered, num_draws: int, seed: Any) -> np.ndarray:
    """Draws last particles by their weights, and follows their ancestors back.

    Args:
      filtered: of a particle filter.
      num_draws: M.
      seed: an int or a pair of ints.

    Returns:
      `[M, T, G]` particles' numbers.

    Source: Kitagawa (1996), Monte Carlo filter and smoother for non-Gaussian nonlinear state space
      models, Journal of Computational and Graphical Statistics 5.
    """
    log_weights, ancestors = filtered.log_weights, np.asarray(filtered.ancestors)
    now = np.asarray(_last(log_weights[-1], _words(seed), tf.range(num_draws)))
    groups, found = np.arange(now.shape[1]), [now]
    for step in range(ancestors.shape[0] - 1, 0, -1):
        found.append(ancestors[step][found[-1], groups])
    return np.stack(found[::-1], axis=1)


def backward_indices(filtered: Filtered, num_draws: int, seed: Any) -> np.ndarray:
    """Draws paths backwards, each step's particle given the path after it.

    With k_t^i what particle i keeps at step t, x_t the unknowns that are drawn at t and r_t the rest
    of k_t, which follows from them and k_{t-1}:

        i_{T-1} ~ W_{T-1},   P(i_t = i) ~ W_t^i p(x_{t+1}, y_{t+1} | k_t^i) 1[r_{t+1} is the same]

    Where something is kept from step to step as a parameter is, the indicator leaves the particles
    that have the same; the path's own ancestor always stays.

    Args:
      filtered: of a particle filter.
      num_draws: M.
      seed: an int or a pair of ints.

    Returns:
      `[M, T, G]` particles' numbers.

    Source: Godsill, Doucet and West (2004), Monte Carlo smoothing for nonlinear time series, Journal
      of the American Statistical Association 99.
    """
    given, parts = filtered.given, (filtered.log_weights, filtered.ancestors, filtered.kept)

    @tf.function(jit_compile=True, autograph=False)
    def path(words: Any, draw: Any, moving: Any, static: Any, parts: Any) -> Any:
        known = Observed(moving, static, given.length)
        return _backward(filtered, words, draw, known, *parts)

    words = _words(seed)
    found = [
        path(words, draw, given.moving, given.static, parts).numpy()
        for draw in tf.range(num_draws)
    ]
    return np.stack(found)


def _backward(
    filtered: Filtered,
    words: Any,
    draw: Any,
    given: Observed,
    log_weights: Any,
    ancestors: Any,
    kept: list[Any],
) -> Any:
    """One path, `[T, G]`."""
    transition, users, network = filtered.transition, filtered.users, filtered.network
    count, groups = log_weights.shape[1:]
    common, _ = transition.common(given)
    drawn = [(u.variable, u.field) for u in transition.drawn(False)]
    scored = [*transition.scored, *drawn]
    by_user = [users is not None and has_user_axis(network, *field) for field in transition.kept]
    place = {field: i for i, field in enumerate(transition.kept)}
    key = noise.Key((words[0], words[1])).fold("backward").fold(draw)

    def earlier(after: Any, t: Any) -> Any:
        chosen = [
            taken(x[t + 1], after[None], mine)[0] for x, mine in zip(kept, by_user, strict=True)
        ]
        fixed = [chosen[place[field]] for field in drawn]

        def score(*before: Any) -> Any:
            moved = transition.later((0, 0), t + 1, given, before, common, fixed)
            terms, _ = by_term(network, moved.terms, scored, users)
            same = tf.fill([groups], True)
            parts = zip(transition.kept, moved.kept, chosen, by_user, strict=True)
            for field, x, y, mine in parts:
                # Users apart share what has no axis of users.
                if field not in drawn and (mine or users is None):
                    same &= _same(x, y, groups, mine)
            return tf.reduce_sum(terms, axis=0), same

        log_probs, same = mapped(score, *(x[t] for x in kept))
        parent = taken(ancestors[t + 1], after[None], True)[0]
        same |= tf.range(count)[:, None] == parent
        scores = tf.where(same, log_weights[t] + log_probs, -float("inf"))
        return _pick(scores, key.fold(t))

    last = _pick(log_weights[-1], key.fold(given.length - 1))
    if given.length == 1:
        return last[None]
    before = tf.scan(earlier, tf.range(given.length - 2, -1, -1), last)
    return tf.concat([before[::-1], last[None]], axis=0)


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
