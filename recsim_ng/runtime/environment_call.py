"""Calls of compiled functions, past what a public call spends on looking at its arguments.

A small compiled step takes about 2 microseconds; TensorFlow's public call of it takes 20 to 50
times as long, and making a tensor of the action half as much again. The way around the call uses
what TensorFlow does not promise: it is tried when it is made, and where this TensorFlow has it not,
or it gives another result, the public way is taken.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import ConfigError

_compiling: list[int] = []  # the process that has compiled environments, if one has


def require_own_process() -> None:
    """Requires that what compiles is no fork of a process that has compiled.

    Raises:
      ConfigError: (also a ValueError) it is: TensorFlow would wait for threads that are not there.
    """
    if not _compiling:
        _compiling.append(os.getpid())
    if _compiling[0] != os.getpid():
        raise ConfigError(
            "an environment must be compiled in a process of its own, got the fork of one that has "
            "used TensorFlow; start processes by 'spawn' (context='spawn' of Gymnasium's "
            "AsyncVectorEnv), or take make_vec_env"
        )


def direct_call(concrete: Any, private: bool = True) -> Callable[..., Any]:
    """Returns a function that calls a concrete function of flat tensors with one output.

    Args:
      concrete: a `ConcreteFunction` whose arguments are tensors and whose result is one.
      private: whether to try the private call.
    """
    if not private:
        return concrete
    try:
        made = _private(concrete)
        zeros = [tf.zeros(x.shape, x.dtype) for x in concrete.inputs]
        fits = np.array_equal(np.asarray(made(*zeros)), np.asarray(concrete(*zeros)))
    except (TypeError, ValueError, AttributeError, ImportError, tf.errors.OpError):
        return concrete
    return made if fits else concrete


def _private(concrete: Any) -> Callable[..., Any]:
    from tensorflow.python import pywrap_tfe
    from tensorflow.python.eager import context

    if concrete.captured_inputs:
        raise ValueError("the function reads tensors that are not its arguments")
    here = context.context()
    here.ensure_initialized()
    execute, handle = pywrap_tfe.TFE_Py_Execute, here._handle
    function = concrete._inference_function  # kept, or TensorFlow forgets it
    name = function.name
    config = here.function_call_options.config_proto_serialized
    attributes = ("executor_type", "", "config_proto", config() if callable(config) else config)

    def call(*tensors: Any) -> Any:
        return execute(handle, None, name, list(tensors), attributes, 1)[0]

    call.function = function  # type: ignore[attr-defined]
    return call


class Argument:
    """A tensor that is written to, in place of a new one for each call.

    Args:
      spec: its shape and type.
    """

    def __init__(self, spec: tf.TensorSpec) -> None:
        self._dtype = spec.dtype
        self._array = _aligned(tuple(spec.shape), spec.dtype.as_numpy_dtype)
        self._tensor: Any = tf.experimental.dlpack.from_dlpack(self._array.__dlpack__())
        self._array[...] = 1
        if not np.all(np.asarray(self._tensor) == 1):
            self._tensor = None  # it has been copied

    def __call__(self, x: np.ndarray) -> Any:
        """Returns a tensor with these numbers, until the next call.

        Args:
          x: of the spec's shape and type.
        """
        if self._tensor is None:
            return tf.constant(x, self._dtype)
        self._array[...] = x
        return self._tensor


def _aligned(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Zeros that begin at a multiple of 64 bytes, as TensorFlow wants of memory that it shares."""
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    memory = np.zeros(size + 64, np.uint8)
    begin = -memory.ctypes.data % 64
    return memory[begin : begin + size].view(dtype).reshape(shape)
