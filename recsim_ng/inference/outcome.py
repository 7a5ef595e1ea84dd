"""Outcomes: whether what was observed is one that its law allows.

Many of TFP's laws go on beyond their supports: an exponential of -2 has a finite log-probability
there, and so have a Bernoulli of 2 and counts of the wrong total.

Between what a Bernoulli or a one-hot draw can be, its log-probability is a straight line, along
which gradients lead from one to the other. Where a story draws them as real numbers that stays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions

_ROUNDING = 1e-6  # of a sum of great counts, relative
_TOTAL = 1e-2  # how far shares that were rounded may sum from 1


def outcome(law: Any, value: Any) -> tuple[Any, Any]:
    """Returns which of a law's outcomes are possible, and values whose log-probability exists.

    Args:
      law: of TFP.
      value: `[sample shape + batch shape + event shape]` what was observed.

    Returns:
      `[sample shape + batch shape]` bool, or None where the law's own log-probability tells; and
      the value, moved into the law's support where the log-probability could not be taken.
    """
    if isinstance(law, tfd.Independent):
        possible, value = outcome(law.distribution, value)
        return _reduced(possible, law.reinterpreted_batch_ndims), value
    if isinstance(law, tfd.Sample):
        return _of_sample(law, value)
    if isinstance(law, tfd.Masked):
        possible, value = outcome(law.distribution, value)
        return None if possible is None else possible | ~law.validity_mask, value
    if isinstance(law, tfd.Mixture | tfd.MixtureSameFamily):
        return _of_mixture(law, value)
    if isinstance(law, tfd.Categorical):
        size = (law.logits if law.probs is None else law.probs).shape[-1]
        inside = tf.clip_by_value(value, tf.cast(0, value.dtype), tf.cast(size - 1, value.dtype))
        inside = tf.round(inside)
        return inside == value, inside
    for kinds, is_possible in _SUPPORTS:
        if isinstance(law, kinds):
            return is_possible(law, value), value
    return None, value


def _of_sample(law: Any, value: Any) -> tuple[Any, Any]:
    """A sample's axes lie between those of its law's batch and of its law's event."""
    inner = law.distribution
    batch, event = inner.batch_shape.rank, inner.event_shape.rank
    axes = list(range(value.shape.rank))
    first, end = len(axes) - batch - law.event_shape.rank, len(axes) - event
    middle = first + batch
    order = [*axes[:first], *axes[middle:end], *axes[first:middle], *axes[end:]]
    turned = tf.transpose(value, order)
    possible, inside = outcome(inner, turned)
    if possible is None:
        return None, value
    if inside is not turned:
        value = tf.transpose(inside, np.argsort(order))
    return tf.reduce_all(possible, axis=list(range(first, first + end - middle))), value


def _of_mixture(law: Any, value: Any) -> tuple[Any, Any]:
    """What one of the components allows."""
    if isinstance(law, tfd.MixtureSameFamily):
        axis = -1 - law.event_shape.rank
        each = tf.expand_dims(value, axis)
        possible, inside = outcome(law.components_distribution, each)
        if inside is not each:
            value = tf.gather(inside, 0, axis=axis)
        return None if possible is None else tf.reduce_any(possible, axis=-1), value
    found = [outcome(component, value)[0] for component in law.components]
    if any(possible is None for possible in found):
        return None, value
    return tf.reduce_any(tf.stack(found), axis=0), value


def _reduced(possible: Any, ndims: Any) -> Any:
    ndims = int(tf.get_static_value(ndims))
    if possible is None or not ndims:
        return possible
    return tf.reduce_all(possible, axis=list(range(-ndims, 0)))


def _is_count(law: Any, x: Any) -> Any:
    del law
    return (x >= 0) & (x == tf.round(x))


def _is_not_negative(law: Any, x: Any) -> Any:
    del law
    return x >= 0


def _is_count_of_total(law: Any, x: Any) -> Any:
    return _is_count(law, x) & (x <= tf.cast(law.total_count, x.dtype))


def _is_either(law: Any, x: Any) -> Any:
    del law
    return (x >= 0) & (x <= 1) if x.dtype.is_floating else (x == 0) | (x == 1)


def _is_one_hot(law: Any, x: Any) -> Any:
    if x.dtype.is_floating:
        return _are_shares(law, x)
    return (tf.reduce_sum(x, axis=-1) == 1) & tf.reduce_all(_is_either(law, x), axis=-1)


def _are_counts(law: Any, x: Any) -> Any:
    total = tf.cast(law.total_count, x.dtype)
    most = tf.maximum(tf.cast(0.5, x.dtype), _ROUNDING * total)
    is_total = tf.abs(tf.reduce_sum(x, axis=-1) - total) <= most
    return is_total & tf.reduce_all(_is_count(law, x), axis=-1)


def _are_shares(law: Any, x: Any) -> Any:
    del law
    total = tf.abs(tf.reduce_sum(x, axis=-1) - 1.0) <= _TOTAL
    return total & tf.reduce_all(x >= 0, axis=-1)


def _is_beyond_location(law: Any, x: Any) -> Any:
    return x >= law.loc


_SUPPORTS: tuple[tuple[tuple[type, ...], Callable[[Any, Any], Any]], ...] = (
    ((tfd.Bernoulli,), _is_either),
    ((tfd.Binomial, tfd.BetaBinomial), _is_count_of_total),
    (
        (
            tfd.Geometric,
            tfd.NegativeBinomial,
            tfd.OrderedLogistic,
            tfd.Poisson,
            tfd.PoissonLogNormalQuadratureCompound,
            tfd.Zipf,
        ),
        _is_count,
    ),
    ((tfd.OneHotCategorical,), _is_one_hot),
    ((tfd.Multinomial, tfd.DirichletMultinomial), _are_counts),
    ((tfd.Dirichlet,), _are_shares),
    ((tfd.Chi, tfd.Chi2, tfd.Exponential, tfd.Gamma, tfd.InverseGamma), _is_not_negative),
    ((tfd.GeneralizedPareto,), _is_beyond_location),
)
