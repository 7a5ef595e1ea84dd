"""Transform of the multivariate normal families: x = loc + scale z."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core import standard_noise
from recsim_ng.core.noise import Key
from recsim_ng.core.transforms.transform import Transform, event_shape, extend, register, tfd


@register(tfd.MultivariateNormalLinearOperator)
class MultivariateNormalTransform(Transform):
    """x = loc + scale z, z standard normal; MultivariateNormalDiag, TriL and their kin too."""

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        full = extend(shape, event_shape(distribution))
        return standard_noise.normal(key, full, distribution.dtype)

    def forward(self, distribution: Any, noise: Any) -> Any:
        moved = distribution.scale.matvec(noise)
        return moved if distribution.loc is None else moved + distribution.loc

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        moved = value if distribution.loc is None else value - distribution.loc
        z = distribution.scale.solvevec(moved)
        # A scale of 0 leaves the noise unknown.
        return tf.where((moved == 0.0) & tf.math.is_nan(z), tf.zeros_like(z), z)
