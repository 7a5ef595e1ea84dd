"""Finding the first NaN or infinity of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import NonFiniteError
from recsim_ng.core.value import Value

NEVER = np.iinfo(np.int32).max


def float_fields(value: Mapping[str, Value]) -> list[tuple[str, str, Any]]:
    """The floating-point tensors of a network value: (variable, field, tensor).

    Args:
      value: variable name -> Value of tensors.
    """
    return [
        (name, field, x)
        for name, v in value.items()
        for field, x in v.as_dict.items()
        if tf.is_tensor(x) and x.dtype.is_floating
    ]


def first_steps(value: Mapping[str, Value], step: Any) -> Any:
    """For each floating-point field, the step if it is not finite there, else `NEVER`.

    Args:
      value: variable name -> Value of tensors.
      step: int32 scalar.

    Returns:
      `[number of floating-point fields]` int32.
    """
    steps = [
        tf.where(tf.reduce_all(tf.math.is_finite(x)), NEVER, step)
        for _, _, x in float_fields(value)
    ]
    return tf.stack(steps) if steps else tf.zeros([0], tf.int32)


def raise_if_any(names: list[tuple[str, str]], steps: Any) -> None:
    """Raises if a field was not finite at some step.

    Args:
      names: (variable, field) in the network's order.
      steps: as `first_steps` gives them, the least over time.

    Raises:
      NonFiniteError: (also an ArithmeticError) names the first variable, field and step.
    """
    steps = np.asarray(steps)
    if steps.size == 0 or steps.min() == NEVER:
        return
    first = int(steps.min())
    variable, field = names[int(np.argmax(steps == first))]
    raise NonFiniteError(
        f"variable '{variable}', field '{field}', step {first}: must be finite, got NaN or "
        "infinity; look at its behaviour and at the values that it reads at this step"
    )
