"""recsim_ng: a probabilistic, differentiable simulator of recommender ecosystems."""

import importlib
from typing import Any

from recsim_ng.environments import register_all

__version__ = "0.1.0"

_HOMES = {
    "Entity": "core",
    "FieldSpec": "core",
    "Network": "core",
    "PythonRuntime": "runtime",
    "Space": "core",
    "TFRuntime": "runtime",
    "Trajectory": "core",
    "Value": "core",
    "ValueSpec": "core",
    "Variable": "core",
    "ed": "core.edward2",
    "make_env": "runtime",
    "make_vec_env": "runtime",
    "use_wide_vectors": "core.xla",
    "value": "core.variable",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    # Lazy (PEP 562), so that the command answers at once and nothing happens at import.
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, *globals()]


register_all()  # by strings: the stories' modules are imported when an environment is made
