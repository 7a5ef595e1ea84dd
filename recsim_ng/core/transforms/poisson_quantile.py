"""The Poisson quantile as a function of a normal score, elementwise and without loops.

The count k is the least with F(k) >= Phi(z). Since F(k - 1) = 1 - P(k, rate), P the gamma
distribution function of shape k, the scores z at which the count passes from k - 1 to k are those
of the gamma quantile: the signed root of deviance of (rate, k) there is -z + correction(-z, k).
So a real k is found first, by a few steps of Newton's method on the deviance, and its rounding is
then decided exactly. Counts below 4 come from their masses.

Source: M. B. Giles (2016), Algorithm 955: approximation of the inverse Poisson cumulative
distribution function, section 2, for the idea of a real quantile that is rounded.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core.transforms.gamma_quantile import correction, deviance_root, masses

_FEW = 4


def _few(rate: Any, below: Any, above: Any) -> Any:
    """How many of the counts 0 ... 3 are too small: F(k) < the mass below."""
    none = tf.exp(-rate)
    terms = [none]
    for k in range(1, _FEW):
        terms.append(terms[-1] * rate / k)
    series = tf.ones_like(rate)
    for k in range(_FEW + 12, _FEW, -1):
        series = 1.0 + series * tf.minimum(rate, 2.0) / k
    # P(count > 3): by its series where one minus the rest would lose digits.
    rest = tf.where(rate < 2.0, terms[-1] * rate / _FEW * series, 1.0 - sum(terms))
    lower, upper = [terms[0]], [rest]
    for term in terms[1:]:
        lower.append(lower[-1] + term)
    for term in reversed(terms[1:]):
        upper.append(upper[-1] + term)
    in_lower_half = below < above
    too_small = [
        tf.where(in_lower_half, f < below, s > above)
        for f, s in zip(lower, reversed(upper), strict=True)
    ]
    return sum(tf.cast(t, rate.dtype) for t in too_small)


def _real(z: Any, rate: Any) -> Any:
    """The real count at which the score is z, to 0.4, where it is 4 or more."""
    # kappa log kappa - kappa + 1 = rho^2 / 2 for kappa = count / rate. The correction depends on
    # the count only weakly, so that the rate may stand for it.
    rho = (z - correction(-z, tf.maximum(rate, float(_FEW)))) * tf.math.rsqrt(rate)
    rho = tf.maximum(rho, -1.38)
    half_square = 0.5 * rho * rho
    kappa = tf.maximum(1.0 + rho + rho * rho * (1.0 / 6.0), 0.03)
    near = tf.abs(rho) < 1e-2
    for _ in range(3):
        log = tf.math.log(tf.where(near, tf.ones_like(kappa) * 2.0, kappa))
        excess = kappa * log - kappa + 1.0 - half_square
        kappa = tf.where(near, kappa, tf.maximum(kappa - excess / log, 1e-3))
    return tf.maximum(kappa * rate, float(_FEW))


def _many(z: Any, rate: Any) -> Any:
    """The count where it is 4 or more; z of either sign."""
    k = tf.round(_real(z, rate))
    # Does the count pass from k - 1 to k at a score above z?
    u = (rate - k) / k
    root = deviance_root(u, tf.math.log(rate / k)) * tf.sqrt(k)
    enough_below = root <= -z + correction(-z, k)
    return tf.where(enough_below, k - 1.0, k)


def count(z: Any, rate: Any) -> Any:
    """The Poisson count of a normal score.

    Args:
      z: normal scores.
      rate: positive, or 0 for a count of 0.

    Returns:
      Of the broadcast shape and the dtype of `rate`, whole numbers.
    """
    z = tf.clip_by_value(z, -12.0, 12.0)
    rate = tf.broadcast_to(rate, tf.broadcast_dynamic_shape(tf.shape(rate), tf.shape(z)))
    below, above = masses(z)
    few = _few(rate, below, above)
    many = tf.maximum(_many(z, tf.maximum(rate, 1e-3)), float(_FEW))
    return tf.where(few < _FEW, few, many)
