"""Keyed, counter-based noise: the only source of randomness.

Noise is a pure function of (seed, time step, variable, site, element). The first four are folded
into a `Key` of two 32-bit words; an element's bits are Threefry-2x32 with 20 rounds under that
key, with the counter (index along the first axis, index within the rest). So nobody's noise
depends on how many users, steps, variables or slate places there are.

In eager mode the words are computed by NumPy, the plain reference. In graphs they are computed by
integer TensorFlow operations within an inner XLA-compiled function, which fuses with whatever
consumes them. The integers are the same everywhere.

Source: Salmon, Moraes, Dror and Shaw (2011), Parallel random numbers: as easy as 1, 2, 3.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import secrets
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import ConfigError

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


def _rounds(x0: Any, x1: Any, keys: tuple[Any, Any, Any], rotate: Callable, word: Callable) -> Any:
    x0, x1 = x0 + keys[0], x1 + keys[1]
    for group in range(5):
        for r in _ROTATIONS[group % 2]:
            x0 = x0 + x1
            x1 = rotate(x1, r, x0)
        x0 = x0 + keys[(group + 1) % 3]
        x1 = x1 + keys[(group + 2) % 3] + word(group + 1)
    return x0, x1


def threefry2x32(key: tuple[Any, Any], counter: tuple[Any, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Threefry-2x32 with 20 rounds, in NumPy: the reference.

    Args:
      key: two uint32 words (or arrays of them).
      counter: two uint32 words or arrays, broadcast against each other and the key.

    Returns:
      Two uint32 arrays.
    """
    k0, k1, c0, c1 = (np.asarray(w, np.uint32) for w in (*key, *counter))
    c0, c1 = np.broadcast_arrays(c0, c1)
    keys = (k0, k1, k0 ^ k1 ^ np.uint32(_PARITY))

    def rotate(x: Any, r: int, other: Any) -> Any:
        return ((x << np.uint32(r)) | (x >> np.uint32(32 - r))) ^ other

    with np.errstate(over="ignore"):
        return _rounds(c0, c1, keys, rotate, np.uint32)


def _threefry2x32_tf(key: tuple[Any, Any], counter: tuple[Any, Any]) -> tuple[Any, Any]:
    def word(x: int) -> Any:
        return tf.constant(x, tf.uint32)

    def rotate(x: Any, r: int, other: Any) -> Any:
        left, right = tf.bitwise.left_shift(x, word(r)), tf.bitwise.right_shift(x, word(32 - r))
        return tf.bitwise.bitwise_xor(tf.bitwise.bitwise_or(left, right), other)

    parity = tf.bitwise.bitwise_xor(tf.bitwise.bitwise_xor(key[0], key[1]), word(_PARITY))
    return _rounds(counter[0], counter[1], (key[0], key[1], parity), rotate, word)


@tf.function(input_signature=[tf.TensorSpec([], tf.uint32)] * 4, autograph=False)
def _folded(k0: Any, k1: Any, c0: Any, c1: Any) -> tuple[Any, Any]:
    """A graph of its own: keys are folded many times in every story, and traced here once."""
    return _threefry2x32_tf((k0, k1), (c0, c1))


def _is_symbolic(x: Any) -> bool:
    return tf.is_tensor(x) and not hasattr(x, "numpy")


def _word(x: Any) -> Any:
    """One uint32 word out of an integer (its low 32 bits) or an integer tensor."""
    if _is_symbolic(x):
        return x if x.dtype == tf.uint32 else tf.cast(x, tf.uint32)
    return np.asarray(np.asarray(x).astype(np.int64) & 0xFFFFFFFF).astype(np.uint32)


