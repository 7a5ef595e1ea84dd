"""Supports: what must hold of the laws of unknowns for them to be put on the real line."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import DataError
from recsim_ng.inference.target import Target
from recsim_ng.inference.unknown import find_unknowns

_PROBES = (-2.0, -0.3, 0.7, 2.1)
_SEEDS = (1, 2)


def require_fixed_supports(target: Target) -> None:
    """Requires that no unknown's support depends on another unknown.

    Supports are compared at draws of the prior.

    Args:
      target: of unknowns that are all continuous.

    Raises:
      DataError: (also a ValueError) one's support does.
    """
    for seed in _SEEDS:
        others = {u.name: u for u in find_unknowns(target.network, target.given, seed)}
        for unknown in target.unknowns:
            shape = unknown.bijector.inverse_event_shape(tf.TensorShape(unknown.shape))
            for probe in _PROBES:
                z = tf.fill(shape, tf.constant(probe, unknown.dtype))
                here, there = (
                    np.asarray(u.bijector.forward(z)) for u in (unknown, others[unknown.name])
                )
                if not np.allclose(here, there, rtol=1e-5, atol=1e-6):
                    raise DataError(
                        f"fit: the support of '{unknown.name}' must not depend on what is unknown, "
                        f"got bounds that differ from one draw of the prior to the next; draw "
                        "it with fixed bounds and shift or scale it afterwards"
                    )


def at_the_edge(target: Target, x: list[np.ndarray], z: list[np.ndarray]) -> list[str]:
    """Returns the names of unknowns that have run into the edge of their support.

    There the bijector from the real line is all but constant: a step of one on it moves the unknown
    by less than a millionth, of itself or of one, whichever is greater.

    Args:
      target: of the unknowns.
      x: for each unknown its value.
      z: the same on the real line.
    """
    found = []
    for unknown, value, at in zip(target.unknowns, x, z, strict=True):
        ahead = np.asarray(unknown.bijector.forward(tf.constant(at) + 1.0))
        behind = np.asarray(unknown.bijector.forward(tf.constant(at) - 1.0))
        least = 1e-6 * np.maximum(np.abs(value), 1.0)
        if np.any(np.abs(ahead - value) < least) or np.any(np.abs(behind - value) < least):
            found.append(unknown.name)
    return found
