"""How a model runs: step by step in Python, compiled, as an experiment, as an environment."""

from recsim_ng.core.lazy import lazily

_HOMES = {
    "Experiment": "experiment",
    "PythonRuntime": "python_runtime",
    "Runtime": "runtime",
    "Seat": "environment_seat",
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
__getattr__, __dir__ = lazily(__name__, _HOMES)
