"""User independence: whether given the logs no user's unknowns tell anything of another's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import noise
from recsim_ng.core.network import Network
from recsim_ng.inference.replay import Observed
from recsim_ng.inference.transition import Moved, Transition, mapped, over_steps
from recsim_ng.inference.user_terms import (
    by_term,
    coupled_users,
    has_user_axis,
    is_shared,
    mixed,
    mixtures,
)

_SHOWN = 3  # users named in a reason
_TRIES = 8  # pairs of worlds


class UserIndependence:
    """Tells whether a story's unknowns fall apart into independent users.

    First the specs: every unknown needs "user" as its first axis. Then the numbers: several times
    two worlds are drawn, and mixed in such ways that for any two users the one comes from the one
    world and the other from the other. No log-probability of a user, at no step, may then be other
    than in the world that the user comes from, and nothing without an axis of users may differ at
    all.

    What one user does to another shows unless it is nil in all of these worlds.

    Args:
      network: the story.
      transition: its steps.
    """

    def __init__(self, network: Network, transition: Transition) -> None:
        self._network, self._transition = network, transition
        unknowns = [(u.variable, u.field) for u in transition.unknowns]
        self._fields = [*transition.scored, *unknowns]

    def users(self) -> tuple[int, str]:
        """Returns the number of users, and why there is none: (U, "") or (0, reason)."""
        sizes = set()
        for unknown in self._transition.unknowns:
            if not has_user_axis(self._network, unknown.variable, unknown.field):
                return 0, f"'{unknown.name}' has no first axis 'user' in its spec"
            sizes.add(unknown.shape[1 if unknown.when in ("each", "later") else 0])
        if len(sizes) != 1:
            return 0, f"unknowns must have one number of users, got {sorted(sizes)}"
        return sizes.pop(), ""

    def reason_against(self, given: Observed, words: Any) -> str:
        """Returns why users are not independent; empty if they are.

        Args:
          given: what is known.
          words: `[2]` uint32 seed of the worlds.
        """
        users, reason = self.users()
        if reason:
            return reason
        ways = mixtures(users)
        mixtures_of = tf.function(
            lambda words, moving, static: self._mixtures(
                words, Observed(moving, static, given.length), ways
            ),
            autograph=False,  # a few times only: XLA would take longer to compile than it saves
        )
        for k in range(_TRIES):
            mine = tf.cast(words, tf.uint32) + tf.constant([k, 0], tf.uint32)
            kept, terms, shared = mixtures_of(mine, given.moving, given.static)
            reason = self._reason(kept, terms, shared, ways)
            if reason:
                return reason
        return ""

    def _reason(self, kept: Any, terms: Any, shared: Any, ways: np.ndarray) -> str:
        terms, shared = np.swapaxes(terms, 0, 1), np.swapaxes(shared, 0, 1)
        for i, (variable, field) in enumerate(self._fields):
            who = coupled_users(terms[:, :, i], ways)
            if len(who):
                shown = ", ".join(map(str, who[:_SHOWN]))
                return f"'{variable}.{field}' of user {shown} depends on other users' unknowns"
            if not is_shared(shared[:, :, i]):
                return f"'{variable}.{field}' has no log-probability for each user"
        for (variable, field), x in zip(self._transition.kept, kept, strict=True):
            if not has_user_axis(self._network, variable, field) and not is_shared(
                np.swapaxes(x, 0, 1)
            ):
                return f"'{variable}.{field}', without a first axis 'user', depends on unknowns"
        return ""

    def _mixtures(self, words: Any, given: Observed, ways: np.ndarray) -> Any:
        """The kept fields `[T, W, ...]`, user terms `[T, W, F, U]` and others `[T, W, F]`."""
        common, _ = self._transition.common(given)
        seeds = noise.bits(noise.Key((words[0], words[1])).fold("worlds"), (2, 2))

        def moved(at_first: bool, move: Callable[..., Moved], worlds: Any, mixes: Any) -> Any:
            worlds = mapped(lambda seed, *kept: move(seed, kept, None).kept, seeds, *worlds)
            drawn = self._drawn(worlds, ways, at_first)

            def follow(way: Any, *parts: Any) -> Any:
                del way
                of_step = move((0, 0), parts[len(drawn) :], parts[: len(drawn)])
                scores = by_term(self._network, of_step.terms, self._fields, ways.shape[1])
                return of_step.kept, *scores

            return worlds, *mapped(follow, tf.constant(ways), *drawn, *mixes)

        def first(seed: Any, kept: Any, drawn: Any) -> Moved:
            del kept
            return self._transition.first((seed[0], seed[1]), given, common, drawn)

        def following(before: Any, t: Any) -> Any:
            def later(seed: Any, kept: Any, drawn: Any) -> Moved:
                seed = (seed[0], seed[1])
                return self._transition.later(seed, t, given, kept, common, drawn)

            return moved(False, later, before[0], before[1])

        start = moved(True, first, [], [])
        return over_steps(following, start, given.length)[1:]

    def _drawn(self, worlds: Any, ways: np.ndarray, at_first: bool) -> list[Any]:
        place = {field: i for i, field in enumerate(self._transition.kept)}
        unknowns = self._transition.drawn(at_first)
        found = [worlds[place[u.variable, u.field]] for u in unknowns]
        return [mixed(x[0], x[1], ways) for x in found]
