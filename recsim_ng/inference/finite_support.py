"""Finite supports: all values that a discrete law can give."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.transforms.discrete import num_categories

tfd = tfp.distributions
_WRAPPERS = (tfd.Independent, tfd.Sample, tfd.BatchBroadcast)


class FiniteSupport(NamedTuple):
    """The values that each element of a draw can have.

    Attributes:
      values: `[n, ...]`, of the law's dtype.
      event_ndims: how many axes one value has.
    """

    values: np.ndarray
    event_ndims: int


def finite_support(law: Any) -> FiniteSupport | None:
    """Returns the support of a law's elements; None where there is none that is known and finite.

    Args:
      law: a TFP distribution: Bernoulli, Categorical, OneHotCategorical or FiniteDiscrete, as it is
        or in Independent, Sample or BatchBroadcast.
    """
    while isinstance(law, _WRAPPERS):
        law = law.distribution
    dtype = tf.as_dtype(law.dtype).as_numpy_dtype
    if isinstance(law, tfd.Bernoulli):
        return FiniteSupport(np.arange(2).astype(dtype), 0)
    if isinstance(law, tfd.OneHotCategorical | tfd.Categorical):
        sizes = num_categories(law)
        if not isinstance(sizes, tf.TensorShape):
            return None
        if isinstance(law, tfd.OneHotCategorical):
            return FiniteSupport(np.eye(sizes[0], dtype=dtype), 1)
        return FiniteSupport(np.arange(sizes[0]).astype(dtype), 0)
    if isinstance(law, tfd.FiniteDiscrete):
        outcomes = tf.get_static_value(law.outcomes)
        return None if outcomes is None else FiniteSupport(np.asarray(outcomes, dtype), 0)
    return None


def num_combinations(supports: Sequence[FiniteSupport], shapes: Sequence[tuple[int, ...]]) -> int:
    """Returns K, how many values several draws have together.

    Args:
      supports: of their elements.
      shapes: of the draws.
    """
    return math.prod(
        len(s.values) ** math.prod(_elements(s, shape))
        for s, shape in zip(supports, shapes, strict=True)
    )


def combinations(
    supports: Sequence[FiniteSupport], shapes: Sequence[tuple[int, ...]]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Returns all values that several draws have together.

    Args:
      supports: of their elements.
      shapes: of the draws.

    Returns:
      (for each draw `[K, *shape]` values, for each `[K, *elements]` their numbers in the support).
    """
    elements = [_elements(s, shape) for s, shape in zip(supports, shapes, strict=True)]
    sizes = [len(s.values) for s, e in zip(supports, elements, strict=True) for _ in _cells(e)]
    numbers = np.array(list(itertools.product(*(range(n) for n in sizes))), np.int32)
    ends = np.cumsum([math.prod(e) for e in elements])[:-1]
    parts = [
        part.reshape(-1, *e)
        for part, e in zip(np.split(numbers, ends, axis=1), elements, strict=True)
    ]
    return [s.values[part] for s, part in zip(supports, parts, strict=True)], parts


def _elements(support: FiniteSupport, shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[: len(shape) - support.event_ndims]


def _cells(shape: tuple[int, ...]) -> range:
    return range(math.prod(shape))
