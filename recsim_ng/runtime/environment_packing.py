"""Tensors packed into one, as each input and output of a call costs microseconds."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from recsim_ng.core.errors import ConfigError

_AS_THEY_ARE = (tf.int32, tf.float32, tf.uint32)
_WIDE = (tf.int64, tf.float64, tf.uint64)


@dataclasses.dataclass(frozen=True)
class _Part:
    begin: int
    end: int
    shape: tuple[int, ...]
    dtype: tf.DType


class Packing:
    """Named tensors of known shapes as one `[n]` int32 vector, bit by bit.

    Args:
      specs: name -> `tf.TensorSpec`, or what else has shape and dtype.

    Raises:
      ConfigError: (also a ValueError) one is neither of real numbers nor of bools.
    """

    def __init__(self, specs: Mapping[str, Any]) -> None:
        self._parts: dict[str, _Part] = {}
        end = 0
        for name, spec in specs.items():
            shape, dtype = tuple(spec.shape), tf.as_dtype(spec.dtype)
            if not (dtype.is_floating or dtype.is_integer or dtype == tf.bool):
                raise ConfigError(
                    f"{name}: what an environment carries or shows must be real numbers or bools, "
                    f"got {dtype.name}"
                )
            begin, end = end, end + math.prod(shape) * (2 if dtype in _WIDE else 1)
            self._parts[name] = _Part(begin, end, shape, dtype)
        self.size = end

    def pack(self, tensors: Mapping[str, Any]) -> Any:
        """Returns the vector; zeros for tensors that are not given.

        Args:
          tensors: name -> tensor.
        """
        words = [_words(tensors[n]) if n in tensors else None for n in self._parts]
        filled = [
            tf.zeros([part.end - part.begin], tf.int32) if x is None else tf.reshape(x, [-1])
            for x, part in zip(words, self._parts.values(), strict=True)
        ]
        return tf.concat(filled, 0) if filled else tf.zeros([0], tf.int32)

    def tensor(self, vector: Any, name: str) -> Any:
        """Returns a tensor out of the vector.

        Args:
          vector: as `pack` makes it.
          name: of the tensor.
        """
        part = self._parts[name]
        words = vector[part.begin : part.end]
        if part.dtype in _WIDE:
            return tf.reshape(tf.bitcast(tf.reshape(words, [-1, 2]), part.dtype), part.shape)
        words = tf.reshape(words, part.shape)
        if part.dtype in _AS_THEY_ARE:
            return tf.bitcast(words, part.dtype)
        if part.dtype.is_floating:
            return tf.cast(tf.bitcast(words, tf.float32), part.dtype)
        return tf.cast(words, part.dtype)

    def reader(self, name: str) -> Any:
        """Returns a function from a NumPy vector (and the same as float32) to an array.

        Args:
          name: of the tensor.
        """
        part = self._parts[name]
        begin, end, shape = part.begin, part.end, part.shape
        dtype = part.dtype.as_numpy_dtype
        if part.dtype == tf.float32:
            return lambda words, floats: floats[begin:end].reshape(shape)
        if part.dtype == tf.int32:
            return lambda words, floats: words[begin:end].reshape(shape)
        if part.dtype == tf.uint32 or part.dtype in _WIDE:
            return lambda words, floats: words[begin:end].view(dtype).reshape(shape)
        if part.dtype.is_floating:
            return lambda words, floats: floats[begin:end].reshape(shape).astype(dtype)
        return lambda words, floats: words[begin:end].reshape(shape).astype(dtype)

    def begin(self, name: str) -> int:
        """Returns where a tensor begins.

        Args:
          name: of the tensor.
        """
        return self._parts[name].begin


def _words(x: Any) -> Any:
    if x.dtype in _AS_THEY_ARE or x.dtype in _WIDE:
        return tf.bitcast(x, tf.int32)
    if x.dtype.is_floating:
        return tf.bitcast(tf.cast(x, tf.float32), tf.int32)
    return tf.cast(x, tf.int32)
