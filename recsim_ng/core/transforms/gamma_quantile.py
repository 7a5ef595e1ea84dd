"""The gamma quantile as a function of a normal score, elementwise and without iterations.

With P(a, .) the distribution function of a gamma variable of shape a and rate 1, and Phi that of a
normal one, the quantile x solves P(a, x) = Phi(z). TFP's `igammainv` takes three steps of Newton's
method over incomplete gamma functions, which are loops; what follows is some 250 additions and
multiplications, and so fuses with what surrounds it, 20 to 50 times as fast.

Shapes of 4 and above: with eta = sign(x - a) sqrt(2 (x / a - 1 - log(x / a))), the score's signed
root of deviance is sqrt(a) eta = z + E(z / sqrt(a), 1 / a) / sqrt(a), E a small smooth function.

Shapes below 4: with X the quantile at exp(log Phi(z) / a) of the standard exponential law,
log x = log X + W(X / (X + 7), a), W a small smooth function.

The logarithm of the quantile is right to 2e-6 (plus what the dtype rounds off) for |z| < 6.6, also
where the quantile itself underflows.

Source: N. M. Temme (1992), Asymptotic inversion of incomplete gamma functions, section 2;
H. Alzer (1997), On some inequalities for the incomplete gamma function, equation 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from recsim_ng.core.normal_quantile import distance
from recsim_ng.core.transforms import gamma_table as table

_FROM_LARGE = 4.0
_REACH = 6.6
_UNIT = 1e-9


def _polynomial(x: Any, coefficients: tuple[Any, ...]) -> Any:
    total = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = total * x + c
    return total


def _polynomial_2d(x: Any, y: Any, rows: tuple[tuple[int, ...], ...]) -> Any:
    return _UNIT * _polynomial(x, tuple(_polynomial(y, row) for row in rows))


def masses(z: Any) -> tuple[Any, Any]:
    """Normal masses below and above z, each exact in its tail.

    Args:
      z: normal scores.
    """
    x = math.sqrt(0.5) * z
    return 0.5 * tf.math.erfc(-x), 0.5 * tf.math.erfc(x)


def score_of_masses(below: Any, above: Any) -> Any:
    """The normal score of a pair of masses, out of the smaller one; within +-12.

    Args:
      below: mass below.
      above: mass above.
    """
    tiny = 1e-32
    size = distance(tf.clip_by_value(tf.minimum(below, above), tiny, 0.5))
    return tf.where(below < above, -size, size)


def correction(z: Any, a: Any) -> Any:
    """What is added to a normal score to give the signed root of deviance: E / sqrt(a).

    Args:
      z: normal scores.
      a: shapes, 4 or above.
    """
    c = tf.math.rsqrt(a)
    inside = tf.clip_by_value(z, -_REACH, _REACH)
    return c * _polynomial_2d(inside * c * (1.0 / 3.3), 8.0 / a - 1.0, table.LARGE)


def deviance_root(u: Any, log_ratio: Any) -> Any:
    """sign(u) sqrt(2 (u - log(1 + u))), also near 0.

    Args:
      u: x / a - 1.
      log_ratio: log(x / a).
    """
    near = tf.abs(u) < 0.3
    v = tf.where(near, u, tf.zeros_like(u))
    r = v / (2.0 + v)
    y = r * r
    series = v - 2.0 * y * (1 / 3 + y * (1 / 5 + y * (1 / 7 + y * (1 / 9 + y / 11))))
    half_square = tf.where(near, r * series, u - log_ratio)
    return tf.sign(u) * tf.sqrt(2.0 * tf.maximum(half_square, 0.0))


def _log_ratio(eta: Any) -> Any:
    """log(x / a) of eta: one step of Halley's method, a series near 0."""
    near = tf.abs(eta) < 0.5
    centre = tf.where(near, eta, tf.zeros_like(eta))
    series = centre * _UNIT * _polynomial(centre, table.CENTRE)
    far = tf.where(near, tf.ones_like(eta), eta)
    y = _UNIT * _polynomial(far * (1.0 / 4.7), table.START)
    f_2 = tf.exp(y)
    f_1 = f_2 - 1.0
    f_0 = f_1 - y - 0.5 * far * far
    stepped = y - 2.0 * f_0 * f_1 / (2.0 * f_1 * f_1 - f_0 * f_2)
    return tf.where(near, series, stepped)


