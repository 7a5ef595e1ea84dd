"""Parameters: what a fit is asked to find, by name or as the story's own variables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from recsim_ng.core.errors import ConfigError

_TRAINING = ("mle", "em")  # the methods that move variables


def named_and_trained(parameters: Any, method: str) -> tuple[list[str], list[Any]]:
    """Returns the names among parameters, and the variables.

    Args:
      parameters: "variable.field", a tf.Variable, or a sequence of these; None: no word of them.
      method: that is to find them.

    Raises:
      ConfigError: (also a ValueError) there are none, they are something else, one is there twice,
        or variables are not what the method finds.
    """
    if parameters is None:
        return [], []
    is_one = isinstance(parameters, str | tf.Variable) or not isinstance(parameters, Iterable)
    some = [parameters] if is_one else list(parameters)
    if not all(isinstance(p, str | tf.Variable) for p in some):
        raise ConfigError(
            "fit: parameters must be names 'variable.field' or tf.Variables of the story, got "
            f"{parameters!r}"
        )
    if not some:
        raise ConfigError(
            "fit: parameters must name at least one, got none; leave them out for all that is "
            "drawn and not in the logs"
        )
    names = [p for p in some if isinstance(p, str)]
    variables = [p for p in some if not isinstance(p, str)]
    twice = sorted({n for n in names if names.count(n) > 1})
    twice += [v.name for i, v in enumerate(variables) if any(v is w for w in variables[:i])]
    if twice:
        raise ConfigError(f"fit: parameters must be different ones, got {twice} more than once")
    if variables and method not in _TRAINING:
        raise ConfigError(
            f"fit: method '{method}' infers what is drawn, got {len(variables)} variables as "
            "parameters; give them a prior in the story, or use 'mle' or 'em'"
        )
    whole = [f"{v.name} of {v.dtype.name}" for v in variables if not v.dtype.is_floating]
    if whole:
        raise ConfigError(
            f"fit: variables that are trained must hold real numbers, got {whole}; make them "
            "float32, or leave them out"
        )
    return names, variables
