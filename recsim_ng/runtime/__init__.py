"""How a model runs: step by step in Python, compiled, as an experiment, as an environment."""

import importlib
from typing import Any

_HOMES = {
    "Experiment": "experiment",
    "PythonRuntime": "python_runtime",
    "Runtime": "runtime",
    "Seat": "environment_multi_agent",
    "SB3VecEnv": "environment_sb3",
    "StoryEnv": "environment",
    "StoryVectorEnv": "environment_vector",
    "StoryParallelEnv": "environment_multi_agent",
    "TFRuntime": "tf_runtime",
    "Worlds": "environment_worlds",
    "WorldsState": "environment_worlds",
    "make_env": "environment",
    "make_parallel_env": "environment_multi_agent",
    "make_vec_env": "environment_vector",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    # Lazy, so that PyTorch is not imported because Stable-Baselines3 happens to be there.
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, *globals()]
