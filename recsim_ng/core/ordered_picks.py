"""OrderedPicks: the law of a few picks without replacement, in their order."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core import check, operand
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.ordering import top_k

tfd = tfp.distributions
_ONE_AFTER_THE_OTHER = 32


class OrderedPicks(tfp.distributions.Distribution):
    """The first k places of a Plackett-Luce ranking of n items.

        P(c_1, ..., c_k) = prod_j exp(l_{c_j}) / (sum of exp(l_i) over i not among c_1 ... c_{j-1})

    and 0 where an item is picked twice. With k = n it is the Plackett-Luce law, with k = 1 a
    categorical one. Items of minus infinity come after all others, for certain in the order of
    their indices.

    Args:
      logits: `[B..., n]` floating point l, of which differences alone matter; minus infinity: never
        picked while others are left.
      num_picks: k, within 1..n.
      validate_args: as for all TFP distributions.
      allow_nan_stats: as for all TFP distributions.
      name: of the distribution.

    Raises:
      ConfigError: (also a ValueError) num_picks is no whole number within 1..n, or the logits are
        no real numbers with an axis of items.

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
        self._logits = operand.floats(name, "logits", logits)
        if self._logits.shape.rank == 0:
            raise ConfigError(f"{name}: logits must have an axis of items, got {logits}")
        size = self._logits.shape[-1]
        check.whole(name, "num_picks", num_picks, 1, *(() if size is None else (size,)))
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
        return top_k(relative(self._logits) + gumbel, self._num_picks)[1]

    def _log_prob(self, value: Any) -> Any:
        picks = tf.cast(value, tf.int32)
        lead = tf.broadcast_dynamic_shape(tf.shape(picks)[:-1], tf.shape(self._logits)[:-1])
        size = tf.shape(self._logits)[-1]
        logits = tf.broadcast_to(self._logits, tf.concat([lead, [size]], 0))
        picks = tf.broadcast_to(picks, tf.concat([lead, [self._num_picks]], 0))
        left = left_at_each(logits, picks)
        chosen, best = left.chosen, left.best
        lowest = tf.constant(-float("inf"), logits.dtype)
        # How many picks are at most the j-th: more than in any other order where two are equal.
        at_most = tf.cast(picks[..., None, :] <= picks[..., None], tf.int32)
        at_most = tf.reduce_sum(at_most, axis=-1)
        count = self._num_picks
        possible = tf.reduce_sum(at_most, axis=-1) == count * (count + 1) // 2
        # Of impossible items, all that are before the pick must be gone, in ascending order.
        ascending = tf.concat(
            [picks[..., 1:] > picks[..., :-1], tf.ones_like(picks[..., :1]) > 0], -1
        )
        certain = (best == lowest) & ascending & (at_most == picks + 1)
        fits = (picks >= 0) & (picks < size) & ((chosen > lowest) | certain)
        possible = possible & tf.reduce_all(fits, axis=-1)
        counted = possible[..., None] & (chosen > lowest)
        zero = tf.zeros_like(chosen)
        # Relative to the best that is left, so that no digits are lost, however great the logits.
        log_share = tf.where(counted, chosen, zero) - tf.where(counted, best, zero)
        log_share -= tf.math.log(tf.where(counted, left.weight, tf.ones_like(zero)))
        return tf.where(possible, tf.reduce_sum(log_share, axis=-1), lowest)


def relative(logits: Any) -> Any:
    """Returns logits less the greatest of their row, so that noise added to them keeps its digits.

    Args:
      logits: `[B..., n]`.
    """
    return logits - _finite(tf.reduce_max(logits, axis=-1, keepdims=True))


class Left(NamedTuple):
    """What is left at each of some picks.

    Attributes:
      chosen: `[B..., k]` logits of the picks.
      best: `[B..., k]` greatest logit left at each, a constant to gradients.
      weight: `[B..., k]` sum over the items left of exp(their logit - best); 0 if all are minus
        infinity.
      is_picked: `[B..., n]` which items are ever picked.
    """

    chosen: Any
    best: Any
    weight: Any
    is_picked: Any


def left_at_each(logits: Any, picks: Any) -> Left:
    """Returns what is left at each of some picks.

    The items left at the j-th pick are those picked from then on and those never picked. To sum
    both, instead of taking what is gone from the whole, loses no digits.

    Args:
      logits: `[B..., n]`.
      picks: `[B..., k]` int32; one outside 0..n-1 counts as the nearest of them.
    """
    rank, size, count = logits.shape.rank - 1, tf.shape(logits)[-1], picks.shape[-1]
    lowest = tf.constant(-float("inf"), logits.dtype)
    chosen = tf.gather(logits, tf.clip_by_value(picks, 0, size - 1), axis=rank, batch_dims=rank)
    is_picked = _is_picked(picks, size)
    never = tf.where(is_picked, lowest, logits)
    best_never = tf.stop_gradient(tf.reduce_max(never, axis=-1, keepdims=True))
    others = tf.reduce_sum(tf.exp(never - _finite(best_never)), axis=-1, keepdims=True)
    is_later = tf.linalg.band_part(tf.ones([count, count], tf.bool), 0, -1)
    later = tf.where(is_later, chosen[..., None, :], lowest)
    best = tf.maximum(tf.stop_gradient(tf.reduce_max(later, axis=-1)), best_never)
    base = _finite(best)
    weight = tf.reduce_sum(tf.exp(later - base[..., None]), axis=-1)
    return Left(chosen, best, weight + others * tf.exp(best_never - base), is_picked)


def _finite(x: Any) -> Any:
    return tf.where(x > -float("inf"), x, tf.zeros_like(x))


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
