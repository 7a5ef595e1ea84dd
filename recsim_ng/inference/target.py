"""The joint density of unknowns and logs, on the real line."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import DataError
from recsim_ng.core.network import Network
from recsim_ng.core.trajectory import Trajectory
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.inference import replay
from recsim_ng.inference.blocks import Blocks
from recsim_ng.inference.completion import filled, with_filled
from recsim_ng.inference.log_form import as_before, as_drawn
from recsim_ng.inference.score import Score, log_probs, score_of, total_log_prob
from recsim_ng.inference.unknown import Unknown, find_unknowns, with_unknowns


class Target:
    """log p(unknowns, logs) as a function of unconstrained unknowns.

    With z the unknowns on the real line, x = b(z) their values in their laws' supports:

        log p(z | logs) + const = log p(b(z), logs) + log |det db/dz|

    Args:
      network: a Network, or its variables.
      logs: what was observed: variable name -> Value, time axis first.
      unknowns: names "variable.field" of those to be inferred, in any order; None: all that are
        drawn and not in the logs.

    Raises:
      DataError: (also a ValueError) the logs do not fit the story or hold NaN, one of the names is
        no unknown, or an unknown is not among the names.
      FieldError: (also a ValueError) a field of the logs has another shape than the story's, or
        numbers that the story's type cannot hold.
    """

    def __init__(
        self,
        network: Network | Sequence[Variable],
        logs: Trajectory | Mapping[str, Value],
        unknowns: Sequence[str] | None = None,
    ) -> None:
        self._network = network if isinstance(network, Network) else Network(network)
        self._given = as_drawn(self._network, replay.observed(self._network, logs))
        _require_numbers(self._given)
        self._unknowns = find_unknowns(self._network, self._given)
        if unknowns is not None:
            found, named = sorted(u.name for u in self._unknowns), sorted(unknowns)
            if found != named:
                raise DataError(
                    f"parameters: what the story draws and the logs do not hold is {found}, got "
                    f"{named}; name all of it, or put the rest into the logs"
                )

    def with_logs(self, logs: Trajectory | Mapping[str, Value]) -> Target:
        """Returns the target of other logs of the same form.

        Args:
          logs: with the same fields, of the same shapes.

        Raises:
          DataError: (also a ValueError) the logs are of another form, or hold NaN.
        """
        given = as_before(replay.observed(self._network, logs), self._given)
        mine, other = _form(self._given), _form(given)
        if mine != other:
            differing = sorted({*mine} ^ {*other}) or sorted(k for k in mine if mine[k] != other[k])
            raise DataError(
                "fit: logs must be of the form that the fitter was made with, they differ in "
                f"{differing}; make a Fitter for these"
            )
        _require_numbers(given)
        found = copy.copy(self)
        found._given = given
        return found

    @property
    def network(self) -> Network:
        """The story."""
        return self._network

    @property
    def given(self) -> replay.Observed:
        """What is known."""
        return self._given

    @property
    def unknowns(self) -> list[Unknown]:
        """What is not, in the story's order."""
        return self._unknowns

    def unconstrained_shapes(self) -> list[tuple[int, ...]]:
        """Returns the shape of each unknown on the real line."""
        return [
            tuple(u.bijector.inverse_event_shape(tf.TensorShape(u.shape)).as_list())
            for u in self._unknowns
        ]

    def constrain(self, z: Sequence[Any]) -> list[Any]:
        """Returns the unknowns' values in their supports.

        Args:
          z: on the real line.
        """
        return [u.bijector.forward(x) for u, x in zip(self._unknowns, z, strict=True)]

    def unconstrain(self, x: Sequence[Any]) -> list[Any]:
        """Returns the unknowns on the real line.

        Args:
          x: their values.
        """
        return [u.bijector.inverse(y) for u, y in zip(self._unknowns, x, strict=True)]

    def log_joint(self, x: Sequence[Any]) -> Any:
        """Returns log p(unknowns, logs), a scalar.

        Args:
          x: the unknowns' values, of their shapes.
        """
        return total_log_prob(log_probs(self._network, self.with_unknowns(x)).values())

    def with_unknowns(self, x: Sequence[Any]) -> replay.Observed:
        """Returns the logs, completed by the unknowns.

        Args:
          x: the unknowns' values, of their shapes.
        """
        return with_unknowns(self._given, self._unknowns, x)

    def data(self) -> list[Any]:
        """Returns the logs as a list of tensors."""
        return tf.nest.flatten(_structure(self._given))

    def given_of(self, data: Sequence[Any]) -> replay.Observed:
        """Returns logs out of such a list.

        Args:
          data: of the shapes and dtypes of `data()`.
        """
        moving, static = tf.nest.pack_sequence_as(_structure(self._given), list(data))
        return self._given._replace(moving=moving, static=static)

    def filled(self, given: replay.Observed, x: Sequence[Any]) -> dict[str, Value]:
        """Returns what `block_terms` has to be given, of all points that it is mapped over.

        Args:
          given: logs of the form of this target's.
          x: `[C, ...]` values of the unknowns.

        Returns:
          Variable name -> Value of `[C, ...]` fields, as `completion.filled` finds them.
        """
        return filled(self._network, lambda x: with_unknowns(given, self._unknowns, x), x)

    def block_terms(
        self,
        given: replay.Observed,
        x: Sequence[Any],
        blocks: Blocks,
        found: dict[str, Value],
    ) -> Any:
        """Returns `[B]` log p(unknowns) and `[B]` log p(logs | unknowns), block by block.

        Args:
          given: logs of the form of this target's.
          x: the unknowns' values, of their shapes.
          blocks: of the unknowns.
          found: what `filled` has found, of this point.
        """
        known = with_filled(with_unknowns(given, self._unknowns, x), found)
        scores = log_probs(self._network, known)
        prior: dict[str, Value] = {}
        for name in dict.fromkeys(u.variable for u in self._unknowns):  # sums have an order
            mine = [u.field for u in self._unknowns if u.variable == name]
            prior[name] = scores[name].at(*mine)
            rest = [field for field in scores[name].as_dict if field not in mine]
            scores[name] = scores[name].at(*rest)
        return blocks.terms(prior), blocks.terms(scores)

    def score(self, x: Sequence[Any]) -> Score:
        """Returns log p(unknowns, logs) in parts.

        Args:
          x: the unknowns' values, of their shapes.
        """
        network, known = self._network, self.with_unknowns(x)
        fields = tf.function(lambda: log_probs(network, known), autograph=False)()
        return score_of(network, fields, total_log_prob(fields.values()))

    def log_prob(self, *z: Any) -> Any:
        """Returns the log density on the real line, up to a constant, a scalar.

        Args:
          *z: the unknowns on the real line.
        """
        x = self.constrain(z)
        moved = tf.zeros([])
        for unknown, at in zip(self._unknowns, z, strict=True):
            ndims = len(at.shape)
            jacobian = unknown.bijector.forward_log_det_jacobian(at, event_ndims=ndims)
            moved += tf.reduce_sum(tf.cast(jacobian, tf.float32))
        return self.log_joint(x) + moved


def _form(given: replay.Observed) -> dict[str, Any]:
    form: dict[str, Any] = {"length": given.length}
    for kind, part in (("moving", given.moving), ("static", given.static)):
        for name, value in part.items():
            for field, x in value.as_dict.items():
                form[f"{name}.{field} ({kind})"] = (tuple(x.shape), x.dtype)
    return form


def _structure(given: replay.Observed) -> tuple[Any, Any]:
    return given.moving, given.static


def _require_numbers(given: replay.Observed) -> None:
    for values, has_time in ((given.moving, True), (given.static, False)):
        for name, value in values.items():
            for field, x in value.as_dict.items():
                if not x.dtype.is_floating:
                    continue
                bad = np.argwhere(np.isnan(np.asarray(x)))
                if not len(bad):
                    continue
                at = [int(i) for i in bad[0]]
                where = f"step {at.pop(0)}, " if has_time else ""
                raise DataError(
                    f"variable '{name}', field '{field}': logs must be numbers, got NaN at {where}"
                    f"element {tuple(at)}, the first of {len(bad)}; leave the field out, or mask "
                    "it in the story and put any number in its place"
                )
