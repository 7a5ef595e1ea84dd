"""What a model is: values, specs, variables, networks, sites, noise, trajectories."""

import importlib
from typing import Any

_HOMES = {
    "BehaviourError": "errors",
    "Condition": "given",
    "ConfigError": "errors",
    "CycleError": "errors",
    "DataError": "errors",
    "DataSequence": "data",
    "Dependency": "variable",
    "Do": "given",
    "DynamicFieldSpec": "field_spec",
    "Entity": "entity",
    "FieldError": "errors",
    "FieldSpec": "field_spec",
    "Network": "network",
    "NetworkError": "errors",
    "NoInverseError": "errors",
    "NonFiniteError": "errors",
    "OutputError": "errors",
    "ParameterError": "errors",
    "RecSimError": "errors",
    "SiteError": "errors",
    "SlicedValue": "data",
    "Space": "field_spec",
    "StaticSlicedValue": "data",
    "TFDataset": "data",
    "TimeSteps": "data",
    "Trajectory": "trajectory",
    "Value": "value",
    "ValueDef": "variable",
    "ValueSpec": "field_spec",
    "Variable": "variable",
    "ed": "edward2",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    # Lazy, so that the command and the readers of data need not wait for TensorFlow. Another name
    # is looked for as a module: `from recsim_ng.core import variable`.
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, *globals()]
