"""Inverse autoregressive flows: surrogates of any shape that are drawn from in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.inference.surrogate import require_size

tfb = tfp.bijectors

_STEEPEST = 5.0  # of a layer's log scale


class Flow:
    """Layers of inverse autoregressive maps, one flow of its own for each block.

    A layer maps y to

        y'_i = (y_i - shift_i(y_1 ... y_{i-1})) exp(-log_scale_i(y_1 ... y_{i-1}))

    with shift and log scale by a masked network of two hidden layers. The order of the numbers is
    reversed from layer to layer, and a mean and a scale for each number come last. The last kernels
    are zero to begin with: the flow starts as independent normals. A block of one number has
    nothing to depend on, and its flow is a normal. TFP's own masked network keeps its masks in the
    constraints of Keras variables, and has no weights for each block; the bijectors are TFP's.

    Args:
      shape: (B, n).
      num_layers: how many.
      hidden_units: of a layer's network; there are n at least.

    Raises:
      ConfigError: (also a ValueError) it would have too many parameters.

    Source: Kingma et al. (2016), Improved variational inference with inverse autoregressive flow,
      NeurIPS 29; Germain et al. (2015), MADE: masked autoencoder for distribution estimation, ICML,
      for the masks.
    """

    is_dense = False
    has_inverse = False

    def __init__(self, shape: tuple[int, int], num_layers: int, hidden_units: int) -> None:
        self._shape, self._num_layers = shape, num_layers
        blocks, size = shape
        hidden = max(hidden_units, size)
        self._sizes = [(size, hidden), (hidden, hidden), (hidden, 2 * size)]
        weights = sum(a * b + b for a, b in self._sizes)
        require_size("flow", shape, blocks * (num_layers * weights + 2 * size))
        degrees = np.arange(size)
        # As evenly as can be; the last number conditions nothing, so no unit is of its degree.
        inner = np.arange(hidden) % max(size - 1, 1)
        self._masks = [
            (degrees[:, None] <= inner).astype(np.float32),
            (inner[:, None] <= inner).astype(np.float32),
            np.tile((inner[:, None] < degrees).astype(np.float32), [1, 2]),
        ]

    def initial(self, words: Any, num_features: int) -> tuple[Any, ...]:
        """Returns (means, log scales, then for each layer kernels and biases), `[B, ...]` each.

        Args:
          words: `[2]` int32.
          num_features: not used.
        """
        del num_features
        blocks = self._shape[0]
        found = [tf.zeros(self._shape), tf.zeros(self._shape)]
        seeds = tf.random.experimental.stateless_split(words, 2 * self._num_layers)
        for layer in range(self._num_layers):
            for k, (mask, (rows, columns)) in enumerate(zip(self._masks, self._sizes, strict=True)):
                kernel = tf.zeros([blocks, rows, columns])
                if k < 2:
                    # One draw for all blocks: what a block comes to does not hang on its place.
                    noise = tf.random.stateless_normal([rows, columns], seeds[2 * layer + k])
                    entering = np.sqrt(np.maximum(mask.sum(axis=0), 1.0))
                    kernel += noise / entering
                found += [kernel, tf.zeros([blocks, columns])]
        return tuple(found)

    def bijector(self, parameters: tuple[Any, ...], features: Any) -> Any:
        """Returns T'.

        Args:
          parameters: as `initial` gives them.
          features: not used.
        """
        del features
        mean, log_scale, *weights = parameters
        chain = [tfb.Shift(mean), tfb.Scale(log_scale=log_scale)]
        per_layer, backwards = 2 * len(self._masks), np.arange(self._shape[1])[::-1].copy()
        for layer in range(self._num_layers):
            mine = weights[layer * per_layer : (layer + 1) * per_layer]
            one = tfb.Invert(tfb.MaskedAutoregressiveFlow(lambda y, mine=mine: self._net(y, mine)))
            reverse = tfb.Permute(backwards)
            # The order is the unknowns' own in every other layer, and always at the end.
            chain += [reverse, one, reverse] if layer % 2 else [one]
        return tfb.Chain(chain)

    def _net(self, y: Any, weights: list[Any]) -> tuple[Any, Any]:
        """(shift, log scale), `[..., B, n]`, of y `[..., B, n]`."""
        for k, mask in enumerate(self._masks):
            kernel, bias = weights[2 * k : 2 * k + 2]
            y = tf.einsum("...bi,bio->...bo", y, kernel * mask) + bias
            if k < len(self._masks) - 1:
                y = tf.nn.elu(y)
        shift, log_scale = tf.split(y, 2, axis=-1)
        return shift, _STEEPEST * tf.tanh(log_scale / _STEEPEST)
