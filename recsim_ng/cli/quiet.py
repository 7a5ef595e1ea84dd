"""Silence while TensorFlow is imported, which prints whatever its settings say."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any, TextIO

from recsim_ng.core.xla import use_wide_vectors


@contextlib.contextmanager
def silent_stderr() -> Iterator[None]:
    """Sends what the process writes to file descriptor 2 nowhere, C++ code included."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)


def start_tensorflow() -> None:
    """Imports TensorFlow and finds its devices, without a word."""
    # Information and warnings of TensorFlow's C++ code, at the first compilation for example;
    # errors are printed.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if "tensorflow" not in sys.modules:
        use_wide_vectors()
    with silent_stderr():
        import tensorflow as tf

        tf.config.list_logical_devices()
        import recsim_ng.runtime  # noqa: F401  (edward2 and tensorflow-probability)


@contextlib.contextmanager
def plain_warnings() -> Iterator[None]:
    """Shows warnings as one line each, without the source that they come from."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> Any:
        del category, filename, lineno, line
        print(f"warning: {message}", file=file or sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield
