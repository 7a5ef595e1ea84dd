"""How entities meet: templates and ready scenarios."""

import importlib
from typing import Any

_HOMES = {
    "STORIES": "catalogue",
    "bandit_story": "bandit_simulation",
    "recs_story": "recommendation_simulation",
    "recs_story_using_logged_slate_docs": "recommendation_simulation",
    "simplified_recs_story": "recommendation_simulation",
    "static_recs_story": "static_recs_simulation",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    # Lazy, so that the command can list the stories without waiting for TensorFlow.
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, *globals()]
