"""OrderedPicks: the law of a few picks without replacement, in their order."""

from __future__ import annotations

import functools
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.ordering import top_k

tfd = tfp.distributions
_ONE_AFTER_THE_OTHER = 32


class OrderedPicks(tfp.distributions.Distribution):
    """The first k places of a Plackett-Luce ranking of n items.

        P(c_1, ..., c_k) = prod_j exp(l_{c_j}) / (sum of exp(l_i) over i not among c_1 ... c_{j-1})

    and 0 where an item is picked twice. With k = n it is the Plackett-Luce law, with k = 1 a
    categorical one.

    Args:
      logits: `[B..., n]` floating point l; minus infinity: never picked while others are left.
      num_picks: k, within 1..n.
      validate_args: as for all TFP distributions.
      allow_nan_stats: as for all TFP distributions.
      name: of the distribution.

    Raises:
      ValueError: num_picks is below 1 or above n.

    Source: Plackett (1975), The analysis of permutations; Luce (1959), Individual choice behavior.
    """

    def __init__(
        self,
        logits: Any,
        num_picks: int,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "OrderedPicks",
    ) -> None:
        parameters = dict(locals())
        self._logits = tf.convert_to_tensor(logits)
        size = self._logits.shape[-1]
        if num_picks < 1 or (size is not None and num_picks > size):
            raise ValueError(
                f"OrderedPicks: num_picks must be within 1..{size}, the last axis of logits, "
                f"got {num_picks}"
            )
        self._num_picks = num_picks
        super().__init__(
            dtype=tf.int32,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=validate_args,
            allow_nan_stats=allow_nan_stats,
            parameters=parameters,
            name=name,
        )

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: Any = None) -> dict[str, Any]:
        del dtype, num_classes
        return {"logits": tfp.util.ParameterProperties(event_ndims=1)}

    @property
    def logits(self) -> Any:
        """`[B..., n]` the items' logits."""
        return self._logits

    @property
    def num_picks(self) -> int:
        """The number of picks, k."""
        return self._num_picks

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([self._num_picks])

    def _event_shape_tensor(self) -> Any:
        return tf.constant([self._num_picks], tf.int32)

    def _sample_n(self, n: int, seed: Any = None) -> Any:
        shape = tf.concat([[n], tf.shape(self._logits)], axis=0)
        zero = tf.zeros([], self._logits.dtype)
        gumbel = tfd.Gumbel(zero, tf.ones_like(zero)).sample(shape, seed=seed)
        return top_k(self._logits + gumbel, self._num_picks)[1]

    def _log_prob(self, value: Any) -> Any:
        picks = tf.cast(value, tf.int32)
        lead = tf.broadcast_dynamic_shape(tf.shape(picks)[:-1], tf.shape(self._logits)[:-1])
        size = tf.shape(self._logits)[-1]
        logits = tf.broadcast_to(self._logits, tf.concat([lead, [size]], 0))
        picks = tf.broadcast_to(picks, tf.concat([lead, [self._num_picks]], 0))
        chosen, possible = self._chosen(logits, picks, size)
        # The items left at the j-th pick are those picked from then on and those never picked. To
        # sum both, instead of taking what is gone from the whole, loses no digits.
        lowest = tf.constant(-float("inf"), logits.dtype)
        later = tf.linalg.band_part(tf.ones([self._num_picks] * 2, tf.bool), 0, -1)
        left = tf.reduce_logsumexp(tf.where(later, chosen[..., None, :], lowest), axis=-1)
        is_picked = _is_picked(picks, size)
        never = tf.where(is_picked, lowest, logits)
        any_left = tf.reduce_any(never > lowest, axis=-1, keepdims=True)
        # Where nothing is left a sum would be log 0, whose gradient is no number.
        others = tf.reduce_logsumexp(tf.where(any_left, never, 0.0), axis=-1, keepdims=True)
        left = tf.where(any_left, tfp.math.log_add_exp(left, others), left)
        return tf.where(possible, tf.reduce_sum(chosen - left, axis=-1), lowest)

    def _chosen(self, logits: Any, picks: Any, size: Any) -> tuple[Any, Any]:
        """`[B..., k]` logits of the picks (0 where impossible), and whether they are possible."""
        rank = logits.shape.rank - 1
        chosen = tf.gather(logits, tf.clip_by_value(picks, 0, size - 1), axis=rank, batch_dims=rank)
        pairs = tf.reduce_sum(tf.cast(picks[..., None] == picks[..., None, :], tf.int32), [-2, -1])
        possible = pairs == self._num_picks  # each equals itself alone
        for condition in (picks >= 0, picks < size, chosen > -float("inf")):
            possible = possible & tf.reduce_all(condition, axis=-1)
        return tf.where(possible[..., None], chosen, tf.zeros_like(chosen)), possible


def _is_picked(picks: Any, size: Any) -> Any:
    """`[B..., n]` bool which items are among the picks.

    A few are compared one after the other, in one pass over the items that XLA can vectorize; it
    does not vectorize a reduction over an axis in the middle.
    """
    items, count = tf.range(size), picks.shape[-1]
    if count > _ONE_AFTER_THE_OTHER:
        return tf.reduce_any(picks[..., None] == items, axis=-2)
    hits = [items == picks[..., j, None] for j in range(count)]
    return functools.reduce(tf.logical_or, hits)
