"""A report in plain words and numbers, as JSON takes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np


def plain(x: Any) -> Any:
    """Returns something as mappings, lists, texts, truth values and numbers; None if not finite.

    Args:
      x: dataclasses, whose properties count as fields, mappings, arrays and what is in them.
    """
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        found = {f.name: plain(getattr(x, f.name)) for f in dataclasses.fields(x)}
        for name, member in vars(type(x)).items():
            if isinstance(member, property):
                found[name] = plain(getattr(x, name))
        return found
    if isinstance(x, Mapping):
        return {str(k): plain(v) for k, v in x.items()}
    if isinstance(x, np.ndarray | list | tuple):
        return [plain(v) for v in x]
    if isinstance(x, bool | np.bool_):
        return bool(x)
    if isinstance(x, np.integer | int):
        return int(x)
    if isinstance(x, np.floating | float):
        return float(x) if np.isfinite(x) else None
    return x
