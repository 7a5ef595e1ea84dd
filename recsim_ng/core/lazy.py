"""Packages whose names are imported when they are first asked for (PEP 562)."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any


def lazily(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Returns a package's `__getattr__` and `__dir__`.

    So that the command answers at once, and who reads data need not wait for TensorFlow. A name
    that has no home is looked for as a module.

    Args:
      package: its dotted name.
      homes: public name -> the module within the package that has it.

    Returns:
      Both functions.
    """

    def attribute(name: str) -> Any:
        if name in homes:
            return getattr(importlib.import_module(f"{package}.{homes[name]}"), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return [*sorted(homes), *vars(sys.modules[package])]

    return attribute, names


def arviz() -> Any:
    """Returns ArviZ, without what it announces of its next major version once a day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        try:
            return importlib.import_module("arviz")
        except FileNotFoundError:
            # It notes the day in a file, which another process has just moved away.
            return importlib.import_module("arviz")
