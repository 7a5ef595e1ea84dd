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
    an observed world's noise under other parameters is a counterfactual. It is a tensor or a
    structure of tensors, and the axes of each begin with those of sample and batch.
    """

    def noise(self, distribution: Any, key: Key, sample_shape: tuple) -> Any:
        """Draws the noise.

        Args:
          distribution: gives shapes and dtype.
          key: names the stream; sub-streams by `key.fold(...)`.
          sample_shape: static shape (a tuple) that precedes the batch shape.

        Returns:
          The noise, a tensor or a structure of tensors.
        """
        batch = distribution.batch_shape
        if batch.is_fully_defined():
            return self.draw(distribution, key, (*sample_shape, *batch.as_list()))
        return self.draw(distribution, key, extend(sample_shape, distribution.batch_shape_tensor()))

    @abc.abstractmethod
    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        """Draws the noise of values of a given shape.

        Args:
          distribution: gives the event's shape and the dtype; its batch shape does not matter.
          key: names the stream; sub-streams by `key.fold(...)`.
          shape: shape of sample and batch: a tuple, or an int32 tensor if not static.

        Returns:
          The noise, a tensor or a structure of tensors.
        """

    @abc.abstractmethod
    def forward(self, distribution: Any, noise: Any) -> Any:
        """Makes the value of the noise; parameters broadcast against it.

        Args:
          distribution: a TFP distribution.
          noise: from `draw`, or from `inverse`.

        Returns:
          `shape + event_shape` value.
        """

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        """Finds noise that makes the value: the noise given the value.

        Args:
          distribution: as in `forward`.
          value: an observed value.
          key: where many noises make the same value, names the stream that picks one of them by
            its posterior law.

        Returns:
          Noise, as `forward` takes it.

        Raises:
          NoInverseError: there is no inverse, or it needs a key.
        """
        del value, key
        raise NoInverseError(
            f"{type(distribution).__name__}: its noise cannot be recovered from a value, since its "
            "transform has no inverse; use a distribution that has one, or fix the site's value"
        )


_TRANSFORMS: dict[type, Transform] = {}
_SAMPLERS = ("_sample_n", "_call_sample_n")


def register(*families: type) -> Callable[[type[Transform]], type[Transform]]:
    """Class decorator: makes a `Transform` the one for these TFP distribution classes.

    Args:
      *families: distribution classes; subclasses that keep their sampler are covered too.

    Returns:
      The decorator.
    """

    def decorate(transform: type[Transform]) -> type[Transform]:
        made = transform()
        for family in families:
            # TFP makes `_Independent` where the parts of an `Independent` are no composite tensors.
            for cls in family.__mro__:
                if cls is family or cls.__name__ == f"_{family.__name__}":
                    _TRANSFORMS[cls] = made
        return transform

    return decorate


def registered() -> dict[type, Transform]:
    """Returns the distribution classes that have a transform of their own."""
    return dict(_TRANSFORMS)


def transform_of(distribution: Any) -> Transform:
    """Returns the distribution's transform, the fall-back where none is registered.

    Args:
      distribution: a TFP distribution.
    """
    for cls in type(distribution).__mro__:
        if cls in _TRANSFORMS:
            return _TRANSFORMS[cls]
        if any(sampler in cls.__dict__ for sampler in _SAMPLERS):
            break
    return fallback


def extend(shape: Any, *more: Any) -> Any:
    """Joins shapes: to a tuple where all are static, else to an int32 tensor.

    Args:
      shape: a tuple, TensorShape or integer tensor.
      *more: shapes too.

    Returns:
      The joined shape.
    """
    parts = [tf.get_static_value(s) if tf.is_tensor(s) else s for s in (shape, *more)]
    if all(p is not None and None not in tuple(p) for p in parts):
        return tuple(int(n) for p in parts for n in p)
    return tf.concat([tf.cast(s, tf.int32) for s in (shape, *more)], axis=0)


def shape_of(x: Any) -> Any:
    """A tensor's shape: a tuple, or an int32 tensor if not static.

    Args:
      x: a tensor.
    """
    return tuple(x.shape) if x.shape.is_fully_defined() else tf.shape(x)


def event_shape(distribution: Any) -> Any:
    """The event's shape: a TensorShape, or an int32 tensor if not static.

    Args:
      distribution: a TFP distribution.
    """
    static = distribution.event_shape
    return static if static.is_fully_defined() else distribution.event_shape_tensor()


def choose(mask: Any, noise: Any, other: Any) -> Any:
    """Noise by element: `noise` where the mask holds, else `other`.

    Args:
      mask: bool, of the shape of sample and batch.
      noise: a structure of tensors.
      other: another one of the same shapes.

    Returns:
      A structure alike.
    """

    def leaf(one: Any, two: Any) -> Any:
        ones = [1] * (one.shape.rank - mask.shape.rank)
        return tf.where(tf.reshape(mask, extend(shape_of(mask), ones)), one, two)

    return tf.nest.map_structure(leaf, noise, other)


def need_key(distribution: Any, key: Key | None) -> Key:
    """Returns the key, or says that the posterior of the noise needs one.

    Args:
      distribution: for the message.
      key: the caller's.

    Raises:
      NoInverseError: there is none.
    """
    if key is None:
        raise NoInverseError(
            f"{type(distribution).__name__}: many noises make the same value; give a key, which "
            "picks one of them by its posterior law"
        )
    return key


class FallbackTransform(Transform):
    """The distribution's own sampler, seeded by the key. It has no inverse."""

    def __init__(self) -> None:
        self.warned: set[type] = set()

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        family = type(distribution)
        if family not in self.warned:
            self.warned.add(family)
            warnings.warn(
                f"{family.__name__} has no keyed transform: its own sampler is used with a keyed "
                "seed, so its draws differ between backends and batch sizes, and have no inverse",
                stacklevel=2,
            )
        # A shard must not repeat another one's draws.
        words = key.fold("fallback").fold(key.first_index).words
        seed = tf.stack([tf.convert_to_tensor(w, tf.uint32) for w in words])
        return tf.bitcast(seed, tf.int32), tf.zeros(extend(shape, (0,)))

    def forward(self, distribution: Any, noise: Any) -> Any:
        seed, extent = noise
        shape = extent.shape[:-1]
        batch = distribution.batch_shape
        start = shape.rank - batch.rank
        if shape.is_fully_defined() and shape[start:] != batch:
            return tfd.BatchBroadcast(distribution, to_shape=shape).sample(seed=seed)
        return distribution.sample(tf.shape(extent)[:start], seed=seed)


fallback = FallbackTransform()
