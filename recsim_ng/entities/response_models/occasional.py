"""Occasional: a draw that is made only where there is occasion for it."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.noise import Key
from recsim_ng.core.transforms.transform import (
    Transform,
    choose,
    need_key,
    register,
    shape_of,
    transform_of,
)

tfd = tfp.distributions


class Occasional(tfp.distributions.Distribution):
    """A scalar law where it occurs; elsewhere the value 0, for certain.

        x ~ the law   if it occurs,   x = 0   if not

    So a rating without a film, or a dwell time without a click, has log-probability 0.

    Args:
      distribution: the law, of scalar events and batch shape `[B...]`.
      occurs: `[B...]` bool.
      validate_args: as for all TFP distributions.
      allow_nan_stats: as for all TFP distributions.
      name: of the distribution.
    """

    def __init__(
        self,
        distribution: Any,
        occurs: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "Occasional",
    ) -> None:
        parameters = dict(locals())
        self._distribution, self._occurs = distribution, tf.convert_to_tensor(occurs, tf.bool)
        super().__init__(
            dtype=distribution.dtype,
            reparameterization_type=distribution.reparameterization_type,
            validate_args=validate_args,
            allow_nan_stats=allow_nan_stats,
            parameters=parameters,
            name=name,
        )

    @classmethod
    def _parameter_properties(cls, dtype: Any, num_classes: Any = None) -> dict[str, Any]:
        del dtype, num_classes
        return {
            "distribution": tfp.util.BatchedComponentProperties(),
            "occurs": tfp.util.ParameterProperties(),
        }

    @property
    def distribution(self) -> Any:
        """The law where it occurs."""
        return self._distribution

    @property
    def occurs(self) -> Any:
        """`[B...]` bool, where it does."""
        return self._occurs

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([])

    def _event_shape_tensor(self) -> Any:
        return tf.constant([], tf.int32)

    def _sample_n(self, n: int, seed: Any = None) -> Any:
        law = tfd.BatchBroadcast(self._distribution, to_shape=self.batch_shape_tensor())
        drawn = law.sample(n, seed=seed)
        return tf.where(self._occurs, drawn, tf.zeros_like(drawn))

    def _log_prob(self, value: Any) -> Any:
        value = tf.convert_to_tensor(value, self.dtype)
        log_prob = self._distribution.log_prob(self.inside(value))
        absent = tf.where(value == 0, tf.zeros_like(log_prob), -float("inf"))
        return tf.where(self._occurs, log_prob, absent)

    def inside(self, value: Any) -> Any:
        """Returns the value where it occurs, elsewhere one that the law may have.

        Args:
          value: `[..., B...]`.
        """
        return tf.where(self._occurs, value, self._distribution.mode())


@register(Occasional)
class OccasionalTransform(Transform):
    """x by the law's own transform, then 0 where it does not occur.

    In the inverse, noise that was never used is drawn anew: nothing is known of it.
    """

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        law = distribution.distribution
        return transform_of(law).draw(law, key, shape)

    def forward(self, distribution: Any, noise: Any) -> Any:
        law = distribution.distribution
        drawn = transform_of(law).forward(law, noise)
        return tf.where(distribution.occurs, drawn, tf.zeros_like(drawn))

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        key, law = need_key(distribution, key), distribution.distribution
        transform = transform_of(law)
        found = transform.inverse(law, distribution.inside(value), key.fold("found"))
        fresh = transform.draw(law, key.fold("fresh"), shape_of(tf.convert_to_tensor(value)))
        occurs = tf.broadcast_to(distribution.occurs, tf.shape(value))
        return choose(occurs, found, fresh)
