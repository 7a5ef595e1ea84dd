"""Settings of XLA that a program makes for its own process."""

import os
import sys

from recsim_ng.core.errors import ConfigError

_WIDTH = "xla_cpu_prefer_vector_width"


def use_wide_vectors() -> None:
    """Lets XLA use 512-bit vectors on CPUs that have them, in this process.

    By default XLA keeps to 256 bits. Keyed noise is integer arithmetic on long arrays, so a story
    whose steps are mostly noise runs up to 1.6 times as fast (`benchmarks/RESULTS.md`). The noise
    stays the same, bit for bit. A width that is already set in `XLA_FLAGS` is left alone. Importing
    recsim_ng never does this; a program does, and the command does.

    Raises:
      ConfigError: (also a ValueError) TensorFlow, which reads the flags, is already imported.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if _WIDTH in flags:
        return
    if "tensorflow" in sys.modules:
        raise ConfigError(
            "use_wide_vectors: must be called before TensorFlow is imported, got it imported; "
            f"call it first, or set XLA_FLAGS=--{_WIDTH}=512"
        )
    os.environ["XLA_FLAGS"] = f"{flags} --{_WIDTH}=512".strip()
