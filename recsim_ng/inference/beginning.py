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

_NUM_SEEDS = 16  # a fair coin comes up alike under all of them with probability 3e-5
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
    unlike = {f: x for f, x in _beginning(target, 0).items() if _differ(x, _held(target, f))}
    for seed in range(1, _NUM_SEEDS):
        if not unlike:
            return None
        # What follows from an unknown is as the unknown happens to be drawn.
        other = _beginning(target, seed)
        unlike = {f: x for f, x in unlike.items() if not _differ(x, other[f])}
    return ".".join(next(iter(unlike)))


def _held(target: Target, field: tuple[str, str]) -> Any:
    return target.given.at_first()[field[0]].get(field[1])


def _beginning(target: Target, seed: int) -> dict[tuple[str, str], Any]:
    """What the story begins with, of fields that it does not draw and that logs hold."""
    network, first = target.network, target.given.at_first()
    current: dict[str, Value] = {}
    found: dict[tuple[str, str], Any] = {}
    for variable in network.order("initial_value"):
        definition, name = variable.initial_value, variable.name
        if definition is None:
            continue
        held = first[name].as_dict if name in first else {}
        own = conditioned(network, variable, definition, current, {}, {}, seed).value
        made = conditioned(network, variable, definition, current, {}, held, seed)
        current[name] = made.value
        if name in target.given.moving:
            undrawn = [field for field in held if field not in made.log_probs]
            found |= {(name, field): plain(own.get(field)) for field in undrawn}
    return found


def _differ(x: Any, y: Any) -> bool:
    if not tf.is_tensor(x) or x.shape != y.shape:
        return False
    x, y = np.asarray(x), np.asarray(y)
    if not np.issubdtype(x.dtype, np.number):
        return bool(np.any(x != y))
    return bool(np.any(np.abs(x - y) > _ROUNDING * np.maximum(np.abs(x), 1.0)))
