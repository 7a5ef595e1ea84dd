"""Training: a story's own variables, moved to where the logs are likeliest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.errors import DataError
from recsim_ng.inference.density import Density
from recsim_ng.inference.gradient import with_gradient
from recsim_ng.inference.optimum import OptimumSettings, lowest, settled, stepped
from recsim_ng.inference.score import log_probs, total_log_prob
from recsim_ng.inference.target import Target


def trainable_variables(target: Target) -> list[Any]:
    """Returns the trainable variables that the log-probability of logs depends on.

    Args:
      target: of the logs.
    """

    def scored() -> Any:
        x = [tf.zeros(u.shape, u.dtype) for u in target.unknowns]
        return total_log_prob(log_probs(target.network, target.with_unknowns(x)).values())

    graph = tf.function(scored, autograph=False).get_concrete_function().graph
    return list(graph.trainable_variables)


class Trainer:
    """Climbs the log-probability of logs, a mean over completions of them.

    Args:
      target: of the logs.
      variables: that are moved; they keep what was found.
      settings: how.
      density: of the target's unknowns; None where there are none.
      count: S, how many completions; 0 where there are no unknowns.

    Raises:
      DataError: (also a ValueError) one of the variables tells nothing of the logs.
    """

    def __init__(
        self,
        target: Target,
        variables: Sequence[Any],
        settings: OptimumSettings,
        density: Density | None = None,
        count: int = 0,
    ) -> None:
        self._target, self._settings, self.variables = target, settings, list(variables)
        reached = {id(v) for v in trainable_variables(target)}
        idle = [v.name for v in self.variables if id(v) not in reached]
        if idle:
            raise DataError(
                f"fit: the log-probability of the logs must depend on every parameter, got {idle}, "
                "which it does not reach; leave them out, or make them trainable"
            )
        if density is None:
            self._objective = with_gradient(self._scored, *_specs(target.data()), wrt=0)
        else:
            points = tf.TensorSpec([count, *density.shape], tf.float32)
            self._objective = with_gradient(
                lambda z, *data: tf.reduce_mean(density.log_joint(z, data)),
                points,
                *_specs(density.data()),
                wrt=0,
            )
        self._value_and_slope = tf.function(self._sloped, jit_compile=True, autograph=False)

    def run(self, *arguments: Any) -> tuple[float, tuple[str, ...]]:
        """Moves the variables, and returns (log-probability, what speaks against the result).

        Args:
          *arguments: the completions `[S, B, n]`, if there are any; then the logs.
        """
        if self._settings.optimizer != "lbfgs":
            problems = stepped(lambda: self._objective(*arguments), self.variables, self._settings)
            return float(self._value_and_slope(*arguments)[0]), problems
        found = settled(
            lambda x: lowest(lambda x: self._falling(x, arguments), x, self._settings.num_steps),
            self._packed(),
        )
        self.assign(found.position)
        problems = () if bool(found.converged) else ("the optimiser has not converged",)
        return -float(found.objective_value), problems

    def assign(self, x: Any) -> None:
        """Gives the variables their values.

        Args:
          x: `[N]` all numbers side by side.
        """
        sizes = [int(np.prod(v.shape)) for v in self.variables]
        for variable, part in zip(self.variables, tf.split(x, sizes), strict=True):
            variable.assign(tf.cast(tf.reshape(part, variable.shape), variable.dtype))

    def _scored(self, *data: Any) -> Any:
        known = self._target.given_of(data)
        return total_log_prob(log_probs(self._target.network, known).values())

    def _sloped(self, *arguments: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            value = self._objective(*arguments)
        slopes = tape.gradient(value, self.variables)
        return value, tf.concat([tf.reshape(tf.cast(g, tf.float32), [-1]) for g in slopes], axis=0)

    def _falling(self, x: Any, arguments: Sequence[Any]) -> tuple[Any, Any]:
        self.assign(x)
        value, slope = self._value_and_slope(*arguments)
        return -value, -slope

    def _packed(self) -> Any:
        return tf.concat([tf.reshape(tf.cast(v, tf.float32), [-1]) for v in self.variables], axis=0)


def _specs(data: Sequence[Any]) -> list[tf.TensorSpec]:
    return [tf.TensorSpec(x.shape, x.dtype) for x in data]
