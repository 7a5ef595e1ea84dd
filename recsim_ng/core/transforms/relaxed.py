"""Transforms of the relaxed choices: softened Gumbel-max, differentiable in the logits."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core import standard_noise
from recsim_ng.core.noise import Key
from recsim_ng.core.transforms.discrete import num_categories
from recsim_ng.core.transforms.transform import Transform, extend, register, tfd


@register(tfd.RelaxedBernoulli)
class RelaxedBernoulliTransform(Transform):
    """x = sigmoid((logits + l) / temperature), l standard logistic."""

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        return standard_noise.logistic(key, shape, distribution.dtype)

    def forward(self, distribution: Any, noise: Any) -> Any:
        logits = distribution.logits_parameter()
        return tf.sigmoid((logits + noise) / distribution.temperature)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        logit = tf.math.log(value) - tf.math.log1p(-value)
        return logit * distribution.temperature - distribution.logits_parameter()


@register(tfd.ExpRelaxedOneHotCategorical)
class ExpRelaxedOneHotCategoricalTransform(Transform):
    """x = log softmax((logits + g) / temperature), g standard Gumbels.

    RelaxedOneHotCategorical is its exponential. The Gumbels are lost up to a common constant, so
    there is no inverse.
    """

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        full = extend(shape, num_categories(distribution))
        return standard_noise.gumbel(key, full, distribution.dtype)

    def forward(self, distribution: Any, noise: Any) -> Any:
        scores = distribution.logits_parameter() + noise
        return tf.nn.log_softmax(scores / distribution.temperature[..., None])
