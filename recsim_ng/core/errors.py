"""The exceptions of recsim_ng: one name for each kind of mistake.

Every message reads "where: what must hold, got Y; what to do". Each class is also the built-in
exception that a caller would expect (ValueError, TypeError, ...), so `except ValueError` keeps
working.
"""


class RecSimError(Exception):
    """Base of all errors raised by recsim_ng."""

    # AutoGraph raises an error anew, with the user's line, as its own class only if it knows this
    # constructor; else as a StagingError.
    __init__ = Exception.__init__


class FieldError(RecSimError, ValueError):
    """A field of a Value is missing, surplus, ambiguous or does not fit its spec."""


class BehaviourError(RecSimError, TypeError):
    """A behaviour returned something that is not a Value, or its definition is not usable."""


class NetworkError(RecSimError, ValueError):
    """A network's variables do not fit together."""


class CycleError(NetworkError):
    """The current values of some variables depend on each other in a circle."""


class SiteError(RecSimError, ValueError):
    """A random site is drawn where it cannot have noise or a value of its own."""


class NoInverseError(RecSimError, NotImplementedError):
    """A distribution has no transform that could be inverted."""


class NonFiniteError(RecSimError, ArithmeticError):
    """A NaN or an infinity arose in a run that was asked to be finite."""


class ConfigError(RecSimError, ValueError):
    """A setting is outside its range."""


class DataError(RecSimError, ValueError):
    """A data file is missing, damaged or not in the expected format."""


class OutputError(RecSimError, OSError):
    """Results cannot be written where they were asked to be written."""


class ParameterError(RecSimError, RuntimeError):
    """A model needs parameters that it got neither at construction nor in the call."""
