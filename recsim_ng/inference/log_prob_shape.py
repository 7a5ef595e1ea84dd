"""Shapes of log-probabilities, which must be the same at all steps to be a variable's fields."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core.edward2 import is_random_variable
from recsim_ng.core.network import Network, NetworkValue
from recsim_ng.core.site import Seed
from recsim_ng.inference.conditioned import plain

Shapes = dict[str, tuple[int, ...]]
_SEED = 0


def log_prob_shapes(network: Network) -> dict[str, Shapes]:
    """Returns the shape that the log-probability of each field has at all steps.

    It is that of the draw, a scalar for what is never drawn, and for what is drawn in one shape at
    first and in another later. The network is traced, not run.

    Args:
      network: the story.

    Returns:
      variable name -> field -> shape.
    """
    found: dict[str, list[dict[str, Any]]] = {v.name: [] for v in network.variables}

    def keep(values: NetworkValue) -> None:
        for name, value in values.items():
            found[name].append({f: _shape(x) for f, x in value.as_dict.items()})

    def trace() -> None:
        with Seed(_SEED):
            first = network.initial_step()
            keep(first)
            keep(network.step({name: value.map(plain) for name, value in first.items()}))

    tf.function(trace, autograph=False).get_concrete_function()
    return {name: _agreed(*shapes) for name, shapes in found.items()}


def _shape(x: Any) -> Any:
    if not is_random_variable(x):
        return None
    shape = tf.TensorShape(x.sample_shape).concatenate(x.distribution.batch_shape)
    return tuple(shape.as_list()) if shape.is_fully_defined() else ()


def _agreed(first: dict[str, Any], later: dict[str, Any]) -> Shapes:
    agreed = {}
    for field, shape in first.items():
        shapes = {s for s in (shape, later[field]) if s is not None}
        agreed[field] = shapes.pop() if len(shapes) == 1 else ()
    return agreed


def of_shape(shape: tuple[int, ...], log_prob: Any) -> Any:
    """Returns a log-probability in its shape at all steps.

    Args:
      shape: as `log_prob_shapes` says.
      log_prob: `[...]`, or None for what is not drawn at this step.
    """
    if log_prob is None:
        return tf.zeros(shape)
    return tf.reduce_sum(log_prob) if shape == () else log_prob
