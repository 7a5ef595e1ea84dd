"""The normal quantile, the same in eager mode, in graphs and under XLA.

`tf.math.ndtri` is not: under XLA it goes through the inverse error function of 2 p - 1 and is
infinite for p below 1.5e-8 in single precision (below 5e-17 in double).

Source: M. J. Wichura (1988), Algorithm AS 241: the percentage points of the normal distribution;
PPND7 for single precision (relative error 1e-7), PPND16 for double (1e-16).
"""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

# Numerator and denominator, lowest power first: for masses above 0.075; for those above exp(-25);
# for those above exp(-729).
_SINGLE = (
    (
        (3.3871327179, 50.434271938, 159.29113202, 59.109374720),
        (1.0, 17.895169469, 78.757757664, 67.187563600),
    ),
    (
        (1.4234372777, 2.7568153900, 1.3067284816, 0.17023821103),
        (1.0, 0.73700164250, 0.12021132975),
    ),
    (
        (6.6579051150, 3.0812263860, 0.42868294337, 0.017337203997),
        (1.0, 0.24197894225, 0.012258202635),
    ),
)
_DOUBLE = (
    (
        (
            3.3871328727963666080,
            133.14166789178437745,
            1971.5909503065514427,
            13731.693765509461125,
            45921.953931549871457,
            67265.770927008700853,
            33430.575583588128105,
            2509.0809287301226727,
        ),
        (
            1.0,
            42.313330701600911252,
            687.18700749205790830,
            5394.1960214247511077,
            21213.794301586595867,
            39307.895800092710610,
            28729.085735721942674,
            5226.4952788528545610,
        ),
    ),
    (
        (
            1.42343711074968357734,
            4.63033784615654529590,
            5.76949722146069140550,
            3.64784832476320460504,
            1.27045825245236838258,
            0.241780725177450611770,
            0.0227238449892691845833,
            7.74545014278341407640e-4,
        ),
        (
            1.0,
            2.05319162663775882187,
            1.67638483018380384940,
            0.689767334985100004550,
            0.148103976427480074590,
            0.0151986665636164571966,
            5.47593808499534494600e-4,
            1.05075007164441684324e-9,
        ),
    ),
    (
        (
            6.65790464350110377720,
            5.46378491116411436990,
            1.78482653991729133580,
            0.296560571828504891230,
            0.0265321895265761230930,
            1.24266094738807843860e-3,
            2.71155556874348757815e-5,
            2.01033439929228813265e-7,
        ),
        (
            1.0,
            0.599832206555887937690,
            0.136929880922735805310,
            0.0148753612908506148525,
            7.86869131145613259100e-4,
            1.84631831751005468180e-5,
            1.42151175831644588870e-7,
            2.04426310338993978564e-15,
        ),
    ),
)


def _ratio(x: Any, coefficients: tuple[tuple[float, ...], tuple[float, ...]]) -> Any:
    above, below = coefficients
    total, divisor = above[-1], below[-1]
    for c in above[-2::-1]:
        total = total * x + c
    for c in below[-2::-1]:
        divisor = divisor * x + c
    return total / divisor


def distance_of_log(log_mass: Any) -> Any:
    """How far from the mean, in deviations, the mass beyond is a given one.

    Args:
      log_mass: its logarithm, at most log(1/2); any shape, float32 or float64.

    Returns:
      x with log Phi(-x) = log_mass, at least 0.
    """
    centre, near, far = _DOUBLE if log_mass.dtype == tf.float64 else _SINGLE
    q = 0.5 - tf.exp(log_mass)
    middle = q * _ratio(0.180625 - q * q, centre)
    r = tf.sqrt(tf.maximum(-log_mass, 0.0))
    outside = tf.where(r < 5.0, _ratio(r - 1.6, near), _ratio(tf.minimum(r, 27.0) - 5.0, far))
    # Beyond 38 deviations the first terms of the tail's asymptotic series are enough.
    square = tf.maximum(-2.0 * log_mass - math.log(2.0 * math.pi), 1.0)
    beyond = tf.sqrt(square - tf.math.log(square))
    return tf.where(q < 0.425, middle, tf.where(r < 27.0, outside, beyond))


def distance(mass: Any) -> Any:
    """How far from the mean, in deviations, the mass beyond is a given one: -Phi^-1(mass).

    Args:
      mass: above 0 and at most one half; any shape, float32 or float64.
    """
    centre, near, far = _DOUBLE if mass.dtype == tf.float64 else _SINGLE
    q = 0.5 - mass
    middle = q * _ratio(0.180625 - q * q, centre)
    r = tf.sqrt(-tf.math.log(mass))
    outside = tf.where(r < 5.0, _ratio(r - 1.6, near), _ratio(r - 5.0, far))
    return tf.where(q < 0.425, middle, outside)
