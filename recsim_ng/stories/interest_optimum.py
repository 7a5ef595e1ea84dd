"""The best slates for users whose interests are known and move: dynamic programming over interests.

Source: Bellman (1957), Dynamic programming; Dinkelbach (1967), On nonlinear fractional programming,
Management Science 13, for the best slate under a multinomial logit.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core import check
from recsim_ng.core.ordering import top_k
from recsim_ng.core.value import Value
from recsim_ng.entities.users.interest_evolution import (
    BEST_UTILITY,
    MOST_INTEREST,
    STEP_SIZE,
    consumed_time,
    squashed,
)

_IMPROVEMENTS = 6


class InterestOptimum:
    """Plans for one user of known interest x, as `InterestEvolutionUser` moves it.

    With w_d = exp(2 - |x - d|), w_0 = exp(no_click_mass), the times r_d that documents take, and
    the interests x_d that they lead to (x_0: where nothing is chosen), the value of n steps is

        V_0(x) = 0
        V_n(x) = max over slates A of Q_n(x, A)
        Q_n(x, A) = (w_0 V_{n-1}(x_0) + sum_{d in A} w_d (r_d + V_{n-1}(x_d))) / (w_0 + sum_A w_d)

    The best slate of a size is exact, without search: at its value q it has the highest
    w_d (r_d + V_{n-1}(x_d) - q), and q is found by Newton's method (Dinkelbach). V is kept on a
    grid, evenly spaced in asinh of each coordinate, and interpolated linearly between its points;
    that is the only approximation.

    Args:
      docs: doc_features `[D, K]`, doc_quality `[D]`, doc_length `[D]`; K is 1 or 2, or any number
        where the horizon is 1.
      slate_size: S.
      horizon: T, the steps planned for; later ones are planned for as if they were the last.
      step_size: of the interests.
      nochoice_logit: of the users.
      num_points: G, points of the grid along an axis.

    Raises:
      ConfigError: (also a ValueError) a setting is out of range.
    """

    def __init__(
        self,
        docs: Value,
        slate_size: int,
        horizon: int,
        *,
        step_size: float = STEP_SIZE,
        nochoice_logit: float = 0.0,
        num_points: int = 81,
    ) -> None:
        where = "InterestOptimum"
        num_docs, self._num_topics = docs.get("doc_features").shape
        check.whole(where, "slate_size", slate_size, 1, num_docs)
        check.whole(where, "horizon", horizon, 1)
        check.whole(where, "num_points", num_points, 3)
        check.real(where, "step_size", step_size, 0.0, 1.0)
        check.real(where, "nochoice_logit", nochoice_logit, -1e3, 1e3)
        if horizon > 1:
            check.whole(where, "the number of topics", self._num_topics, 1, 2)
        self._slate_size, self._horizon = slate_size, horizon
        self._step_size, self._nochoice_logit = step_size, nochoice_logit
        self._num_points = num_points
        # Squashed interests are within 2 M of 0.
        self._edge = math.asinh(2.0 * MOST_INTEREST)
        with tf.init_scope():
            self._values = tf.constant(self._solve(docs))

    @property
    def values(self) -> Any:
        """`[T, G ** K]` float32: V_n at the grid's points, n = 0 .. T - 1."""
        return self._values

    def points(self) -> np.ndarray:
        """Returns `[G ** K, K]` float32, the interests at the grid's points."""
        axis = np.sinh(np.linspace(-self._edge, self._edge, self._num_points))
        grid = np.meshgrid(*[axis] * self._num_topics, indexing="ij")
        return np.stack([x.ravel() for x in grid], axis=-1).astype(np.float32)

    def scores(self, step: Any, interest: Any, docs: Value) -> Any:
        """Returns `[u, D]` float32: the S documents of highest score are the best slate.

        Args:
          step: int32 scalar t; T - t steps are left, or 1.
          interest: `[u, K]` float32.
          docs: doc_features `[D, K]`, doc_quality `[D]`, doc_length `[D]`.
        """
        weights, worths, none = self._worths(interest, docs, self._value_after(step))
        return weights * (worths - self._best(weights, worths, none)[..., None])

    def expected_time(self, interest: Any, docs: Value) -> Any:
        """Returns `[u]` float32 the time consumed in T steps under the best slates.

        Args:
          interest: `[u, K]` float32 at step 0.
          docs: doc_features `[D, K]`, doc_quality `[D]`, doc_length `[D]`.
        """
        return self._best(*self._worths(interest, docs, self._value_after(0)))

    def _value_after(self, step: Any) -> Any:
        return tf.gather(self._values, tf.maximum(self._horizon - 1 - step, 0))

    def _moves(self, interest: Any, docs: Value) -> Any:
        """`[u, D + 1, K]` the interests that each document leads to, and last that no choice."""
        quality = docs.get("doc_quality")[:, None]
        towards = docs.get("doc_features") - interest[:, None]
        moved = interest[:, None] + self._step_size * quality * towards
        return squashed(tf.concat([moved, interest[:, None]], axis=1))

    def _worths(self, interest: Any, docs: Value, values: Any) -> tuple[Any, Any, Any]:
        """`[u, D]` weights and worths of the documents, and `[u]` the worth of no choice."""
        return self._worths_at(interest, docs, values, self._corners(self._moves(interest, docs)))

    def _worths_at(
        self, interest: Any, docs: Value, values: Any, corners: list[tuple[Any, Any]]
    ) -> tuple[Any, Any, Any]:
        distance = tf.norm(interest[:, None] - docs.get("doc_features"), axis=-1)
        weights = tf.exp(BEST_UTILITY - distance - self._nochoice_logit)  # w_d / w_0
        times = consumed_time(docs.get("doc_quality"), docs.get("doc_length"))
        after = tf.add_n([share * tf.gather(values, index) for index, share in corners])
        return weights, times + after[:, :-1], after[:, -1]

    def _best(self, weights: Any, worths: Any, none: Any) -> Any:
        """`[u]` the value of the best slate, by Newton's method from that of no choice."""
        value = none
        for _ in range(_IMPROVEMENTS):
            _, slate = top_k(weights * (worths - value[:, None]), self._slate_size)
            w = tf.gather(weights, slate, batch_dims=1)
            total = tf.reduce_sum(w * tf.gather(worths, slate, batch_dims=1), axis=-1)
            value = (none + total) / (1.0 + tf.reduce_sum(w, axis=-1))
        return value

    def _corners(self, interest: Any) -> list[tuple[Any, Any]]:
        """The grid's points around interests: pairs of their indices and shares."""
        if self._horizon == 1:
            zeros = tf.zeros(tf.shape(interest)[:-1], tf.int32)
            return [(zeros, tf.cast(zeros, tf.float32))]
        spacing = 2.0 * self._edge / (self._num_points - 1)
        place = (tf.asinh(interest) + self._edge) / spacing
        low = tf.clip_by_value(tf.floor(place), 0.0, self._num_points - 2.0)
        beyond = tf.clip_by_value(place - low, 0.0, 1.0)
        low = tf.cast(low, tf.int32)
        corners = []
        for corner in itertools.product((0, 1), repeat=self._num_topics):
            index, share = tf.zeros_like(low[..., 0]), tf.ones_like(beyond[..., 0])
            for k, up in enumerate(corner):
                index = index * self._num_points + low[..., k] + up
                share = share * (beyond[..., k] if up else 1.0 - beyond[..., k])
            corners.append((index, share))
        return corners

    def _solve(self, docs: Value) -> np.ndarray:
        if self._horizon == 1:
            return np.zeros([1, 1], np.float32)
        points = tf.constant(self.points())
        corners = self._corners(self._moves(points, docs))

        @tf.function(autograph=False)
        def one_step_more(values: Any) -> Any:
            return self._best(*self._worths_at(points, docs, values, corners))

        found = [tf.zeros(len(points))]
        for _ in range(self._horizon - 1):
            found.append(one_step_more(found[-1]))
        return np.stack([x.numpy() for x in found])
