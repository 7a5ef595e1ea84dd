"""Ratings: what users say of what they consumed, with noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core import operand, require
from recsim_ng.core.edward2 import ed
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.response_models.occasional import Occasional
from recsim_ng.entities.response_models.response_model import ResponseModel

tfd = tfp.distributions


class GaussianRating(ResponseModel):
    """A rating with Gaussian noise, of any real value.

        rating ~ N(m, noise_scale),   m what is thought of the document; 0 where none is given

    Args:
      batch_shape: of the ratings, `[B...]`.
      noise_scale: standard deviation, above 0; a scalar or `[B...]`; a variable can be trained.
      name: of the entity; its site is called after it.

    Raises:
      ConfigError: (also a ValueError) noise_scale is not above 0 or does not broadcast to the batch
        shape.
    """

    def __init__(
        self, batch_shape: Sequence[int], noise_scale: Any = 0.5, name: str = "GaussianRating"
    ) -> None:
        super().__init__(batch_shape, name=name)
        self._noise_scale = require.numbers(
            name, "noise_scale", noise_scale, 0.0, shape=self._batch_shape, ends="(]"
        )

    def rating(self, opinion: Any, is_rated: Any = None) -> Value:
        """Returns the ratings.

        Args:
          opinion: `[B...]` m.
          is_rated: `[B...]` bool, where a rating is given; everywhere if None.

        Returns:
          A Value with `rating`, `[B...]` floats as the opinions are, 0 where none is given.
        """
        law = self._law(operand.floats(self.name, "opinion", opinion))
        law = law if is_rated is None else Occasional(law, is_rated)
        return Value(rating=ed.RandomVariable(law, name=self._site("rating")))

    def _law(self, opinion: Any) -> Any:
        return tfd.Normal(opinion, tf.cast(self._noise_scale, opinion.dtype))

    def specs(self) -> Value:
        """Returns the spec of `response`: rating `[B...]`."""
        return ValueSpec(response=ValueSpec(rating=self._box(-np.inf, np.inf)))


class RoundedRating(GaussianRating):
    """A rating with Gaussian noise, given in the nearest of a scale's levels.

        rating = the level nearest to x,   x ~ N(m, noise_scale)
        P(rating = v_j) = Phi((c_{j+1} - m) / noise_scale) - Phi((c_j - m) / noise_scale)

    with c_j half-way between the levels v_{j-1} and v_j, the first minus and the last plus
    infinity: what is beyond the scale is brought to its end. An ordered probit, in closed form, so
    that the rating itself is scored. 0 where none is given.

    Args:
      batch_shape: of the ratings, `[B...]`.
      levels: `[L]` increasing, at least two: the scale. Half stars are `np.arange(0.5, 5.5, 0.5)`.
      noise_scale: as for GaussianRating.
      name: of the entity; its site is called after it.

    Raises:
      ConfigError: (also a ValueError) the levels are not finite, do not increase or are fewer than
        two, or
        noise_scale is not above 0.

    Source: McKelvey and Zavoina (1975), A statistical model for the analysis of ordinal level
      dependent variables.
    """

    def __init__(
        self,
        batch_shape: Sequence[int],
        levels: Sequence[float] = (1.0, 2.0, 3.0, 4.0, 5.0),
        noise_scale: Any = 0.5,
        name: str = "RoundedRating",
    ) -> None:
        super().__init__(batch_shape, noise_scale, name=name)
        require.numbers(name, "levels", levels)
        self._levels = np.asarray(levels, np.float64)
        single = self._levels.astype(np.float32)
        if single.ndim != 1 or len(single) < 2 or np.any(np.diff(single) <= 0):
            raise ConfigError(
                f"{name}: levels must be at least two increasing numbers, "
                f"got {self._levels.tolist()}"
            )

    def _law(self, opinion: Any) -> Any:
        levels = tf.cast(self._levels, opinion.dtype)
        cuts = 0.5 * (levels[1:] + levels[:-1])
        scale = tf.cast(self._noise_scale, opinion.dtype)
        z = (cuts - opinion[..., None]) / scale[..., None]
        low, high = z[..., :-1], z[..., 1:]
        # On the side where the masses are small, so that their differences keep digits.
        sign = tf.where(low + high > 0.0, -tf.ones_like(low), tf.ones_like(low))
        ends = _log_mass(sign * low), _log_mass(sign * high)
        middle = tfp.math.log_sub_exp(tf.maximum(*ends), tf.minimum(*ends))
        first, last = _log_mass(z[..., :1]), _log_mass(-z[..., -1:])
        return tfd.FiniteDiscrete(levels, tf.concat([first, middle, last], axis=-1))

    def specs(self) -> Value:
        """Returns the spec of `response`: rating `[B...]`."""
        low, high = min(0.0, float(self._levels[0])), max(0.0, float(self._levels[-1]))
        return ValueSpec(response=ValueSpec(rating=self._box(low, high)))


def _log_mass(x: Any) -> Any:
    """The logarithm of Phi(x)."""
    return tfd.Normal(tf.zeros([], x.dtype), tf.ones([], x.dtype)).log_cdf(x)
