"""What a model is: values, specs, variables, networks, sites, noise, trajectories."""

from recsim_ng.core.lazy import lazily

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
__getattr__, __dir__ = lazily(__name__, _HOMES)
