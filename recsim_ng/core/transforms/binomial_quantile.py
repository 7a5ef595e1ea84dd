"""The binomial quantile as a function of a normal score, elementwise.

The count k is the least with F(k) >= Phi(z), F(k) = I(1 - p; n - k, k + 1) an incomplete beta
function. A real k is found by the Peizer-Pratt approximation, a few thousandths right; a tail is
then computed once, and three counts to either side follow from their probabilities. In double
precision: an incomplete beta function of large counts has no digits left in single.

Source: Peizer and Pratt (1968), A normal approximation for binomial, F, beta and other common
related tail probabilities; M. B. Giles (2016), Algorithm 955, for rounding a real quantile.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core.transforms.gamma_quantile import masses

_STEP = 0.01  # of the secants in Newton's method


def _peizer_pratt(x: Any) -> Any:
    """g(x) = (1 - x^2 + 2 x log x) / (1 - x)^2."""
    near = tf.abs(x - 1.0) < 1e-3
    away = tf.where(near, 2.0 * tf.ones_like(x), x)
    exact = (1.0 - away * away + 2.0 * away * tf.math.log(away)) / (1.0 - away) ** 2
    return tf.where(near, (1.0 - x) / 3.0, exact)


def _score(k: Any, n: Any, p: Any, q: Any) -> Any:
    """About Phi^-1(F(k)), k real."""
    s, t = k + 0.5, n - k - 0.5
    middle = s + 1 / 6 - (n + 1 / 3) * p
    middle += 0.02 * (q / (s + 0.5) - p / (t + 0.5) + (q - p) / (2.0 * (n + 1.0)))
    stretch = 1.0 + q * _peizer_pratt(s / (n * p)) + p * _peizer_pratt(t / (n * q))
    return middle * tf.sqrt(stretch / ((n + 1 / 6) * p * q))


def _real(z: Any, n: Any, p: Any, q: Any) -> Any:
    """The real k of a score."""
    low, high = _STEP - 0.499, n - 0.501 - _STEP
    k = n * p + tf.sqrt(n * p * q) * z + (q - p) * (z * z - 1.0) / 6.0 - 0.5
    for _ in range(3):
        k = tf.minimum(tf.maximum(k, low), high)
        up, down = _score(k + _STEP, n, p, q), _score(k - _STEP, n, p, q)
        step = (z - 0.5 * (up + down)) * 2.0 * _STEP / (up - down)
        k = k + tf.clip_by_value(step, -0.5 * k - 3.0, 3.0 + k)
    return tf.minimum(tf.maximum(k, low), high)


def tail(k: Any, n: Any, p: Any, q: Any, lower: Any) -> Any:
    """P(count <= k) where `lower` holds, else P(count > k), for any whole k.

    Args:
      k: float64 counts, -1 and n and beyond allowed.
      n: float64 numbers of trials.
      p: float64 probabilities of success.
      q: 1 - p, exact also where p is near 1.
      lower: bool, which tail.
    """
    trials = tf.maximum(n, 1.0)
    inside = tf.clip_by_value(k, tf.zeros_like(k), trials - 1.0)
    successes, failures = inside + 1.0, trials - inside
    one, two = tf.where(lower, failures, successes), tf.where(lower, successes, failures)
    found = tf.math.betainc(one, two, tf.where(lower, q, p))
    beyond = (k < 0.0) | (k >= n)
    return tf.where(beyond, tf.cast((k >= n) == lower, found.dtype), found)


def _rarer(z: Any, n: Any, p: Any, q: Any) -> Any:
    """The count for 0 < p <= 1/2."""
    below, above = masses(z)
    middle = tf.clip_by_value(tf.round(_real(z, n, p, q)), tf.zeros_like(z), n)
    in_lower_half = z < 0.0
    sign = tf.where(in_lower_half, tf.ones_like(z), -1.0)
    start = tail(middle, n, p, q, in_lower_half)
    target = tf.where(in_lower_half, below, above)

    def enough(mass: Any) -> Any:
        return tf.where(in_lower_half, mass >= target, mass <= target)

    choose = tf.math.lgamma(n + 1.0) - tf.math.lgamma(middle + 1.0)
    choose -= tf.math.lgamma(n - middle + 1.0)
    at = tf.exp(choose + middle * tf.math.log(p) + (n - middle) * tf.math.log(q))
    odds, found = p / q, middle
    mass, probability, k = start, at, middle
    for _ in range(3):
        mass = mass - sign * probability
        found = tf.where((k >= 1.0) & enough(mass), k - 1.0, found)
        probability = probability * k / ((n - k + 1.0) * odds)
        k = k - 1.0
    mass, probability, k = start, at, middle
    for _ in range(3):
        found = tf.where(~enough(mass) & (k < n), k + 1.0, found)
        probability = probability * (n - k) * odds / (k + 1.0)
        mass = mass + sign * probability
        k = k + 1.0
    return found


def count(z: Any, n: Any, p: Any, q: Any) -> Any:
    """The binomial count of a normal score.

    Args:
      z: normal scores.
      n: numbers of trials, whole.
      p: probabilities of success.
      q: 1 - p, exact also where p is near 1.

    Returns:
      Of the broadcast shape, float64 whole numbers.
    """
    z, n, p, q = (tf.cast(x, tf.float64) for x in (z, n, p, q))
    shape = tf.shape(z + n * p)
    z, n, p, q = (tf.broadcast_to(x, shape) for x in (z, n, p, q))
    z = tf.clip_by_value(z, -12.0, 12.0)
    rare, sign = tf.minimum(p, q), tf.where(p <= q, tf.ones_like(z), -1.0)
    sure = (rare <= 0.0) | (n < 1.0)
    inside = tf.where(sure, 0.5 * tf.ones_like(rare), rare)
    found = _rarer(sign * z, tf.maximum(n, 1.0), inside, 1.0 - inside)
    found = tf.where(sure, tf.zeros_like(found), found)
    return tf.where(p <= q, found, n - found) + 0.0  # no -0
