"""Beginnings: whether logs begin where their story does."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import DataError
from recsim_ng.core.value import Value
from recsim_ng.inference.completion import missing, settled_after
from recsim_ng.inference.conditioned import conditioned, plain
from recsim_ng.inference.replay import Observed
from recsim_ng.inference.target import Target

_ROUNDING = 1e-3  # relative to the greater of the number and 1


def require_whole_beginning(target: Target) -> None:
    """Requires all that a story carries on, of logs that begin in the middle of a run.

    Logs may begin at any step: what they hold of their first one is taken as given, where the story
    does not draw it. Then what they lack cannot be what the story has at its own first step.

    Args:
      target: of the logs.

    Raises:
      DataError: (also a ValueError) the logs differ from the story's beginning in a field that is
        not drawn, and lack another that a later step reads.
    """
    unlike = _unlike(target)
    if not unlike:
        return
    known = target.with_unknowns([tf.zeros(u.shape, u.dtype) for u in target.unknowns])
    lacking = [".".join(field) for field in missing(target.network, known)]
    if lacking:
        raise DataError(
            f"fit: logs that begin in the middle of a run (their first '{unlike}' is not the "
            f"story's) must hold all that it carries on, got none of {lacking}; log them too, or "
            "begin at the run's first step"
        )


def first_whole_step(target: Target, known: Observed) -> tuple[int, list[str]]:
    """Returns from which step on logs and parameters say all that a story carries on.

    Of logs that begin where their story does, or hold all that it carries on, it is step 0. Else
    what they lack is known as soon as it follows from earlier steps of theirs.

    Args:
      target: of the logs.
      known: the logs, completed by the unknowns.

    Returns:
      (the step, "variable.field" of what is not known before).

    Raises:
      DataError: (also a ValueError) there is no such step.
    """
    unlike = _unlike(target)
    lacking = [".".join(field) for field in missing(target.network, known)] if unlike else []
    if not lacking:
        return 0, []
    step = settled_after(target.network, known) if known.length > 1 else None
    if step is None or step >= known.length:
        raise DataError(
            "held-out logs: logs that begin in the middle of a run (their first "
            f"'{unlike}' is not the story's) must hold all that it carries on, got none of "
            f"{lacking}, which do not follow from later steps; log them too, or begin at the run's "
            "first step"
        )
    return step, lacking


def _unlike(target: Target) -> str | None:
    """The first field that the story does not draw and that begins otherwise in the logs."""
    network, first = target.network, target.given.at_first()
    current: dict[str, Value] = {}
    for variable in network.order("initial_value"):
        definition = variable.initial_value
        if definition is None:
            continue
        held = first[variable.name].as_dict if variable.name in first else {}
        own = conditioned(network, variable, definition, current, {}, {}).value
        made = conditioned(network, variable, definition, current, {}, held)
        current[variable.name] = made.value
        if variable.name not in target.given.moving:
            continue
        for field, x in held.items():
            if field not in made.log_probs and _differ(plain(own.get(field)), x):
                return f"{variable.name}.{field}"
    return None


def _differ(x: Any, y: Any) -> bool:
    if not tf.is_tensor(x) or x.shape != y.shape:
        return False
    x, y = np.asarray(x), np.asarray(y)
    if not np.issubdtype(x.dtype, np.number):
        return bool(np.any(x != y))
    return bool(np.any(np.abs(x - y) > _ROUNDING * np.maximum(np.abs(x), 1.0)))
