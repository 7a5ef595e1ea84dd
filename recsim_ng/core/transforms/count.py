"""Transforms of the counts: the least count whose distribution function reaches that of the noise.

Given an observed count, the noise lies between the scores of two counts, by its own law there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from recsim_ng.core import standard_noise
from recsim_ng.core.noise import Key
from recsim_ng.core.transforms import binomial_quantile, poisson_quantile
from recsim_ng.core.transforms.gamma import gamma_score
from recsim_ng.core.transforms.gamma_quantile import log_quantile, score_of_masses
from recsim_ng.core.transforms.location_scale import OneDraw
from recsim_ng.core.transforms.transform import Transform, need_key, register, shape_of, tfd


def settled(makes_it: Callable[[Any], Any], noise_at: Callable[[Any], Any], u: Any) -> Any:
    """Noise at a uniform place of its interval, in the middle where rounding would leave it.

    Args:
      makes_it: noise -> bool, whether it makes the observed value.
      noise_at: place within (0, 1) -> noise.
      u: uniform noise.
    """
    drawn = noise_at(u)
    return tf.where(makes_it(drawn), drawn, noise_at(0.5 * tf.ones_like(u)))


def _score_between(below: tuple, above: tuple, dtype: Any) -> Callable[[Any], Any]:
    """Place -> score, from the masses below and above the ends of the interval."""

    def score(u: Any) -> Any:
        u = tf.cast(u, tf.float64)
        first, second = ((1.0 - u) * m[0] + u * m[1] for m in (below, above))
        return tf.cast(score_of_masses(first, second), dtype)

    return score


def poisson_posterior(value: Any, rate: Any, key: Key) -> Any:
    """The normal scores of observed Poisson counts.

    Args:
      value: the counts.
      rate: of the same shape or one that broadcasts to it.
      key: names the stream.
    """
    k, wide = tf.cast(value, tf.float64), tf.cast(rate, tf.float64)
    some = tf.maximum(k, 1.0)
    below_k = tf.where(k > 0.0, tf.math.igammac(some, wide), tf.zeros_like(k))
    above_k = tf.where(k > 0.0, tf.math.igamma(some, wide), tf.ones_like(k))
    ends = (below_k, tf.math.igammac(k + 1.0, wide)), (above_k, tf.math.igamma(k + 1.0, wide))
    return settled(
        lambda z: poisson_quantile.count(z, rate) == tf.cast(value, rate.dtype),
        _score_between(*ends, rate.dtype),
        standard_noise.uniform(key, shape_of(value), rate.dtype),
    )


@register(tfd.Poisson)
class PoissonTransform(OneDraw):
    """k = the least with F(k; rate) >= Phi(z), z standard normal."""

    standard = staticmethod(standard_noise.normal)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return poisson_quantile.count(noise, distribution.rate_parameter())

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        return poisson_posterior(value, distribution.rate_parameter(), need_key(distribution, key))


@register(tfd.NegativeBinomial)
class NegativeBinomialTransform(Transform):
    """k Poisson with rate exp(logits) g, g a gamma draw of shape total_count: a normal score each.

    Given k, g is a gamma variable of shape total_count + k and rate 1 + exp(logits).
    """

    def draw(self, distribution: Any, key: Key, shape: Any) -> Any:
        return tuple(
            standard_noise.normal(key.fold(name), shape, distribution.dtype)
            for name in ("rate", "count")
        )

    def forward(self, distribution: Any, noise: Any) -> Any:
        log_g = log_quantile(noise[0], distribution.total_count)
        return poisson_quantile.count(noise[1], tf.exp(log_g + distribution.logits_parameter()))

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        key = need_key(distribution, key)
        logits, shape = distribution.logits_parameter(), distribution.total_count
        z = standard_noise.normal(key.fold("rate"), shape_of(value), value.dtype)
        log_g = log_quantile(z, shape + value) - tf.math.softplus(logits)
        score = gamma_score(log_g, tf.broadcast_to(shape, tf.shape(value)))
        rate = tf.exp(log_quantile(score, shape) + logits)
        return score, poisson_posterior(value, rate, key.fold("count"))


@register(tfd.Binomial)
class BinomialTransform(OneDraw):
    """k = the least with F(k; total_count, probs) >= Phi(z), z standard normal."""

    standard = staticmethod(standard_noise.normal)

    def forward(self, distribution: Any, noise: Any) -> Any:
        n, p, q = self._parameters(distribution)
        return tf.cast(binomial_quantile.count(noise, n, p, q), distribution.dtype)

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        key, dtype = need_key(distribution, key), distribution.dtype
        k = tf.cast(value, tf.float64)
        n, p, q = (tf.broadcast_to(x, tf.shape(k)) for x in self._parameters(distribution))
        below, above = (
            tuple(binomial_quantile.tail(j, n, p, q, side) for j in (k - 1.0, k))
            for side in (tf.ones_like(k, tf.bool), tf.zeros_like(k, tf.bool))
        )
        return settled(
            lambda z: self.forward(distribution, z) == tf.cast(value, dtype),
            _score_between(below, above, dtype),
            standard_noise.uniform(key, shape_of(value), dtype),
        )

    def _parameters(self, distribution: Any) -> tuple[Any, Any, Any]:
        n = tf.cast(distribution.total_count, tf.float64)
        if distribution.logits is None:
            p = tf.cast(distribution.probs, tf.float64)
            return n, p, 1.0 - p
        logits = tf.cast(distribution.logits, tf.float64)
        return n, tf.sigmoid(logits), tf.sigmoid(-logits)


@register(tfd.Geometric)
class GeometricTransform(OneDraw):
    """k = floor(e / -log(1 - p)), e standard exponential."""

    standard = staticmethod(standard_noise.exponential)

    def forward(self, distribution: Any, noise: Any) -> Any:
        return tf.floor(noise / tf.math.softplus(distribution.logits_parameter()))

    def inverse(self, distribution: Any, value: Any, key: Key | None) -> Any:
        width = tf.math.softplus(distribution.logits_parameter())
        u = standard_noise.uniform(need_key(distribution, key), shape_of(value), value.dtype)
        return settled(
            lambda e: self.forward(distribution, e) == value,
            lambda at: width * value - tf.math.log1p(at * tf.math.expm1(-width)),
            u,
        )
