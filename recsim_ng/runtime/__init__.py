"""How a model runs."""

from recsim_ng.runtime.experiment import Experiment
from recsim_ng.runtime.python_runtime import PythonRuntime
from recsim_ng.runtime.runtime import Runtime
from recsim_ng.runtime.tf_runtime import TFRuntime

__all__ = ["Experiment", "PythonRuntime", "Runtime", "TFRuntime"]
