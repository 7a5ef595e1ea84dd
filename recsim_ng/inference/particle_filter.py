"""Particle filter: what logs say, step by step, of what evolves unseen; and how likely they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check, noise, standard_noise
from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.core.network import Network
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.inference import replay
from recsim_ng.inference.filtered import Filtered
from recsim_ng.inference.particle_smoother import BackwardSmoother
from recsim_ng.inference.resampling import (
    effective_size,
    normalized,
    systematic_ancestors,
    taken,
)
from recsim_ng.inference.transition import Transition, mapped, over_steps
from recsim_ng.inference.unknown import find_unknowns
from recsim_ng.inference.user_independence import UserIndependence
from recsim_ng.inference.user_terms import by_term, has_user_axis

_INDEPENDENT = ("auto", "none", "user")


@dataclasses.dataclass(frozen=True)
class SmcSettings:
    """How particles are run.

    Attributes:
      num_particles: P.
      resample_below: particles are resampled where their effective number is below this share of
        P; 1: at every step, 0: never.
      independent: "user": each user's particles are weighted and resampled apart from the others',
        which takes far fewer of them; refused where users depend on each other. "none": whole
        worlds are weighted. "auto": "user" where users turn out to be independent, else "none".
      num_draws: of smoothed paths, in the result of a fit.
    """

    num_particles: int = 1000
    resample_below: float = 0.5
    independent: str = "auto"
    num_draws: int = 1000

    def __post_init__(self) -> None:
        where = "SmcSettings"
        check.whole(where, "num_particles", self.num_particles, 1)
        check.whole(where, "num_draws", self.num_draws, 1)
        check.real(where, "resample_below", self.resample_below, 0.0, 1.0)
        check.one_of(where, "independent", self.independent, _INDEPENDENT)


class ParticleFilter:
    """The bootstrap particle filter of a story, for logs in which draws are missing.

    P particles run through the story's steps. What was not observed is drawn from its law, by keyed
    noise seeded per particle; the log-probabilities of what was observed are the weights:

        x_t^i ~ p(x_t | x_{t-1}^i, y_{t-1}),   w_t^i = W_{t-1}^i p(y_t | x_t^i, x_{t-1}^i, y_{t-1})
        p^(y_t | y_{<t}) = sum_i w_t^i,        W_t^i = w_t^i / sum_j w_t^j

    with systematic resampling, after which all W are 1/P, where the effective number is low. The
    product of p^ over the steps is an unbiased estimate of p(y). Compiled once, for logs of the
    same shapes; whether users are independent is found out with the first of them.
    Memory is T times P times what a step must keep.

    Args:
      network: a Network, or its variables.
      settings: how.

    Raises:
      NetworkError: (also a ValueError) the variables make no network.

    Source: Gordon, Salmond and Smith (1993), Novel approach to nonlinear/non-Gaussian Bayesian
      state estimation, IEE Proceedings F 140; Chopin and Papaspiliopoulos (2020), An introduction
      to sequential Monte Carlo, algorithm 10.3.
    """

    def __init__(
        self, network: Network | Sequence[Variable], settings: SmcSettings | None = None
    ) -> None:
        self._network = network if isinstance(network, Network) else Network(network)
        self._settings = settings or SmcSettings()
        self._programs: dict[Any, _Program] = {}

    def run(
        self, logs: Trajectory | Mapping[str, Value] | replay.Observed, seed: Any = 0
    ) -> Filtered:
        """Filters logs.

        Args:
          logs: what was observed: variable name -> Value, time axis first; fields may be missing.
          seed: an int or a pair of ints.

        Returns:
          What the particles say.

        Raises:
          ConfigError: (also a ValueError) users are not independent, but were said to be.
          DataError: (also a ValueError) the logs do not fit the story, nothing is unknown, or no
            particle explains an observation.
          SiteError: (also a ValueError) a behaviour draws something that is none of its fields.
        """
        given = logs
        if not isinstance(given, replay.Observed):
            given = replay.observed(self._network, given)
        structure = (given.moving, given.static)
        names = tuple((name, tuple(value)) for part in structure for name, value in part.items())
        shapes = tuple((tuple(x.shape), x.dtype) for x in tf.nest.flatten(structure))
        key = (given.length, names, shapes, self._network.definitions())
        if key not in self._programs:
            self._programs[key] = _Program(self._network, given, self._settings)
        words = tf.constant(np.stack(noise.seed_words(seed)), tf.uint32)
        return self._programs[key].run(given, words)


def filter_particles(
    network: Network | Sequence[Variable],
    logs: Trajectory | Mapping[str, Value] | replay.Observed,
    settings: SmcSettings | None = None,
    seed: Any = 0,
) -> Filtered:
    """Filters logs once; a `ParticleFilter` filters many without compiling anew.

    Args:
      network: a Network, or its variables.
      logs: as for `ParticleFilter.run`.
      settings: how.
      seed: an int or a pair of ints.

    Returns:
      What the particles say.

    Raises:
      ConfigError: (also a ValueError) as for `ParticleFilter.run`.
      DataError: (also a ValueError) as for `ParticleFilter.run`.
      SiteError: (also a ValueError) as for `ParticleFilter.run`.
    """
    return ParticleFilter(network, settings).run(logs, seed)


class _Program:
    """The compiled filter of logs of given shapes."""

    def __init__(self, network: Network, given: replay.Observed, settings: SmcSettings) -> None:
        unknowns = find_unknowns(network, given)
        if not unknowns:
            raise DataError(
                "filter_particles: the story must draw something that the logs do not hold, got "
                "logs of all; leave out what is to be inferred"
            )
        self._network, self._settings = network, settings
        self._transition = Transition(network, given, unknowns)
        words = tf.constant([0, 0], tf.uint32)
        users = self._users = self._independent_users(given, words)
        self._smoother = BackwardSmoother(network, self._transition, users)
        self._compiled = tf.function(
            lambda words, moving, static: self._filter(
                words, replay.Observed(moving, static, given.length), users
            ),
            jit_compile=True,
            autograph=False,
        )

    def run(self, given: replay.Observed, words: Any) -> Filtered:
        users = self._users
        found = self._compiled(words, given.moving, given.static)
        kept, log_weights, ancestors, evidence, best, shared, constant = found
        self._refuse_impossible(np.asarray(evidence), np.asarray(best), users)
        common = float(np.sum(shared, dtype=np.float64) + constant)
        return Filtered(
            network=self._network,
            given=given,
            transition=self._transition,
            kept=kept,
            log_weights=log_weights,
            ancestors=ancestors,
            increments=np.asarray(evidence),
            shared=common,
            users=users,
            smoother=self._smoother,
        )

    def _independent_users(self, given: replay.Observed, words: Any) -> int | None:
        """U, if particles are to be resampled user by user."""
        if self._settings.independent == "none":
            return None
        independence = UserIndependence(self._network, self._transition)
        reason = independence.reason_against(given, words)
        if not reason:
            return independence.users()[0]
        if self._settings.independent == "user":
            raise ConfigError(
                f"filter_particles: with independent='user' users must be independent, but {reason}"
                "; use 'none' or 'auto'"
            )
        return None

    def _filter(self, words: Any, given: replay.Observed, users: int | None) -> Any:
        transition, count = self._transition, self._settings.num_particles
        groups = users or 1
        key = noise.Key((words[0], words[1]))
        seeds = noise.bits(key.fold("particles"), (count, 2))
        points = key.fold("resampling")
        common, terms = transition.common(given)
        sums = [tf.cast(tf.reduce_sum(x), tf.float32) for x in terms.values()]
        constant = tf.add_n([tf.zeros([]), *sums])
        equal = tf.fill([count, groups], -np.log(count, dtype=np.float32))
        own = tf.broadcast_to(tf.range(count)[:, None], [count, groups])

        def weighed(moved: Any, log_weights: Any, ancestors: Any) -> Any:
            kept, scores, shared = moved
            log_weights, evidence = normalized(log_weights + tf.reduce_sum(scores, axis=1))
            return kept, log_weights, ancestors, evidence, tf.reduce_max(scores, 0), shared[0]

        def scored(moved: Any) -> Any:
            return moved.kept, *by_term(self._network, moved.terms, transition.scored, users)

        def following(before: Any, t: Any) -> Any:
            kept, log_weights = before[:2]
            uniform = standard_noise.uniform(points.fold(t), (groups,))
            is_low = effective_size(log_weights) < self._settings.resample_below * count
            ancestors = tf.where(is_low, systematic_ancestors(log_weights, uniform), own)
            kept = [
                taken(x, ancestors, users is not None and has_user_axis(self._network, *field))
                for field, x in zip(transition.kept, kept, strict=True)
            ]

            def move(seed: Any, *kept: Any) -> Any:
                return scored(transition.later((seed[0], seed[1]), t, given, kept, common))

            moved = mapped(move, seeds, *kept)
            return weighed(moved, tf.where(is_low, equal, log_weights), ancestors)

        def begin(seed: Any) -> Any:
            return scored(transition.first((seed[0], seed[1]), given, common))

        start = weighed(mapped(begin, seeds), equal, own)
        return *over_steps(following, start, given.length), constant

    def _refuse_impossible(self, evidence: np.ndarray, best: np.ndarray, users: int | None) -> None:
        """Requires that some particle explains each step's observations.

        Args:
          evidence: `[T, G]` log-probabilities of the steps.
          best: `[T, F, G]` each term's greatest log-probability.
          users: U.
        """
        bad = np.argwhere(~np.isfinite(evidence))
        if not len(bad):
            return
        step, group = (int(i) for i in bad[0])
        of_term = best[step, :, group]
        named = [i for i in range(len(of_term)) if not np.isfinite(of_term[i])]
        which = named or range(len(of_term))
        fields = [".".join(self._transition.scored[i]) for i in which]
        what = "NaN" if np.isnan(evidence[step, group]) else f"{np.exp(evidence[step, group]):.3g}"
        user = f" of user {group}" if users is not None else ""
        once = [u.name for u in self._transition.unknowns if u.when == "always"]
        advice = (
            f"; {once}, drawn once, hardly move: fit them by 'mcmc' or 'em' first and put them "
            "into the logs"
        )
        raise DataError(
            "filter_particles: at every step some particle must explain what was observed, got "
            f"probability {what} in all {self._settings.num_particles} at step {step}{user}, field "
            f"{fields}; take more particles, or look whether the story can make these logs"
            f"{advice if once else ''}"
        )
