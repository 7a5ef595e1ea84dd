"""What of a moment must be carried to the next, and what never changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import NetworkError
from recsim_ng.core.network import NetworkValue
from recsim_ng.core.value import Value
from recsim_ng.runtime.environment_world import World

Place = tuple[str, str]  # (variable, field)

_OUTSIDE = -1  # in place of an input's index


@dataclasses.dataclass(frozen=True)
class Flow:
    """What flows from moment to moment, as the graph of one step shows.

    Attributes:
      carried: the fields that what is shown depends on, now or later, and that change; sorted.
      constant: the fields that are the same at all times, whatever the seed and the actions, with
        their values.
      shown: shape and type of what is shown, by keys.
    """

    carried: tuple[Place, ...]
    constant: Mapping[Place, np.ndarray]
    shown: Mapping[str, tf.TensorSpec]


def flow_of(
    world: World,
    actions: Mapping[str, tf.TensorSpec],
    shown: Callable[[NetworkValue, Mapping[Place, Any], Any], dict[str, Any]],
) -> Flow:
    """Traces one step, and finds what it needs.

    Args:
      world: the story.
      actions: variable name -> shape and type of the action on it.
      shown: (moment, laws, its step) -> what is shown of a moment, tensors by keys.

    Returns:
      The flow.

    Raises:
      NetworkError: (also a ValueError) a field does not keep its shape and type.
    """
    places = [(v, f) for v, value in world.shapes.items() for f in value.as_dict]
    words = tf.TensorSpec([2], tf.uint32)

    @tf.function(autograph=False)
    def first(words: Any) -> list[Any]:
        return flat(world.first(words), places)

    @tf.function(autograph=False)
    def following(words: Any, step: Any, moment: list[Any], actions: Any) -> Any:
        found, laws = world.following(words, step, unflat(world, moment, places), actions)
        # Identities, so that each output is a tensor of its own.
        moment = [tf.identity(x) for x in flat(found, places)]
        return moment, {key: tf.identity(x) for key, x in shown(found, laws, step + 1).items()}

    specs = [world.shapes[v].get(f) for v, f in places]
    traced_first = first.get_concrete_function(words)
    traced = following.get_concrete_function(
        words, tf.TensorSpec([], tf.int32), specs, dict(actions)
    )
    for (v, f), spec, x in zip(places, specs, traced.structured_outputs[0], strict=True):
        if x.shape.as_list() != spec.shape.as_list() or x.dtype != spec.dtype:
            raise NetworkError(
                f"World: every field must keep its shape and type, got '{v}', field '{f}', of "
                f"{spec.dtype.name} of {spec.shape} at first and {x.dtype.name} of {x.shape} later"
            )
    count = len(places)
    # The order of a concrete function's inputs is that of tf.nest: words, step, moment, actions.
    inputs = {x.name: i for i, x in enumerate(traced.inputs[: 2 + count + len(actions)])}
    outputs = traced.outputs
    reached = [_reached(x, inputs) for x in outputs]
    reads = [{places[i - 2] for i in found if 2 <= i < 2 + count} for found in reached]
    # Neither the moment before: the seed, the step, an action, or what is from outside.
    others = [any(i < 2 or i >= 2 + count for i in found) for found in reached]

    seeds = {x.name: i for i, x in enumerate(traced_first.inputs[:1])}
    candidates = {
        place
        for place, x in zip(places, traced_first.outputs, strict=True)
        if not _reached(x, seeds) and place[0] not in world.after
    }
    beginning = [np.asarray(x) for x in traced_first(tf.zeros([2], tf.uint32))]
    zeros = {name: tf.zeros(spec.shape, spec.dtype) for name, spec in actions.items()}
    next_values, _ = traced(
        tf.zeros([2], tf.uint32),
        tf.constant(0),
        [tf.convert_to_tensor(x) for x in beginning],
        zeros,
    )
    for i, place in enumerate(places):
        same = np.array_equal(
            beginning[i], np.asarray(next_values[i]), equal_nan=_is_float(specs[i])
        )
        if others[i] or not same:
            candidates.discard(place)
    while True:  # what depends on something that changes may change
        changing = {p for i, p in enumerate(places) if p in candidates and reads[i] - candidates}
        if not changing:
            break
        candidates -= changing
    constant = {p: beginning[i] for i, p in enumerate(places) if p in candidates}

    index = {p: i for i, p in enumerate(places)}
    needed: set[Place] = set()
    left = [p for found in reads[count:] for p in found]
    while left:
        place = left.pop()
        if place not in needed:
            needed.add(place)
            left.extend(reads[index[place]])
    specs_shown = {
        key: tf.TensorSpec(x.shape, x.dtype) for key, x in traced.structured_outputs[1].items()
    }
    return Flow(tuple(sorted(needed - set(constant))), constant, specs_shown)


def flat(moment: NetworkValue, places: Any) -> list[Any]:
    """Returns the fields at places.

    Args:
      moment: variable name -> Value.
      places: (variable, field) pairs.
    """
    return [moment[v].get(f) for v, f in places]


def unflat(world: World, fields: Any, places: Any) -> NetworkValue:
    """Returns the moment whose fields at the places are these.

    Args:
      world: the story.
      fields: in the order of the places.
      places: (variable, field) pairs.
    """
    found: dict[str, dict[str, Any]] = {v: {} for v in world.shapes}
    for (v, f), x in zip(places, fields, strict=True):
        found[v][f] = x
    return {v: Value(**named) for v, named in found.items()}


def _is_float(spec: Any) -> bool:
    return bool(spec.dtype.is_floating)


def _reached(tensor: Any, inputs: Mapping[str, int]) -> set[int]:
    """The inputs from which there is a way to a tensor."""
    found: set[int] = set()
    seen: set[str] = set()
    left = [tensor]
    while left:
        x = left.pop()
        if x.name in inputs:
            found.add(inputs[x.name])
        elif x.name not in seen:
            seen.add(x.name)
            left.extend(x.op.inputs)
            if _is_from_outside(x.op):
                found.add(_OUTSIDE)
    return found


def _is_from_outside(op: Any) -> bool:
    """Whether it gives what is no function of the inputs: captured variables, unkeyed chance."""
    if op.type in ("Placeholder", "ReadVariableOp", "PyFunc", "EagerPyFunc"):
        return op.type != "Placeholder" or op.outputs[0].dtype in (tf.resource, tf.variant)
    calls = ("StatefulPartitionedCall", "StatelessWhile", "While", "If", "StatelessIf")
    return bool(op.op_def.is_stateful) and op.type not in calls
