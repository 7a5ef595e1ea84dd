"""recsim_ng: a probabilistic, differentiable simulator of recommender ecosystems."""

from recsim_ng.core.lazy import lazily
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
__getattr__, __dir__ = lazily(__name__, _HOMES)


register_all()  # by strings: the stories' modules are imported when an environment is made