def _shift(a: Any) -> Callable[[Any], Any]:
    """W as a function of the exponential quantile, at a shape."""
    rows = tuple(_polynomial(3.5 * a / (a + 3.0) - 1.0, row) for row in table.SMALL)

    def shift(exponential: Any) -> Any:
        s = tf.minimum(exponential / (exponential + 7.0), table.SMALL_REACH)
        return _UNIT * _polynomial(s * (2.0 / table.SMALL_REACH) - 1.0, rows)

    return shift


def _log_quantile_small(z: Any, a: Any) -> Any:
    below, above = masses(z)
    log_p = tf.where(z < 0.0, tf.math.log(below), tf.math.log1p(-tf.minimum(above, 0.5)))
    y = -log_p / a
    far_below = y > 8.0
    power = tf.exp(-y)
    y = tf.minimum(y, 8.0)
    upper = -tf.math.log(-tf.math.expm1(-y))
    exponential = tf.where(y < 0.7, upper, -tf.math.log1p(-tf.exp(-y)))
    log_exponential = tf.where(far_below, 0.5 * power + log_p / a, tf.math.log(exponential))
    return log_exponential + _shift(a)(tf.where(far_below, power, exponential))


def _score_small(log_x: Any, a: Any) -> Any:
    shift = _shift(a)
    log_exponential = log_x
    for _ in range(12):
        log_exponential = log_x - shift(tf.exp(tf.minimum(log_exponential, 5.0)))
    # log(1 - e^-X), which is log X for small X.
    x = tf.exp(log_exponential)
    inside = tf.math.log(-tf.math.expm1(-tf.maximum(x, 1e-6)))
    log_p = a * tf.where(
        x < 1e-6, log_exponential, tf.where(x < 0.7, inside, tf.math.log1p(-tf.exp(-x)))
    )
    return score_of_masses(tf.exp(log_p), -tf.math.expm1(log_p))


def log_quantile(z: Any, a: Any) -> Any:
    """Logarithm of the quantile x of P(a, x) = Phi(z); differentiable in both arguments.

    Args:
      z: normal scores, of any shape that broadcasts with `a`.
      a: shapes, positive.

    Returns:
      Of the broadcast shape.
    """
    z = tf.clip_by_value(z, -12.0, 12.0)
    large = tf.maximum(a, _FROM_LARGE)
    eta = (z + correction(z, large)) * tf.math.rsqrt(large)
    above = tf.math.log(large) + _log_ratio(eta)
    below = _log_quantile_small(z, tf.minimum(a, _FROM_LARGE))
    return tf.where(a < _FROM_LARGE, below, above)


def normal_score(x: Any, log_x: Any, a: Any) -> Any:
    """The z of P(a, x) = Phi(z): the inverse of `log_quantile`; within +-12.

    Args:
      x: quantiles, may have underflowed.
      log_x: their logarithms.
      a: shapes, positive.

    Returns:
      Of the broadcast shape.
    """
    large = tf.maximum(a, _FROM_LARGE)
    root = deviance_root((x - large) / large, log_x - tf.math.log(large)) * tf.sqrt(large)
    score = tf.clip_by_value(root, -12.0, 12.0)
    for _ in range(5):
        score = root - correction(score, large)
    small = tf.minimum(a, _FROM_LARGE)
    found = tf.where(a < _FROM_LARGE, _score_small(log_x, small), score)
    return tf.clip_by_value(found, -12.0, 12.0)
