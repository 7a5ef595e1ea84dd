"""Forms of logs: the shapes and types that a story's fields have, which its logs must have too.

Without this a log of the wrong shape would be broadcast to that of a draw, and count many times.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import FieldError
from recsim_ng.core.field_spec import FieldSpec
from recsim_ng.core.network import Network
from recsim_ng.core.site import Seed
from recsim_ng.core.value import Value
from recsim_ng.inference.conditioned import plain
from recsim_ng.inference.replay import Observed

Values = dict[str, Value]
_SEED = 0


class _Form(NamedTuple):
    shape: Any  # at each step, a TensorShape
    dtype: tf.DType


def as_drawn(network: Network, given: Observed) -> Observed:
    """Returns logs in the types of the story's fields, whose shapes they must have.

    The story is evaluated at its first two steps, with what the logs hold in its place. Numbers of
    another type are taken where the story's can hold them.

    Args:
      network: the story.
      given: the logs.

    Raises:
      FieldError: (also a ValueError) a field has another shape, or numbers that the story's type
        cannot hold.
    """
    cast: dict[tuple[str, str], Any] = {}
    current = _step(network, "initial_value", given, {}, {}, cast)
    if given.length > 1:
        previous = {name: value.map(plain) for name, value in current.items()}
        static = {v.name: current[v.name] for v in network.variables if v.is_static}
        _step(network, "value", given, previous, static, cast)
    return given._replace(moving=_put(given.moving, cast), static=_put(given.static, cast))


def as_before(given: Observed, before: Observed) -> Observed:
    """Returns logs in the types of other logs.

    Args:
      given: the logs.
      before: of the same fields.

    Raises:
      FieldError: (also a ValueError) a field has numbers that the other type cannot hold.
    """
    cast = {}
    for part, other, has_time in (
        (given.moving, before.moving, True),
        (given.static, before.static, False),
    ):
        for name in {*part} & {*other}:
            for field, x in part[name].as_dict.items():
                if field in other[name].as_dict:
                    like = other[name].get(field)
                    form = _Form(like.shape[1:] if has_time else like.shape, like.dtype)
                    cast[name, field] = _fitting(name, field, x, form, has_time)
    return given._replace(moving=_put(given.moving, cast), static=_put(given.static, cast))


def _step(
    network: Network,
    which: str,
    given: Observed,
    previous: Values,
    constant: Values,
    cast: dict[tuple[str, str], Any],
) -> Values:
    """The values of a step, as observed where they were; what is observed goes into `cast`."""
    current = dict(constant)
    step = 0 if which == "initial_value" else 1
    for variable in network.order(which):
        definition, name = getattr(variable, which), variable.name
        if definition is None or name in constant:
            continue
        with Seed(_SEED, step):
            made = network.evaluate(variable, definition, current, previous).as_dict
        for values, has_time in ((given.moving, True), (given.static, False)):
            for field, x in values[name].as_dict.items() if name in values else ():
                form = _form(variable.spec.get(field), plain(made[field]))
                if form is None:
                    continue
                if (name, field) not in cast:
                    cast[name, field] = _fitting(name, field, x, form, has_time)
                fitting = cast[name, field]
                made[field] = fitting[step] if has_time else fitting
        current[name] = Value(**made)
    return current


def _form(spec: FieldSpec, x: Any) -> _Form | None:
    """A field's form at all steps; None where it is a Python number or no tensor."""
    spec = spec.fresh()
    if not isinstance(x, tf.Tensor) or not spec.check_value(x)[0] or spec.invariant() is None:
        return None
    return _Form(spec.invariant(), x.dtype)


def _fitting(name: str, field: str, x: Any, form: _Form, has_time: bool) -> Any:
    shape = x.shape[1:] if has_time else x.shape
    if not form.shape.is_compatible_with(shape):
        steps = " at each step" if has_time else ""
        raise FieldError(
            f"variable '{name}', field '{field}': logs must have the shape of what the story "
            f"makes{steps}, expected {form.shape}, got {shape}"
            + ("; the time axis comes first, then those of a step" if has_time else "")
        )
    if x.dtype == form.dtype:
        return x
    found = _converted(x, form.dtype)
    if found is None:
        raise FieldError(
            f"variable '{name}', field '{field}': logs must be what the story's {form.dtype.name} "
            f"can hold, got {x.dtype.name}; convert them"
        )
    return found


def _converted(x: Any, dtype: tf.DType) -> Any:
    """The numbers in another type; None where it cannot hold them."""
    kinds = [t.is_floating or t.is_integer or t.is_bool for t in (x.dtype, dtype)]
    if not all(kinds):
        return None
    before = np.asarray(x)
    with np.errstate(all="ignore"):
        after = before.astype(dtype.as_numpy_dtype)
        if dtype.is_floating:
            is_held = np.all(np.isfinite(after) | ~np.isfinite(before))
        else:
            is_held = np.all(after == before)
    return tf.constant(after) if is_held else None


def _put(values: Values, cast: dict[tuple[str, str], Any]) -> Values:
    return {
        name: Value(**{f: cast.get((name, f), x) for f, x in value.as_dict.items()})
        for name, value in values.items()
    }
