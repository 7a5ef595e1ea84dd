"""Posterior predictive simulations: what a story would have shown, its unknowns being as fitted."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.given import Condition
from recsim_ng.core.network import Network
from recsim_ng.core.site import Record, Seed
from recsim_ng.core.value import Value
from recsim_ng.core.variable import ValueDef, Variable
from recsim_ng.inference.along import network_along
from recsim_ng.inference.conditioned import sites_of_fields
from recsim_ng.inference.target import Target
from recsim_ng.inference.unknown import with_unknowns
from recsim_ng.runtime import TFRuntime
from recsim_ng.runtime.runtime import selected_fields


class PosteriorPredictive:
    """Simulates what was observed, given the unknowns.

    The story runs as it is, but what is unknown is given where it is drawn; all else is drawn anew.
    All simulations are one compiled program.

    Args:
      target: that was fitted.
      held: variables or fields ("slate docs", "slate docs.doc_ranks") that are kept as the logs
        have them, and not simulated.

    Raises:
      FieldError: (also a ValueError) the story has no such variable or field.
    """

    def __init__(self, target: Target, held: Sequence[str] = ()) -> None:
        self._target = target
        kept = selected_fields(target.network, held) if held else {}
        given = target.given
        self._held = given._replace(
            moving=_selected(given.moving, kept), static=_selected(given.static, kept)
        )
        self._like = {
            (name, field): x
            for part in (given.moving, given.static)
            for name, value in part.items()
            for field, x in value.as_dict.items()
            if field not in kept.get(name, ())
        }
        self._run = tf.function(self._mapped, jit_compile=True, autograph=False)

    def simulate(self, x: Sequence[Any], words: Any) -> dict[str, np.ndarray]:
        """Returns "variable.field" -> `[N, ...]`, one simulation for each draw of the unknowns.

        Args:
          x: for each unknown `[N, ...]` values.
          words: `[2]` integers, the seed.
        """
        words = tf.cast(words, tf.int32)
        seeds = tf.random.experimental.stateless_split(words, int(x[0].shape[0]))
        found = self._run([tf.convert_to_tensor(part) for part in x], seeds)
        return {
            f"{name}.{field}": y.numpy() for (name, field), y in zip(self._like, found, strict=True)
        }

    def _mapped(self, x: list[Any], seeds: Any) -> list[Any]:
        specs = [tf.TensorSpec(y.shape, y.dtype) for y in self._like.values()]
        return tf.map_fn(
            lambda one: self._simulated(one[0], one[1]), (x, seeds), fn_output_signature=specs
        )

    def _simulated(self, x: list[Any], seed: Any) -> list[Any]:
        network, target = self._target.network, self._target
        given = with_unknowns(self._held, target.unknowns, x)
        record = [f"{name}.{field}" for name, field in self._like]
        runtime = TFRuntime(network_along(network, given, functools.partial(_given, network)))
        run = runtime.trajectory(given.length, seed=seed, record=record)
        return [
            tf.reshape(tf.cast(run.values_by_name[name].get(field), y.dtype), y.shape)
            for (name, field), y in self._like.items()
        ]


def _selected(values: dict[str, Value], kept: dict[str, list[str]]) -> dict[str, Value]:
    return {
        name: value.at(*[field for field in value.as_dict if field in kept[name]])
        for name, value in values.items()
        if kept.get(name)
    }


def _given(
    network: Network, variable: Variable, of: ValueDef, now: Any, before: Any, known: Any
) -> Value:
    """What a behaviour makes, its known fields given where they are drawn."""
    if not known:
        return network.evaluate(variable, of, now, before)
    with Seed(0), Record() as record:  # to see which draws the fields are
        drawn = network.evaluate(variable, of, now, before)
    sites = sites_of_fields(variable.name, drawn, record.sites.values())
    addresses = {site.address: known[f] for f, site in sites.items() if f in known}
    with Condition(addresses):
        found = network.evaluate(variable, of, now, before)
    fields = found.as_dict
    fields |= {f: x for f, x in known.items() if f in fields and f not in sites}
    return Value(**fields)
