"""Discrete unknowns: few values each, their number, and the terms of the density they enter."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.errors import DataError
from recsim_ng.core.network import Network
from recsim_ng.core.value import Value
from recsim_ng.inference.blocks import Blocks
from recsim_ng.inference.completion import filled, with_filled
from recsim_ng.inference.conditioned import conditioned, plain
from recsim_ng.inference.replay import Observed
from recsim_ng.inference.score import log_probs
from recsim_ng.inference.target import Target
from recsim_ng.inference.unknown import with_unknowns

tfd = tfp.distributions
_LEAST = -1e4  # what an impossible draw counts, so that a chain can walk out of where it is one


class DiscreteTarget:
    """log p(unknowns, logs) of unknowns with few values each, draw by draw.

    The unknowns' elements side by side are a code, `[N]` int32 of numbers 0, 1, ..., of which
    element i has `num_values[i]`. The density is a sum over draws, the terms:

        log p(code, logs) = sum_m term_m(code)

    Args:
      target: the story, the logs and the unknowns.

    Raises:
      DataError: (also a ValueError) nothing is unknown, or an unknown is neither a Bernoulli nor a
        Categorical draw.
    """

    def __init__(self, target: Target) -> None:
        if not target.unknowns:
            raise DataError(
                "DiscreteTarget: the story must draw something that the logs do not hold, got logs "
                "of all; leave out what is to be inferred"
            )
        self.target = target
        self._whole = Blocks(target.network, target.unknowns, [u.shape for u in target.unknowns])
        laws = _laws(target.network, target.given)
        self._sizes = [_num_values(u.name, laws[u.name]) for u in target.unknowns]

    @property
    def size(self) -> int:
        """N, how many elements there are."""
        return self._whole.size

    @property
    def num_values(self) -> np.ndarray:
        """`[N]` int32, how many values each element may have."""
        shapes = [u.shape for u in self.target.unknowns]
        parts = [np.full(s, n, np.int32) for s, n in zip(shapes, self._sizes, strict=True)]
        return np.concatenate([part.ravel() for part in parts])

    def values(self, codes: Any) -> list[Any]:
        """Returns the unknowns, each `[..., *its shape]` in its dtype.

        Args:
          codes: `[..., N]` int32.
        """
        parts = self._whole.unpack(tf.convert_to_tensor(codes)[..., None, :])
        return [tf.cast(x, u.dtype) for x, u in zip(parts, self.target.unknowns, strict=True)]

    def terms(self, codes: Any) -> tuple[Any, Any]:
        """Returns the log-probabilities of all draws, none below -10,000.

        Args:
          codes: `[C, N]` int32.

        Returns:
          `[C, M]` float32 of the unknowns' own draws, `[C, K]` of the draws that the logs hold.
        """
        own = {u.name for u in self.target.unknowns}

        def known_of(values: Any) -> Observed:
            return with_unknowns(self.target.given, self.target.unknowns, values)

        def of_one(each: tuple[Any, Any]) -> tuple[Any, Any]:
            values, found = each
            known = with_filled(known_of(values), found)
            parts: dict[bool, list[Any]] = {True: [tf.zeros([0])], False: [tf.zeros([0])]}
            for variable, value in log_probs(self.target.network, known).items():
                for field, x in value.as_dict.items():
                    flat = tf.reshape(tf.cast(x, tf.float32), [-1])
                    parts[f"{variable}.{field}" in own].append(flat)
            return tf.concat(parts[True], axis=0), tf.concat(parts[False], axis=0)

        values = tf.vectorized_map(self.values, codes, fallback_to_while_loop=False)
        each = (values, filled(self.target.network, known_of, values))
        found = tf.vectorized_map(of_one, each, fallback_to_while_loop=False)
        return tuple(tf.where(x > _LEAST, x, _LEAST) for x in found)  # type: ignore[return-value]


def _laws(network: Network, given: Observed) -> dict[str, Any]:
    """Name of an unknown -> the law of its draw, at the first step at which it is drawn."""
    found: dict[str, Any] = {}
    current: dict[str, Value] = {}
    previous: dict[str, Value] = {}
    for step, which in enumerate(("initial_value", "value")[: given.length]):
        known = given.at(step) if step else given.at_first()
        static = {v.name for v in network.variables if v.is_static}
        previous, current = current, {n: x for n, x in current.items() if n in static}
        for variable in network.order(which):
            name, definition = variable.name, getattr(variable, which)
            if definition is None:
                continue
            mine = known[name].as_dict if name in known else {}
            made = conditioned(network, variable, definition, current, previous, mine)
            current[name] = made.value.map(plain)
            for field, site in made.latent.items():
                found.setdefault(f"{name}.{field}", site.distribution)
    return found


def _num_values(name: str, law: Any) -> int:
    kind = type(law).__name__
    while isinstance(law, tfd.Independent | tfd.Sample):
        law = law.distribution
    if isinstance(law, tfd.Bernoulli):
        return 2
    if isinstance(law, tfd.Categorical):
        parameter = law.logits if law.logits is not None else law.probs
        return int(parameter.shape[-1])
    raise DataError(
        f"DiscreteTarget: every unknown must be a Bernoulli or a Categorical draw, got {name}, a "
        f"{kind}; put it into the logs, or fit it by another method"
    )
