"""Transforms: how a distribution's value is made of keyed noise, and the way back."""

from __future__ import annotations

import abc
import warnings
from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.errors import NoInverseError
from recsim_ng.core.noise import Key

tfd = tfp.distributions


class Transform(abc.ABC):
    """A family's law as `value = forward(distribution, noise)`, noise of a fixed law.

    The noise does not depend on the distribution's parameters, only on its shapes, so replaying
    an observed world's noise under other parameters is a counterfactual.
    """

    @abc.abstractmethod
    def noise(self, distribution: Any, key: Key, sample_shape: tuple) -> Any:
        """Draws the noise.

        Args:
          distribution: gives shapes and dtype.
          key: names the stream; sub-streams by `key.fold(...)`.
          sample_shape: static shape (a tuple) that precedes the batch shape.
        """

    @abc.abstractmethod
    def forward(self, distribution: Any, noise: Any) -> Any:
        """Makes the value, `sample_shape + batch_shape + event_shape`, of the noise."""

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        """Finds noise that makes the value: the noise given the value.

        Args:
          distribution: as in `forward`.
          value: an observed value.
          key: where many noises make the same value, names the stream that picks one of them by
            its posterior law.

        Raises:
          NoInverseError: there is no inverse.
        """
        del value, key
        raise NoInverseError(
            f"{type(distribution).__name__}: its noise cannot be recovered from a value, since its "
            "transform has no inverse; use a distribution that has one, or fix the site's value"
        )


_TRANSFORMS: dict[type, Transform] = {}


def register(*families: type) -> Callable[[type[Transform]], type[Transform]]:
    """Class decorator: makes a `Transform` the one for these TFP distribution classes.

    Args:
      *families: distribution classes; subclasses that keep their sampler are covered too.
    """

    def decorate(transform: type[Transform]) -> type[Transform]:
        for family in families:
            _TRANSFORMS[family] = transform()
        return transform

    return decorate


def transform_of(distribution: Any) -> Transform:
    """Returns the distribution's transform, the fall-back where none is registered.

    Args:
      distribution: a TFP distribution.
    """
    for cls in type(distribution).__mro__:
        if cls in _TRANSFORMS:
            return _TRANSFORMS[cls]
        if "_sample_n" in cls.__dict__:
            break
    return _FALLBACK


def full_shape(distribution: Any, sample_shape: tuple, event_shape: Any = None) -> Any:
    """The shape `sample_shape + batch_shape + event_shape`: a tuple, or a tensor if not static.

    Args:
      distribution: gives batch and event shape.
      sample_shape: a tuple.
      event_shape: in place of the distribution's.
    """
    event = distribution.event_shape if event_shape is None else tf.TensorShape(event_shape)
    batch = distribution.batch_shape
    if batch.is_fully_defined() and event.is_fully_defined():
        return (*sample_shape, *batch.as_list(), *event.as_list())
    dynamic = distribution.event_shape_tensor() if event_shape is None else event_shape
    parts = (list(sample_shape), distribution.batch_shape_tensor(), dynamic)
    return tf.concat([tf.cast(p, tf.int32) for p in parts], axis=0)


class _Fallback(Transform):
    """The distribution's own sampler, seeded by the key. It has no inverse."""

    _warned: set[type] = set()

    def noise(self, distribution: Any, key: Key, sample_shape: tuple) -> Any:
        family = type(distribution)
        if family not in self._warned:
            self._warned.add(family)
            warnings.warn(
                f"{family.__name__} has no keyed transform: its own sampler is used with a keyed "
                "seed, so its draws differ between backends and batch sizes, and have no inverse",
                stacklevel=2,
            )
        words = [tf.convert_to_tensor(w, tf.uint32) for w in key.fold("fallback").words]
        return tf.bitcast(tf.stack(words), tf.int32), sample_shape

    def forward(self, distribution: Any, noise: Any) -> Any:
        seed, sample_shape = noise
        return distribution.sample(sample_shape, seed=seed)


_FALLBACK = _Fallback()
