"""Where chains start: draws of the priors, moved uphill, with a first guess of the scales."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from recsim_ng.inference.scaling import Scaling

_STEPS = 400
_FIRST_RATE, _LAST_RATE = 0.1, 1e-3
_PROBES = 16
_STEEPEST, _FLATTEST = 1e-4, 1.0
_SPREAD = 1.5
_WIDTH = 1e-3  # of the difference quotient


def ascended(log_prob: Callable[[Any], Any], z: Any) -> Any:
    """Moves points uphill by Adam, each from its own start.

    Args:
      log_prob: `[C, B, n]` points -> `[C, B]` log densities.
      z: `[C, B, n]` where they start.
    """
    gradient = _gradient_of(log_prob)

    def ascend(step: Any, z: Any, mean: Any, square: Any) -> tuple[Any, Any, Any, Any]:
        g = gradient(z)
        g = tf.where(tf.math.is_finite(g), g, 0.0)
        mean, square = 0.9 * mean + 0.1 * g, 0.99 * square + 0.01 * g**2
        t = tf.cast(step + 1, tf.float32)
        rate = _FIRST_RATE * (_LAST_RATE / _FIRST_RATE) ** (t / _STEPS)
        move = (mean / (1.0 - 0.9**t)) / (tf.sqrt(square / (1.0 - 0.99**t)) + 1e-8)
        return step + 1, z + rate * move, mean, square

    start = (tf.constant(0), z, tf.zeros_like(z), tf.zeros_like(z))
    return tf.while_loop(lambda step, *_: step < _STEPS, ascend, start)[1]


def climbed(log_prob: Callable[[Any], Any], z: Any, seed: Any) -> tuple[Any, Scaling]:
    """Moves points uphill and measures how sharp the density is there.

    Chains that end on different hills show it. The curvature along each axis is a mean over random
    signs v of v * (H v) (Hutchinson), H the Hessian of -log_prob, pooled over the chains.

    Args:
      log_prob: `[C, B, n]` points -> `[C, B]` log densities.
      z: `[C, B, n]` where the chains start.
      seed: `[2]` int32.

    Returns:
      (`[C, B, n]` points scattered about the tops by somewhat more than the scales, the scales,
      1 / sqrt(curvature), within 1e-4 and 1).
    """
    seeds = tf.random.experimental.stateless_split(seed, _PROBES + 1)
    gradient, top = _gradient_of(log_prob), ascended(log_prob, z)

    def probe(i: Any, total: Any) -> tuple[Any, Any]:
        bits = tf.random.stateless_uniform(tf.shape(z), seeds[i], 0, 2, tf.int32)
        v = tf.cast(2 * bits - 1, tf.float32)
        ahead, behind = gradient(top + _WIDTH * v), gradient(top - _WIDTH * v)
        return i + 1, total - v * (ahead - behind) / (2.0 * _WIDTH)

    _, curvature = tf.while_loop(
        lambda i, _: i < _PROBES, probe, (tf.constant(0), tf.zeros_like(z))
    )
    curvature = tf.reduce_mean(curvature / _PROBES, axis=0)
    scales = tf.where(curvature > 0.0, tf.math.rsqrt(tf.abs(curvature) + 1e-30), _FLATTEST)
    scales = tf.clip_by_value(scales, _STEEPEST, _FLATTEST)
    noise = tf.random.stateless_normal(tf.shape(z), seeds[_PROBES])
    return top + _SPREAD * scales * noise, Scaling(scales)


def _gradient_of(log_prob: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def gradient(z: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(z)
            density = tf.reduce_sum(log_prob(z))
        return tape.gradient(density, z)

    return gradient
