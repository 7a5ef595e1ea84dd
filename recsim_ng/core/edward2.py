"""Edward2, importable beside SciPy, with a traceable `RandomVariable`.

edward2 0.0.2 crashes at import when SciPy is installed, because its NumPy backend patches
`scipy.stats` in a way that today's SciPy refuses. That backend is not used here, so its import is
blocked, in this one place. Everything else says `from recsim_ng import ed`.

The exported `ed` is Edward2 itself but for `ed.RandomVariable(distribution)`: Edward2's own
constructor cannot be traced, so a behaviour that used it would draw unseeded. Ours can.
"""

import importlib
import logging
import sys
import types
import warnings


def _import_edward2() -> types.ModuleType:
    sys.modules.setdefault("edward2.numpy", None)  # type: ignore[arg-type]
    logger = logging.getLogger()
    level = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)  # "NumPy backend ... not available" is expected
        try:
            return importlib.import_module("edward2")
        finally:
            logger.setLevel(level)


_edward2 = _import_edward2()
BaseRandomVariable = _edward2.RandomVariable


@_edward2.traceable
def random_variable(distribution, sample_shape=(), value=None, name=None):
    """Makes a random variable of a TFP distribution; tracers see the call."""
    del name  # read by the tracer
    return BaseRandomVariable(distribution, sample_shape=sample_shape, value=value)


class _TraceableMeta(type):
    def __call__(cls, distribution, sample_shape=(), value=None, name=None):
        given = {} if value is None else {"value": value}
        return random_variable(distribution, sample_shape=sample_shape, name=name, **given)

    def __instancecheck__(cls, instance):
        return isinstance(instance, BaseRandomVariable)


class RandomVariable(metaclass=_TraceableMeta):
    """`RandomVariable(distribution, sample_shape=(), value=None, name=None)`.

    A traceable stand-in for Edward2's class: calling it gives an Edward2 random variable and
    `isinstance` tells one.
    """


def _namespace() -> types.ModuleType:
    module = types.ModuleType("recsim_ng.ed", _edward2.__doc__)
    for name in dir(_edward2):
        if not name.startswith("_"):
            setattr(module, name, getattr(_edward2, name))
    module.RandomVariable = RandomVariable  # type: ignore[attr-defined]
    return module


ed = _namespace()


def is_random_variable(x) -> bool:
    """Whether `x` is an Edward2 random variable."""
    return isinstance(x, BaseRandomVariable)
