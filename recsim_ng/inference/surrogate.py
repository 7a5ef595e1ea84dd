"""Surrogates: families of densities that stand in for a posterior, each a map of white noise.

    z = T(e),   e ~ N(0, 1),        log q(z) = log N(e; 0, 1) - log |det dT/de|

T is a bijector of TensorFlow Probability, put together from parameters that are plain tensors: they
are arguments of compiled programs, are kept in checkpoints, and every block has its own.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol

import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.errors import ConfigError
from recsim_ng.inference.scaling import Scaling

tfb = tfp.bijectors

MOST_NUMBERS = 10_000_000  # parameters of a surrogate


class Frame(NamedTuple):
    """Where a surrogate's own coordinates lie: z = loc + factor T'(e).

    Attributes:
      loc: `[B, n]`.
      scaling: of `[B, n]` or `[B, n, n]`.
      features: `[B, F]` what a block's logs are like, for amortised surrogates; F = 0 for others.
    """

    loc: Any
    scaling: Scaling
    features: Any

    def bijector(self) -> Any:
        """Returns the map from a surrogate's coordinates to z."""
        factor = self.scaling.factor
        if factor.shape.rank == 2:
            return tfb.Chain([tfb.Shift(self.loc), tfb.Scale(factor)])
        return tfb.Chain([tfb.Shift(self.loc), tfb.ScaleMatvecTriL(factor)])


class Surrogate(Protocol):
    """A family of densities over `[B, n]`.

    Attributes:
      is_dense: whether its frame may hold correlations.
      has_inverse: whether T is as easily inverted as applied.
    """

    is_dense: bool
    has_inverse: bool

    def initial(self, words: Any, num_features: int) -> tuple[Any, ...]:
        """Returns the parameters to begin with, at which T' is nearly the identity.

        Args:
          words: `[2]` int32.
          num_features: F.
        """

    def bijector(self, parameters: tuple[Any, ...], features: Any) -> Any:
        """Returns T', in the coordinates of its frame.

        Args:
          parameters: of the structure of `initial`.
          features: `[B, F]`.
        """


class MeanField:
    """Independent normals: a mean and a scale for each number.

    Of a normal posterior of precision matrix P it finds the means, and 1 / P_ii for the variances,
    which are too small wherever numbers are correlated.

    Args:
      shape: (B, n).

    Source: Bishop (2006), Pattern Recognition and Machine Learning, 10.1.2.
    """

    is_dense = False
    has_inverse = True

    def __init__(self, shape: tuple[int, int]) -> None:
        self._shape = shape

    def initial(self, words: Any, num_features: int) -> tuple[Any, ...]:
        """Returns (means `[B, n]`, logarithms of scales `[B, n]`).

        Args:
          words: not used.
          num_features: not used.
        """
        del words, num_features
        return tf.zeros(self._shape), tf.zeros(self._shape)

    def bijector(self, parameters: tuple[Any, ...], features: Any) -> Any:
        """Returns T'.

        Args:
          parameters: as `initial` gives them.
          features: not used.
        """
        del features
        mean, log_scale = parameters
        return tfb.Chain([tfb.Shift(mean), tfb.Scale(log_scale=log_scale)])


class FullRank:
    """Normals with all correlations within a block.

    Args:
      shape: (B, n).

    Raises:
      ConfigError: (also a ValueError) it would have too many parameters.
    """

    is_dense = True
    has_inverse = True

    def __init__(self, shape: tuple[int, int]) -> None:
        blocks, size = shape
        require_size("full_rank", shape, blocks * size * (size + 3) // 2)
        self._shape = shape

    def initial(self, words: Any, num_features: int) -> tuple[Any, ...]:
        """Returns (means `[B, n]`, log scales `[B, n]`, what is below the diagonal `[B, n, n]`).

        Args:
          words: not used.
          num_features: not used.
        """
        del words, num_features
        blocks, size = self._shape
        return tf.zeros(self._shape), tf.zeros(self._shape), tf.zeros([blocks, size, size])

    def bijector(self, parameters: tuple[Any, ...], features: Any) -> Any:
        """Returns T'.

        Args:
          parameters: as `initial` gives them.
          features: not used.
        """
        del features
        mean, log_scale, below = parameters
        # Rows are in units of their scale, so that one step size suits all.
        below = tf.linalg.band_part(below, -1, 0)
        lower = tf.exp(log_scale)[..., None] * tf.linalg.set_diag(below, tf.ones_like(log_scale))
        return tfb.Chain([tfb.Shift(mean), tfb.ScaleMatvecTriL(lower)])


def require_size(family: str, shape: tuple[int, int], number: int) -> None:
    """Requires a surrogate of a reasonable number of parameters.

    Args:
      family: its name.
      shape: (B, n).
      number: of parameters.

    Raises:
      ConfigError: (also a ValueError) there are too many.
    """
    if number > MOST_NUMBERS:
        raise ConfigError(
            f"ViSettings: family '{family}' must have {MOST_NUMBERS:,} parameters at most, got "
            f"{number:,} for {shape[0]:,} blocks of {shape[1]:,} unknowns; take 'mean_field'"
        )


def white_log_prob(e: Any) -> Any:
    """Returns `[...]` log N(e; 0, 1).

    Args:
      e: `[..., n]`.
    """
    return -0.5 * tf.reduce_sum(e**2, axis=-1) - 0.5 * math.log(2.0 * math.pi) * e.shape[-1]
