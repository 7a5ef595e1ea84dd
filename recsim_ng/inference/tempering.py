"""Tempering: from draws of the prior to draws of the posterior, the logs counting more and more.

An annealed sequence of populations: at each stage points are weighed by how well they fit the
sharper density, the light ones give way to copies of the heavy ones, and all are moved by
Hamiltonian steps. Blocks choose their stages, and are resampled, each by itself.

Source: Del Moral, Doucet and Jasra (2006), Sequential Monte Carlo samplers, Journal of the Royal
  Statistical Society B 68; Beskos et al. (2016), Annals of Applied Probability 26, for the choice
  of stages.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from recsim_ng.inference.density import Density
from recsim_ng.inference.scaling import Scaling, scaling_of

_MOST_STAGES = 200
_MOVES, _LEAPFROGS = 4, 6
_LEAST_ESS = 0.5  # share of the points that are worth something after a stage
_ACCEPTANCE = 0.7
_BISECTIONS = 30


class Population(NamedTuple):
    """Points that stand for a density.

    Attributes:
      points: `[P, B, n]`.
      scaling: of the points, block by block.
      sharpness: `[B]`, 1 where the posterior was reached.
      log_evidence: `[B]` log p(logs), an estimate.
      stages: how many there were.
      is_informed: `[B]` whether the logs' probability differs among the points.
    """

    points: Any
    scaling: Scaling
    sharpness: Any
    log_evidence: Any
    stages: Any
    is_informed: Any


class Tempering:
    """Leads populations from the prior to the posterior, in one compiled program.

    Args:
      density: that is led to.
      count: P, points of a population.
    """

    def __init__(self, density: Density, count: int) -> None:
        self._density, self._count = density, count
        self._log_prob = density.tempered(count)
        self._run = tf.function(self._tempered, jit_compile=True, autograph=False)

    def run(self, points: Any, seed: Any, data: list[Any]) -> Population:
        """Returns the population at the end.

        Args:
          points: `[P, B, n]` draws of the prior, on the real line.
          seed: `[2]` int32.
          data: of the density.
        """
        return self._run(points, seed, data)

    def _tempered(self, points: Any, seed: Any, data: list[Any]) -> Population:
        blocks = self._density.blocks.count

        def stage(
            i: Any, z: Any, likelihood: Any, sharp: Any, evidence: Any, step: Any
        ) -> tuple[Any, ...]:
            # The first stage has no likelihood yet: it moves the points within the prior.
            at = tf.random.experimental.stateless_fold_in(seed, i)
            rise = tf.where(i == 0, 0.0, _rise(likelihood, sharp))
            log_weight = _weighed(likelihood, rise)
            evidence += tf.reduce_logsumexp(log_weight, axis=0) - tf.math.log(float(self._count))
            z = _resampled(z, log_weight, tf.random.experimental.stateless_fold_in(at, 0))
            sharp = tf.where(rise >= 1.0 - sharp, 1.0, sharp + rise)
            scaling = scaling_of(z)

            def move(k: Any, z: Any, _: Any, step: Any) -> tuple[Any, ...]:
                key = tf.random.experimental.stateless_fold_in(at, k)
                return k + 1, *self._moved(z, sharp, scaling, step, key, data)

            start = (tf.constant(1), z, likelihood, step)
            _, z, likelihood, step = tf.while_loop(lambda k, *_: k <= _MOVES, move, start)
            return i + 1, z, likelihood, sharp, evidence, step

        state = (
            tf.constant(0),
            points,
            tf.zeros([self._count, blocks]),
            tf.zeros([blocks]),
            tf.zeros([blocks]),
            tf.fill([blocks], 0.3),
        )
        count, z, likelihood, sharp, evidence, _ = tf.while_loop(
            lambda i, z, likelihood, sharp, evidence, _: (
                (i < _MOST_STAGES) & tf.reduce_any((sharp < 1.0) & tf.math.is_finite(evidence))
            ),
            stage,
            state,
        )
        is_informed = tf.reduce_any(likelihood != likelihood[:1], axis=0)
        return Population(z, scaling_of(z), sharp, evidence, count, is_informed)

    def _moved(
        self, z: Any, sharp: Any, scaling: Scaling, step: Any, seed: Any, data: list[Any]
    ) -> tuple[Any, Any, Any]:
        """One Hamiltonian move of every point: points, their likelihoods, the next step size."""
        first, second = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        y = scaling.inverse(z)
        momentum = tf.random.stateless_normal(tf.shape(y), first)
        size = step[:, None]

        def leap(
            i: Any, y: Any, p: Any, energy: Any, begun: Any, likelihood: Any, its: Any
        ) -> tuple[Any, ...]:
            with tf.GradientTape() as tape:
                tape.watch(y)
                value, now = self._log_prob(scaling.forward(y), sharp, *data)
            slope = tape.gradient(value, y)
            is_first, is_last = tf.equal(i, 0), tf.equal(i, _LEAPFROGS)
            half = size / 2 * slope
            ends = value - tf.reduce_sum((p + half) ** 2, -1) / 2
            starts = value - tf.reduce_sum(p**2, -1) / 2
            p += tf.where(is_first | is_last, half, 2.0 * half)
            y += tf.where(is_last, 0.0, size * p)
            begun, its = tf.where(is_first, starts, begun), tf.where(is_first, now, its)
            return i + 1, y, p, ends, begun, now, its

        nothing = tf.zeros(y.shape[:-1])
        start = (tf.constant(0), y, momentum, nothing, nothing, nothing, nothing)
        _, moved, _, energy, begun, likelihood, its = tf.while_loop(
            lambda i, *_: i <= _LEAPFROGS, leap, start
        )
        ratio = energy - begun
        ratio = tf.where(tf.math.is_finite(ratio), ratio, -float("inf"))
        chance = tf.exp(tf.minimum(ratio, 0.0))
        is_taken = tf.random.stateless_uniform(tf.shape(ratio), second) < chance
        acceptance = tf.reduce_mean(chance, axis=0)
        step *= tf.exp(0.5 * (acceptance - _ACCEPTANCE))
        z = tf.where(is_taken[..., None], scaling.forward(moved), z)
        return z, tf.where(is_taken, likelihood, its), step


def _weighed(likelihood: Any, rise: Any) -> Any:
    return tf.where(rise > 0.0, rise * likelihood, 0.0)


def _rise(likelihood: Any, sharp: Any) -> Any:
    """`[B]` by how much sharpness may rise and leave half of the points worth something."""
    count = tf.cast(tf.shape(likelihood)[0], tf.float32)

    def is_enough(rise: Any) -> Any:
        weight = tf.nn.log_softmax(_weighed(likelihood, rise), axis=0)
        return -tf.reduce_logsumexp(2.0 * weight, axis=0) >= tf.math.log(_LEAST_ESS * count)

    left = 1.0 - sharp

    def halve(i: Any, low: Any, high: Any) -> tuple[Any, Any, Any]:
        middle = (low + high) / 2.0
        enough = is_enough(left * tf.exp(middle))
        return i + 1, tf.where(enough, middle, low), tf.where(enough, high, middle)

    start = (tf.constant(0), tf.fill(tf.shape(sharp), -30.0), tf.zeros_like(sharp))
    _, low, _ = tf.while_loop(lambda i, *_: i < _BISECTIONS, halve, start)
    return tf.where(is_enough(left), left, left * tf.exp(low))


def _resampled(z: Any, log_weight: Any, seed: Any) -> Any:
    """`[P, B, n]` points drawn by their weights `[P, B]`, systematically in each block."""
    count, blocks = log_weight.shape
    weight = tf.transpose(tf.nn.softmax(log_weight, axis=0))
    upto = tf.matmul(weight, tf.linalg.band_part(tf.ones([count, count]), 0, -1))
    upto /= upto[:, -1:]
    shift = tf.random.stateless_uniform([blocks, 1], seed)
    at = (tf.range(count, dtype=tf.float32) + shift) / float(count)
    chosen = tf.reduce_sum(tf.cast(upto[:, None, :] < at[:, :, None], tf.int32), axis=-1)
    chosen = tf.minimum(chosen, count - 1)
    return tf.transpose(tf.gather(tf.transpose(z, [1, 0, 2]), chosen, batch_dims=1), [1, 0, 2])