@dataclasses.dataclass(frozen=True)
class Key:
    """Names a stream of noise.

    Attributes:
      words: two uint32 scalars, NumPy's or symbolic tensors.
      first_index: added to the index along the first axis, where a shard of a population begins.
    """

    words: tuple[Any, Any]
    first_index: Any = 0

    def fold(self, data: Any) -> Key:
        """Returns the key of a sub-stream.

        Args:
          data: a string, an int, an integer scalar tensor, or a pair of 32-bit words.
        """
        if isinstance(data, str):
            digest = hashlib.blake2b(data.encode(), digest_size=8).digest()
            pair = (int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little"))
        else:
            pair = data if isinstance(data, tuple) else (data, 0)
        counter = (_word(pair[0]), _word(pair[1]))
        if any(_is_symbolic(w) for w in (*self.words, *counter)):
            folded = _folded(*(tf.convert_to_tensor(w, tf.uint32) for w in (*self.words, *counter)))
        else:
            folded = threefry2x32(self.words, counter)
        return dataclasses.replace(self, words=folded)


def _is_whole(x: Any) -> bool:
    """Whether it is an integer: Python's, NumPy's or a scalar tensor."""
    if tf.is_tensor(x):
        return x.dtype.is_integer and x.shape.rank == 0
    dtype = getattr(x, "dtype", None)
    if dtype is not None:
        return np.issubdtype(dtype, np.integer) and np.ndim(x) == 0
    return isinstance(x, int) and not isinstance(x, bool)


def seed_words(seed: Any) -> tuple[Any, Any]:
    """Two uint32 words out of a seed.

    Args:
      seed: an int (64 bits count), a pair of ints or words, or an integer tensor, scalar or `[2]`.

    Raises:
      ConfigError: (also a ValueError) it is none of these.
    """
    if tf.is_tensor(seed):
        if not seed.dtype.is_integer or seed.shape.as_list() not in ([], [2]):
            raise ConfigError(
                f"seed: must be an integer scalar or pair, got {seed.dtype.name} {seed.shape}"
            )
        if seed.shape.rank == 1:
            return _word(seed[0]), _word(seed[1])
        if seed.dtype in (tf.int64, tf.uint64) and _is_symbolic(seed):
            high = tf.bitwise.right_shift(seed, tf.constant(32, seed.dtype))
            return _word(seed), _word(high)
        if _is_symbolic(seed):
            high = tf.where(seed < 0, tf.constant(0xFFFFFFFF, tf.uint32), 0)
            return _word(seed), high
        seed = int(seed)
    if isinstance(seed, np.ndarray):
        seed = seed.tolist()
    if isinstance(seed, tuple | list):
        if len(seed) != 2:
            raise ConfigError(f"seed: must be an int or a pair of ints, got {seed!r}")
        if not all(_is_whole(word) for word in seed):
            raise ConfigError(f"seed: each of a pair must be an int, got {seed!r}")
        return _word(seed[0]), _word(seed[1])
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise ConfigError(f"seed: must be an int or a pair of ints, got {seed!r}")
    return _word(int(seed) & 0xFFFFFFFF), _word((int(seed) >> 32) & 0xFFFFFFFF)


def fresh_seed() -> int:
    """Returns a new seed from the operating system's entropy: a non-negative 63-bit int."""
    return secrets.randbits(63)


def site_key(seed: Any, step: Any, variable: str, site: str, first_index: Any = 0) -> Key:
    """Returns the key of a site at a step.

    Args:
      seed: as in `seed_words`.
      step: int or integer scalar tensor, the time step.
      variable: the variable's name.
      site: the site's name.
      first_index: index of the first element of the first axis in the whole population.
    """
    key = Key(seed_words(seed), first_index)
    return key.fold(f"{variable}\0{site}").fold(step)


def _indices_np(shape: tuple[int, ...], first_index: Any) -> tuple[Any, Any]:
    if not shape:
        return np.uint32(int(first_index) & 0xFFFFFFFF), np.uint32(0)
    rest = int(np.prod(shape[1:], dtype=np.int64))
    first = (np.arange(shape[0], dtype=np.int64) + int(first_index)).astype(np.uint32)
    second = np.arange(rest, dtype=np.uint32)
    return first[:, None], second[None, :]


def _words_tf(shape: Any, w0: Any, w1: Any, first_index: Any) -> tuple[Any, Any]:
    if isinstance(shape, tuple) and not shape:
        return _threefry2x32_tf((w0, w1), (first_index, tf.constant(0, tf.uint32)))
    if isinstance(shape, tuple):
        size, rest = shape[0], int(np.prod(shape[1:], dtype=np.int64))
    else:
        size, rest = shape[0], tf.reduce_prod(shape[1:])
    first = tf.cast(tf.range(size), tf.uint32) + first_index
    second = tf.cast(tf.range(rest), tf.uint32)
    zeros = tf.zeros(tf.stack([size, rest]), tf.uint32)
    x0, x1 = _threefry2x32_tf((w0, w1), (first[:, None] + zeros, second[None, :] + zeros))
    return tf.reshape(x0, shape), tf.reshape(x1, shape)


@functools.cache
def _compiled(fn: Callable, shape: tuple[int, ...], dtype: tf.DType) -> Callable:
    """`fn` of the words of `shape`, as one XLA-compiled function of key and offset."""

    @tf.function(jit_compile=True, autograph=False)
    def noise(w0: Any, w1: Any, first_index: Any) -> Any:
        return fn(*_words_tf(shape, w0, w1, first_index), dtype)

    return noise


def generate(fn: Callable[[Any, Any, tf.DType], Any], key: Key, shape: Any, dtype: Any) -> Any:
    """Noise made of an element's two words, fused into one kernel where it runs in a graph.

    Args:
      fn: (word 0, word 1, dtype) -> noise, elementwise, out of TensorFlow operations; a function
        of a module, since it is compiled once for each shape.
      key: names the stream.
      shape: tuple of ints, TensorShape or int32 tensor.
      dtype: of the noise.

    Returns:
      `shape` noise.
    """
    dtype = tf.as_dtype(dtype)
    static = tf.get_static_value(shape) if tf.is_tensor(shape) else shape
    if isinstance(static, tf.TensorShape):
        static = static.as_list()
    if static is None:
        w0, w1 = (tf.convert_to_tensor(w, tf.uint32) for w in key.words)
        offset = tf.cast(key.first_index, tf.uint32)
        return fn(*_words_tf(shape, w0, w1, offset), dtype)
    sizes = tuple(int(n) for n in static)
    if tf.executing_eagerly():
        x0, x1 = (
            tf.constant(w.reshape(sizes), tf.uint32)
            for w in threefry2x32(key.words, _indices_np(sizes, key.first_index))
        )
        return fn(x0, x1, dtype)
    w0, w1 = (tf.convert_to_tensor(w, tf.uint32) for w in key.words)
    offset = tf.convert_to_tensor(_word(key.first_index), tf.uint32)
    return _compiled(fn, sizes, dtype)(w0, w1, offset)


def _first_word(x0: Any, x1: Any, dtype: tf.DType) -> Any:
    del x1, dtype
    return x0


def bits(key: Key, shape: Any) -> Any:
    """Uniform 32-bit words: `shape` uint32.

    Args:
      key: names the stream.
      shape: of the result.
    """
    return generate(_first_word, key, shape, tf.uint32)
