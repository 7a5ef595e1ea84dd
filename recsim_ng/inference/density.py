"""A target's density over packed points, in independent blocks, for any logs of one form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import DataError
from recsim_ng.core.value import Value
from recsim_ng.inference.blocks import Blocks, block_axes
from recsim_ng.inference.gradient import with_gradient
from recsim_ng.inference.score import log_probs
from recsim_ng.inference.target import Target
from recsim_ng.inference.unknown import with_unknowns

Of = Literal["real line", "unknowns", "logs"]


class Density:
    """log p(z | logs) over points z `[B, n]`, which falls into B independent blocks.

    Sharpness s between 0 and 1 leads from the prior to the posterior, block by block:

        log p_s(z) = log p(x) + log |det dx/dz| + s log p(logs | x),            x = b(z)

    Blocks are cut along an axis that all unknowns have in their specs ("user"), if no block's term
    changes where others' unknowns do. That is tried at draws of the prior, to the bit.

    Args:
      target: of unknowns that are all continuous.
      points: for each unknown `[2 or more, ...]` points of finite density, on the real line.
    """

    def __init__(self, target: Target, points: Sequence[Any]) -> None:
        self._target = target
        self._batches: dict[tuple[int, Of], Callable[..., Any]] = {}
        self._likelihoods: dict[int, Callable[..., Any]] = {}
        shapes = target.unconstrained_shapes()
        self.blocks = Blocks(target.network, target.unknowns, shapes)
        for axis in block_axes(target.network, target.unknowns):
            whole, self.blocks = self.blocks, Blocks(target.network, target.unknowns, shapes, axis)
            if self._are_independent(self.blocks.pack(points)[:2]):
                return
            self.blocks = whole

    @property
    def target(self) -> Target:
        """That it is the density of."""
        return self._target

    @property
    def shape(self) -> tuple[int, int]:
        """(B, n): blocks, and numbers in each."""
        return self.blocks.count, self.blocks.size

    def data(self, target: Target | None = None) -> list[Any]:
        """Returns the logs as tensors, which are arguments of the functions below.

        Args:
          target: of logs of the same form; None: this density's.
        """
        return (target or self._target).data()

    def batch(self, count: int, of: Of = "real line") -> Callable[..., Any]:
        """Returns a function of (z `[C, B, n]`, sharpness `[B]`, *data): `[C, B]` log densities.

        Gradients reach z alone.

        Args:
          count: C.
          of: "real line": the density of z; "unknowns": that of the unknowns x, without the
            Jacobian, still as a function of z; "logs": without the prior too, the likelihood.
        """
        key = count, of
        if key not in self._batches:
            points = tf.TensorSpec([count, *self.shape], tf.float32)
            sharpness = tf.TensorSpec([self.blocks.count], tf.float32)

            def tempered(z: Any, sharpness: Any, *data: Any) -> Any:
                prior, jacobian, likelihood = self._parts(z, data)
                likelihood = tf.where(sharpness > 0.0, sharpness * likelihood, 0.0)
                if of == "logs":
                    return likelihood
                return likelihood + (prior + jacobian if of == "real line" else prior)

            self._batches[key] = with_gradient(
                tempered, points, sharpness, *self._data_specs(), wrt=1
            )
        return self._batches[key]

    def likelihood(self, count: int) -> Callable[..., Any]:
        """Returns a function of (z `[C, B, n]`, *data): `[C, B]` log p(logs | x).

        Args:
          count: C.
        """
        if count not in self._likelihoods:
            points = tf.TensorSpec([count, *self.shape], tf.float32)
            self._likelihoods[count] = tf.function(
                lambda z, *data: self._parts(z, data)[2],
                input_signature=[points, *self._data_specs()],
                autograph=False,
            )
        return self._likelihoods[count]

    def log_joint(self, z: Any, data: Sequence[Any]) -> Any:
        """Returns `[C]` log p(x, logs), with gradients to all that the story reads.

        Args:
          z: `[C, B, n]`.
          data: the logs.
        """
        prior, _, likelihood = self._parts(z, data)
        return tf.reduce_sum(prior + likelihood, axis=-1)

    def _data_specs(self) -> list[tf.TensorSpec]:
        return [tf.TensorSpec(x.shape, x.dtype) for x in self.data()]

    def _parts(self, z: Any, data: Sequence[Any]) -> tuple[Any, Any, Any]:
        """`[C, B]` of the prior, of the Jacobian and of the likelihood."""
        given = self._target.given_of(data)

        def of(z: Any) -> tuple[Any, Any, Any]:
            target, parts = self._target, self.blocks.unpack(z)
            known = with_unknowns(given, target.unknowns, target.constrain(parts))
            scores = log_probs(target.network, known)
            prior: dict[str, Value] = {}
            for name in {u.variable for u in target.unknowns}:
                mine = [u.field for u in target.unknowns if u.variable == name]
                prior[name] = scores[name].at(*mine)
                rest = [field for field in scores[name].as_dict if field not in mine]
                scores[name] = scores[name].at(*rest)
            moved = self.blocks.jacobians(target.unknowns, parts)
            return self.blocks.terms(prior), moved, self.blocks.terms(scores)

        return tf.vectorized_map(of, z, fallback_to_while_loop=False)

    def _are_independent(self, z: Any) -> bool:
        """Whether blocks' terms at mixtures of two points are what they are at the points."""
        count = self.blocks.count
        masks = [np.arange(count) % 2 == 0, np.random.default_rng(0).random(count) < 0.5]
        mixed = [tf.where(m[:, None], z[0], z[1]) for m in masks]
        of = tf.function(lambda z: self._parts(z, self.data()), jit_compile=True, autograph=False)
        for found in of(tf.stack([z[0], z[1], *mixed])):
            ends, between = found[:2].numpy(), found[2:].numpy()
            for mask, at in zip(masks, between, strict=True):
                if not np.array_equal(at, np.where(mask, ends[0], ends[1])):
                    return False
        return True


def require_form(like: Target, target: Target) -> None:
    """Requires logs of the form of others, for which programs were compiled.

    Args:
      like: a target of these others.
      target: of the same story.

    Raises:
      DataError: (also a ValueError) other fields are missing, or shapes differ.
    """
    mine, other = _form_of(like), _form_of(target)
    if mine != other:
        differing = sorted({*mine} ^ {*other}) or sorted(k for k in mine if mine[k] != other[k])
        raise DataError(
            "fit: logs must be of the form that the fitter was made with, they differ in "
            f"{differing}; make a Fitter for these"
        )


def _form_of(target: Target) -> dict[str, Any]:
    form: dict[str, Any] = {"length": target.given.length}
    form |= {u.name: (u.when, u.shape) for u in target.unknowns}
    for kind, part in (("moving", target.given.moving), ("static", target.given.static)):
        for name, value in part.items():
            for field, x in value.as_dict.items():
                form[f"{name}.{field} ({kind})"] = (tuple(x.shape), x.dtype)
    return form
