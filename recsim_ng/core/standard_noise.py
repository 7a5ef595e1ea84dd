"""Standard noise of the usual kinds, out of keyed words.

Both tails are right: where a law has two, one bit is the side and the others resolve the distance
from the end, so a float32 normal reaches beyond six standard deviations. float64 noise uses both
of an element's words; float16 and bfloat16 noise is rounded from float32.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core import noise, normal_quantile
from recsim_ng.core.noise import Key

# Coefficients of Phi^-1(m) = -sqrt(2) erfinv(1 - 2m), 0 < m <= 1/2, with w = -log(4 m (1 - m)):
# a polynomial in w - 2.5 times (1 - 2m) for w < 5, in sqrt(w) - 3 for 5 <= w < 23.
# Fitted by least squares at Chebyshev nodes: relative error at most 5e-7.
_CENTRE = (
    3.958320979414016e-08,
    4.851791015695096e-07,
    -4.98119460723841e-06,
    -6.207880343196954e-06,
    0.0003091150937148489,
    -0.0017730417438452549,
    -0.005908129905319823,
    0.3488026845651425,
    2.123313559582026,
)
_TAIL = (
    5.523418422134152e-06,
    -0.00026384667497695674,
    0.0016619171063585725,
    -0.004731942225302808,
    0.008164933406850136,
    -0.010938194347291312,
    0.01334743933915674,
    1.4165953957402964,
    4.006434467736089,
)


def _polynomial(x: Any, coefficients: tuple[float, ...]) -> Any:
    total = tf.constant(coefficients[0], x.dtype)
    for c in coefficients[1:]:
        total = total * x + tf.constant(c, x.dtype)
    return total


def _side_and_mass(x0: Any, x1: Any, dtype: tf.DType) -> tuple[Any, Any]:
    """The side (bool, True above) and the distance from that side's end, in (0, 1/2]."""
    upper = tf.bitwise.right_shift(x0, tf.constant(31, tf.uint32)) > 0
    low = tf.cast(tf.bitwise.bitwise_and(x0, tf.constant(0x7FFFFFFF, tf.uint32)), tf.int32)
    if dtype == tf.float64:
        fine = tf.cast(low, dtype) * 2.0**32 + tf.cast(x1, dtype)
        return upper, (fine + 0.5) * 2.0**-64
    return upper, (tf.cast(low, dtype) + 0.5) * 2.0**-32


def _work_dtype(dtype: tf.DType) -> tf.DType:
    return tf.float64 if dtype == tf.float64 else tf.float32


# The least normal number and the greatest below one.
_ENDS = {
    tf.float16: (2.0**-14, 1.0 - 2.0**-11),
    tf.bfloat16: (2.0**-126, 1.0 - 2.0**-8),
    tf.float32: (2.0**-126, 1.0 - 2.0**-24),
    tf.float64: (2.0**-1022, 1.0 - 2.0**-53),
}


def _uniform(x0: Any, x1: Any, dtype: tf.DType) -> Any:
    upper, mass = _side_and_mass(x0, x1, _work_dtype(dtype))
    # Rounding must not reach an end: half a word's step in float16, one minus it in any type.
    least, greatest = _ENDS[dtype]
    return tf.cast(tf.clip_by_value(tf.where(upper, 1.0 - mass, mass), least, greatest), dtype)


def _normal(x0: Any, x1: Any, dtype: tf.DType) -> Any:
    work = _work_dtype(dtype)
    upper, mass = _side_and_mass(x0, x1, work)
    if work == tf.float64:
        distance = normal_quantile.distance(mass)
    else:
        w = -tf.math.log(4.0 * mass * (1.0 - mass))
        centre = _polynomial(w - 2.5, _CENTRE)
        tail = _polynomial(tf.sqrt(tf.maximum(w, 0.0)) - 3.0, _TAIL)
        distance = tf.where(w < 5.0, centre, tail) * (1.0 - 2.0 * mass)
    return tf.cast(tf.where(upper, distance, -distance), dtype)


def _exponential_of(upper: Any, mass: Any) -> Any:
    # -log(mass) above the median; below it -log(1 - mass), corrected for what 1 - mass rounds off.
    rest = tf.where(upper, mass, 1.0 - mass)
    lost_all = rest == 1.0
    log = -tf.math.log(rest)
    corrected = log * mass / tf.where(lost_all, tf.ones_like(rest), 1.0 - rest)
    return tf.where(upper, log, tf.where(lost_all, mass, corrected))


def _exponential(x0: Any, x1: Any, dtype: tf.DType) -> Any:
    drawn = _exponential_of(*_side_and_mass(x0, x1, _work_dtype(dtype)))
    return tf.cast(tf.maximum(drawn, _ENDS[dtype][0]), dtype)


def _gumbel(x0: Any, x1: Any, dtype: tf.DType) -> Any:
    exponential = _exponential_of(*_side_and_mass(x0, x1, _work_dtype(dtype)))
    return tf.cast(-tf.math.log(exponential), dtype)


def _logistic(x0: Any, x1: Any, dtype: tf.DType) -> Any:
    upper, mass = _side_and_mass(x0, x1, _work_dtype(dtype))
    distance = tf.math.log1p(-mass) - tf.math.log(mass)
    return tf.cast(tf.where(upper, distance, -distance), dtype)


def uniform(key: Key, shape: Any, dtype: Any = tf.float32) -> Any:
    """Uniform noise in the open interval (0, 1).

    Args:
      key: names the stream.
      shape: of the result.
      dtype: a floating type.
    """
    return noise.generate(_uniform, key, shape, dtype)


def normal(key: Key, shape: Any, dtype: Any = tf.float32) -> Any:
    """Standard normal noise.

    Args:
      key: names the stream.
      shape: of the result.
      dtype: a floating type.
    """
    return noise.generate(_normal, key, shape, dtype)


def exponential(key: Key, shape: Any, dtype: Any = tf.float32) -> Any:
    """Standard exponential noise, above 0.

    Args:
      key: names the stream.
      shape: of the result.
      dtype: a floating type.
    """
    return noise.generate(_exponential, key, shape, dtype)


def gumbel(key: Key, shape: Any, dtype: Any = tf.float32) -> Any:
    """Standard Gumbel noise.

    Args:
      key: names the stream.
      shape: of the result.
      dtype: a floating type.
    """
    return noise.generate(_gumbel, key, shape, dtype)


def logistic(key: Key, shape: Any, dtype: Any = tf.float32) -> Any:
    """Standard logistic noise.

    Args:
      key: names the stream.
      shape: of the result.
      dtype: a floating type.
    """
    return noise.generate(_logistic, key, shape, dtype)
