"""Metrics that measure every step, and keep the measure, its sum or its mean."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.recommendation import RecsMetricsBase

_KEPT = ("step", "sum", "mean")


class MeasuredMetrics(RecsMetricsBase):
    """What a subclass measures of a step, per step and cumulated.

    With x_t a measure of step t, all 0 at step 0:

        x            at t + 1 is x_t                              keep "step"
        cumulative_x at t + 1 is x_0 + ... + x_t                  keep "sum"
        mean_x       at t + 1 is (x_0 + ... + x_t) / (t + 1)      keep "mean"

    A subclass defines `measures` and `measure_specs`.

    Args:
      config: reads `num_users` (U).
      keep: which of them are kept.
      name: of the entity.

    Raises:
      ConfigError: (also a ValueError) nothing is to be kept, or something unknown.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        keep: Sequence[str] = ("step", "mean"),
        name: str = "MeasuredMetrics",
    ) -> None:
        super().__init__(config, name)
        if not isinstance(keep, Sequence) or isinstance(keep, str) or not keep:
            raise ConfigError(f"{name}: keep must be a list of {list(_KEPT)}, got {keep!r}")
        for what in keep:
            check.one_of(name, "keep", what, _KEPT)
        self._keep = tuple(keep)

    @abc.abstractmethod
    def measures(
        self, corpus_state: Value, user_state: Value, user_response: Value, slate_docs: Value
    ) -> Value:
        """Returns what is measured of a step, float32 fields.

        Args:
          corpus_state: the corpus' state.
          user_state: the users' state.
          user_response: what the users did.
          slate_docs: what they were shown.
        """

    @abc.abstractmethod
    def measure_specs(self) -> ValueSpec:
        """Returns the specs of `measures`."""

    def per_user(self, low: float = -np.inf, high: float = np.inf) -> Space:
        """Returns the spec of a `[U]` float32 measure.

        Args:
          low: the least value.
          high: the greatest value.
        """
        return Space.box(low, high, (self._num_users,), dims=("user",))

    def initial_metrics(self) -> Value:
        """Returns zeros."""
        return Value(
            **{
                name: tf.zeros(spec.space.shape, tf.as_dtype(spec.space.dtype))
                for name, spec in self.specs().get("state").as_dict.items()
            }
        )

    def next_metrics(
        self,
        previous_metrics: Value,
        corpus_state: Value,
        user_state: Value,
        user_response: Value,
        slate_docs: Value,
    ) -> Value:
        """Returns the measures of t - 1, and what was cumulated up to then."""
        measured = self.measures(corpus_state, user_state, user_response, slate_docs).as_dict
        kept: dict[str, Any] = {}
        if "step" in self._keep:
            kept.update(measured)
        if "sum" in self._keep:
            for name, x in measured.items():
                kept[f"cumulative_{name}"] = previous_metrics.get(f"cumulative_{name}") + x
        if "mean" in self._keep:
            kept["num_steps"] = previous_metrics.get("num_steps") + 1
            count = tf.cast(kept["num_steps"], tf.float32)
            for name, x in measured.items():
                mean = previous_metrics.get(f"mean_{name}")
                kept[f"mean_{name}"] = mean + (x - mean) / count
        return Value(**kept)

    def specs(self) -> ValueSpec:
        """Returns the specs of what is kept."""
        measured, kept = self.measure_specs().as_dict, {}
        if "step" in self._keep:
            kept.update(measured)
        if "sum" in self._keep:
            for name, spec in measured.items():
                kept[f"cumulative_{name}"] = Space.box(
                    -np.inf, np.inf, spec.space.shape, dims=spec.dims
                )
        if "mean" in self._keep:
            most = np.iinfo(np.int32).max
            kept["num_steps"] = Space.box(0, most, (), np.int32, dims=())
            kept.update({f"mean_{name}": spec for name, spec in measured.items()})
        return ValueSpec(state=ValueSpec(**kept))
