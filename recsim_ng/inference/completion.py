"""Completion: fields that a log lacks, computed over time from what they depend on.

Where the missing fields follow from what is known, one after the other, each is computed for all
steps at once. Only where one depends on itself at the step before is it computed step by step.
"""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf

from recsim_ng.core.network import Network
from recsim_ng.core.value import Value
from recsim_ng.inference.conditioned import conditioned_step, plain
from recsim_ng.inference.recursion import Recursion
from recsim_ng.inference.replay import Observed, is_hidden, joined

Field = tuple[str, str]
Values = dict[str, Value]


def missing(network: Network, given: Observed) -> list[Field]:
    """Returns the (variable, field) that some behaviour reads of the step before and nobody knows.

    Args:
      network: the story.
      given: what is known.
    """
    held = joined(given.moving, given.static, given.later)
    found = []
    for variable in network.variables:
        name = variable.name
        if variable.is_static or name not in network.read_through_previous():
            continue
        known = held[name].as_dict if name in held else {}
        unknown = [(name, field) for field in variable.spec.as_dict if field not in known]
        # Bookkeeping alone, as a data variable's index, is not needed where the data are known.
        if not all(is_hidden(field) for _, field in unknown):
            found += unknown
    return found


def completed(network: Network, given: Observed) -> Observed:
    """Returns what is known, with all fields that are read of the step before.

    Nothing is left that is known from step 1 on only.

    Args:
      network: the story.
      given: what is known.

    Raises:
      DataError: (also a ValueError) something drawn is missing.
    """
    fields = missing(network, given)
    if given.length == 1 or not (fields or given.later):
        return given._replace(later={})
    given, current = _begun(network, given)
    if not fields:
        return given
    order = _order(network, given, current, fields)
    if order is None:
        whole = Recursion(network, lambda _: given, fields, is_mapped=False)
        return with_filled(given, whole.run([], given.length))
    for field in order:
        given = _at_all_steps(network, given, current, field)
    return given


def _begun(network: Network, given: Observed) -> tuple[Observed, Values]:
    """What is known, nothing of it from step 1 on only, and step 0."""
    current, _ = conditioned_step(network, "initial_value", given.at_first(), {}, {})
    current = {name: value.map(plain) for name, value in current.items()}
    whole = {
        name: Value(
            **{
                field: tf.concat([current[name].get(field)[None], x], axis=0)
                for field, x in value.as_dict.items()
            }
        )
        for name, value in given.later.items()
    }
    return given._replace(moving=joined(given.moving, whole), later={}), current


def _order(
    network: Network, given: Observed, current: Values, fields: list[Field]
) -> list[Field] | None:
    """The fields in an order in which each follows from those before it; None if there is none."""
    found = _parents(network, given, current, fields)
    try:
        return None if found is None else list(graphlib.TopologicalSorter(found).static_order())
    except graphlib.CycleError:
        return None


def settled_after(network: Network, given: Observed) -> int | None:
    """Returns the first step at which no missing field hangs on what it was at step 0.

    Args:
      network: the story.
      given: what is known, more than one step.

    Returns:
      The step, or None if there is none.

    Raises:
      DataError: (also a ValueError) something drawn is missing.
    """
    given, current = _begun(network, given)
    fields = missing(network, given)
    order = _order(network, given, current, fields)
    parents = _parents(network, given, current, fields)
    if order is None or parents is None:
        return None
    after: dict[Field, int] = {}
    for field in order:
        after[field] = 1 + max((after[p] for p in parents[field]), default=0)
    return max(after.values(), default=0)


def _parents(
    network: Network, given: Observed, current: Values, fields: list[Field]
) -> dict[Field, set[Field]] | None:
    """Of each field those of the step before that it depends on; None if one is no tensor."""
    if any(not tf.is_tensor(current[name].get(field)) for name, field in fields):
        return None
    found: dict[Field, set[Field]] = {}

    def trace(*before: Any) -> None:
        previous = _with(current, dict(zip(fields, before, strict=True)))
        constant = {v.name: current[v.name] for v in network.variables if v.is_static}
        now, _ = conditioned_step(network, "value", given.at(1), previous, constant)
        for name, field in fields:
            roots = _roots([plain(now[name].get(field))])
            found[name, field] = {
                f for f, x in zip(fields, before, strict=True) if id(x.op) in roots
            }

    specs = [tf.TensorSpec(x.shape, x.dtype) for x in (current[n].get(f) for n, f in fields)]
    tf.function(trace, autograph=False).get_concrete_function(*specs)
    return found


def _roots(tensors: Iterable[Any]) -> set[int]:
    """The ids of all operations that tensors are made by, directly or not."""
    seen: set[int] = set()
    stack = [x.op for x in tensors if isinstance(x, tf.Tensor) and hasattr(x, "op")]
    while stack:
        op = stack.pop()
        if id(op) not in seen:
            seen.add(id(op))
            stack += [x.op for x in op.inputs]
    return seen


def _with(values: Values, fields: dict[Field, Any]) -> Values:
    changed = {name: value.as_dict for name, value in values.items()}
    for (name, field), x in fields.items():
        changed[name] = {**changed[name], field: x}
    return {name: Value(**inner) for name, inner in changed.items()}


def _at_all_steps(network: Network, given: Observed, first: Values, field: Field) -> Observed:
    """Computes one field, which depends on none of the missing ones."""
    static = {v.name: first[v.name] for v in network.variables if v.is_static}
    constant = {n: x for n, x in given.static.items() if n not in static}

    def following(steps: tuple[Values, Values, Any]) -> Any:
        now, before = (joined(values, constant) for values in steps[:2])
        previous = _with(
            first, {(n, f): x for n, v in before.items() for f, x in v.as_dict.items()}
        )
        found, _ = conditioned_step(network, "value", now, previous, static)
        return plain(found[field[0]].get(field[1]))

    steps = (*given.pairs(), tf.range(1, given.length))
    later = tf.vectorized_map(following, steps, fallback_to_while_loop=False)
    whole = tf.concat([first[field[0]].get(field[1])[None], later], axis=0)
    return with_filled(given, {field[0]: Value(**{field[1]: whole})})


def filled(
    network: Network, known: Callable[[Sequence[Any]], Observed], completions: Sequence[Any]
) -> Values:
    """Returns what has to be computed step by step in many completions of a log.

    Where it is needed, it must be computed before the completions are mapped over, as `Recursion`
    says; `with_filled` puts it in its place there.

    Args:
      network: the story.
      known: tensors of one completion -> what is known of it.
      completions: these tensors, `[M, ...]` each.

    Returns:
      Variable name -> Value of `[M, T, ...]` fields; empty where none has to be.
    """
    example = known([x[0] for x in completions])
    if not missing(network, example):
        return {}
    given, current = _begun(network, example)
    fields = missing(network, given)
    if example.length == 1 or _order(network, given, current, fields) is not None:
        return {}
    # What is known from step 1 on only is carried too, rather than completed at every step.
    fields = missing(network, example._replace(later={}))
    return Recursion(network, known, fields, is_mapped=True).run(completions, example.length)


def with_filled(given: Observed, found: Values) -> Observed:
    """Returns what is known, together with fields of all steps that were found.

    Args:
      given: what is known.
      found: variable name -> Value of `[T, ...]` fields.
    """
    if not found:
        return given
    return given._replace(
        moving=joined(given.moving, found),
        later=_without(given.later, found),
        first=_without(given.first, found),
    )


def _without(values: Values, found: Values) -> Values:
    rest = {}
    for name, value in values.items():
        theirs = found[name].as_dict if name in found else {}
        fields = {field: x for field, x in value.as_dict.items() if field not in theirs}
        if fields:
            rest[name] = Value(**fields)
    return rest
