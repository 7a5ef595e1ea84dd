"""One member or more of every registered family, for the tests that all of them pass."""

import dataclasses
from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng.core.ordered_picks import OrderedPicks

tfd = tfp.distributions
tfb = tfp.bijectors


@dataclasses.dataclass(frozen=True)
class Case:
    """A distribution to try.

    Attributes:
      make: floating dtype -> distribution, with a batch shape that begins with 3 "users".
      inverse: "unique" (one noise makes a value), "posterior" (a key picks one) or "none".
      tolerance: of inverse and transform, relative and absolute, in float32.
    """

    make: Callable[[Any], Any]
    inverse: str
    tolerance: float = 2e-5


def _t(x: Any, dtype: Any) -> Any:
    return tf.constant(x, dtype)


def _logits(dtype: Any) -> Any:
    return _t([[0.0, 1.0, -1.0, 0.5], [2.0, 0.0, 0.1, -3.0], [0.0, 0.0, 0.0, 0.0]], dtype)


def _tril(dtype: Any) -> Any:
    return _t([[1.0, 0.0], [0.5, 2.0]], dtype)


def _iterated(dtype: Any) -> Any:
    """Two picks of four without replacement, as the iterated logit makes them."""

    def model():
        logits = _logits(dtype)
        first = yield tfd.JointDistributionCoroutine.Root(tfd.Categorical(logits=logits))
        taken = tf.one_hot(first, 4, on_value=_t(-float("inf"), dtype), off_value=_t(0.0, dtype))
        yield tfd.Categorical(logits=logits + taken)

    return tfd.Blockwise(tfd.JointDistributionCoroutine(model))


def _mixed_blocks(t: Any) -> Any:
    normal = tfd.Normal(_t([0.0, 1.0, 2.0], t), _t(1.0, t))
    vector = tfd.MultivariateNormalDiag(tf.zeros([3, 2], t), _t([1.0, 2.0], t))
    return tfd.Blockwise([normal, vector])


def _heterogeneous(t: Any) -> Any:
    parts = [
        tfd.Normal(_t([0.0, 1.0, 2.0], t), _t([1.0, 1.0, 0.5], t)),
        tfd.Laplace(_t([2.0, 3.0, 0.5], t), _t([1.0, 2.0, 1.0], t)),
    ]
    return tfd.Mixture(tfd.Categorical(logits=_t([[0.0, 1.0]] * 3, t)), parts)


def _mixture(t: Any, **kwargs: Any) -> Any:
    components = tfd.Normal(_t([[-2.0, 0.0, 2.0, 5.0]] * 3, t), _t([0.5, 1.0, 0.3, 0.1], t))
    return tfd.MixtureSameFamily(tfd.Categorical(logits=_logits(t)), components, **kwargs)


def _vector_mixture(t: Any) -> Any:
    scale = tf.linalg.LinearOperatorDiag(_t([[1.0, 0.1], [0.3, 0.4]], t))
    components = tfd.MultivariateNormalLinearOperator(_t([[0.0, 1.0], [3.0, -1.0]], t), scale)
    return tfd.MixtureSameFamily(tfd.Categorical(logits=_t([[0.0, 1.0]] * 3, t)), components)


def _unmappable_mixture(t: Any) -> Any:
    base = tfd.Normal(_t([[0.0, 1.0]] * 3, t), _t(1.0, t))
    components = tfd.TransformedDistribution(base, tfb.Shift(_t([0.0, 10.0], t)))
    return tfd.MixtureSameFamily(tfd.Categorical(logits=_t([0.0, 1.0], t)), components)


def _sheared(t: Any) -> Any:
    base = tfd.Sample(tfd.Normal(_t(0.0, t), _t(1.0, t)), [2])
    return tfd.TransformedDistribution(
        base, tfb.Chain([tfb.Shift(_t([[1.0, 0.0]] * 3, t)), tfb.ScaleMatvecTriL(_tril(t))])
    )


def _low_rank(t: Any) -> Any:
    return tfd.MultivariateNormalDiagPlusLowRank(
        loc=tf.zeros([3, 2], t),
        scale_diag=_t([1.0, 2.0], t),
        scale_perturb_factor=_t([[1.0], [0.5]], t),
    )


FAMILIES: dict[str, Case] = {
    "Normal": Case(lambda t: tfd.Normal(_t([0.0, 1.0, -2.0], t), _t([1.0, 2.0, 0.1], t)), "unique"),
    "Normal, broadcast": Case(
        lambda t: tfd.Normal(_t([[0.0], [1.0], [2.0]], t), _t([1.0, 2.0], t)), "unique"
    ),
    "LogNormal": Case(lambda t: tfd.LogNormal(_t([0.0, 1.0, -2.0], t), _t(0.5, t)), "unique"),
    "Logistic": Case(lambda t: tfd.Logistic(_t([0.0, 1.0, -2.0], t), _t(2.0, t)), "unique"),
    "Gumbel": Case(lambda t: tfd.Gumbel(_t([0.0, 1.0, -2.0], t), _t(2.0, t)), "unique"),
    "Laplace": Case(lambda t: tfd.Laplace(_t([0.0, 1.0, -2.0], t), _t(2.0, t)), "unique"),
    "Cauchy": Case(lambda t: tfd.Cauchy(_t([0.0, 1.0, -2.0], t), _t(2.0, t)), "unique"),
    "Uniform": Case(lambda t: tfd.Uniform(_t([0.0, 1.0, -2.0], t), _t(2.0, t)), "unique"),
    "Deterministic": Case(lambda t: tfd.Deterministic(_t([0.0, 1.0, -2.0], t)), "unique"),
    "VectorDeterministic": Case(
        lambda t: tfd.VectorDeterministic(_t([[0.0, 1.0]] * 3, t)), "unique"
    ),
    "Exponential": Case(lambda t: tfd.Exponential(_t([0.1, 1.0, 5.0], t)), "unique"),
    "Weibull": Case(lambda t: tfd.Weibull(_t([0.5, 1.0, 5.0], t), _t(2.0, t)), "unique"),
    "Pareto": Case(lambda t: tfd.Pareto(_t([0.5, 1.0, 5.0], t), _t(2.0, t)), "unique"),
    "HalfNormal": Case(lambda t: tfd.HalfNormal(_t([0.5, 1.0, 5.0], t)), "unique"),
    "HalfCauchy": Case(lambda t: tfd.HalfCauchy(_t([0.5, 1.0, 5.0], t), _t(2.0, t)), "unique"),
    "TruncatedNormal": Case(
        lambda t: tfd.TruncatedNormal(
            _t([0.0, 1.0, 8.0], t), _t([1.0, 2.0, 1.0], t), _t([-1.0, 0.0, 0.0], t), _t(3.0, t)
        ),
        "unique",
        1e-4,
    ),
    "Gamma": Case(lambda t: tfd.Gamma(_t([0.3, 2.0, 50.0], t), _t([1.0, 0.1, 3.0], t)), "unique"),
    "Gamma, log rate": Case(
        lambda t: tfd.Gamma(_t([0.3, 2.0, 50.0], t), log_rate=_t([1.0, 0.1, 3.0], t)), "unique"
    ),
    "ExpGamma": Case(lambda t: tfd.ExpGamma(_t([0.1, 2.0, 50.0], t), _t(2.0, t)), "unique"),
    "InverseGamma": Case(lambda t: tfd.InverseGamma(_t([0.7, 2.0, 50.0], t), _t(2.0, t)), "unique"),
    "Chi2": Case(lambda t: tfd.Chi2(_t([1.0, 2.0, 50.0], t)), "unique"),
    "Chi": Case(lambda t: tfd.Chi(_t([1.0, 2.0, 50.0], t)), "unique"),
    "StudentT": Case(
        lambda t: tfd.StudentT(_t([1.5, 4.0, 50.0], t), _t(1.0, t), _t(2.0, t)), "posterior"
    ),
    "Beta": Case(lambda t: tfd.Beta(_t([0.3, 2.0, 50.0], t), _t([0.5, 3.0, 7.0], t)), "posterior"),
    "Dirichlet": Case(
        lambda t: tfd.Dirichlet(_t([[0.3, 2.0, 5.0], [1.0, 1.0, 1.0], [9.0, 0.6, 2.0]], t)),
        "posterior",
    ),
    "Kumaraswamy": Case(
        lambda t: tfd.Kumaraswamy(_t([0.7, 2.0, 3.0], t), _t(2.0, t)), "unique", 1e-4
    ),
    "LogitNormal": Case(
        lambda t: tfd.LogitNormal(_t([0.0, 1.0, -2.0], t), _t(0.5, t)), "unique", 1e-4
    ),
    "SinhArcsinh": Case(
        lambda t: tfd.SinhArcsinh(_t([0.0, 1.0, -2.0], t), _t(0.5, t), _t(0.3, t), _t(1.0, t)),
        "unique",
        1e-4,
    ),
    "Poisson": Case(lambda t: tfd.Poisson(_t([0.2, 3.0, 40.0], t)), "posterior"),
    "Poisson, log rate": Case(lambda t: tfd.Poisson(log_rate=_t([-1.0, 1.0, 4.0], t)), "posterior"),
    "NegativeBinomial": Case(
        lambda t: tfd.NegativeBinomial(_t([0.5, 3.0, 20.0], t), logits=_t([0.0, 1.0, -1.0], t)),
        "posterior",
    ),
    "Binomial": Case(
        lambda t: tfd.Binomial(_t([1.0, 10.0, 300.0], t), probs=_t([0.5, 0.9, 0.02], t)),
        "posterior",
    ),
    "Binomial, logits": Case(
        lambda t: tfd.Binomial(_t(7.0, t), logits=_t([0.0, 1.0, -3.0], t)), "posterior"
    ),
    "Geometric": Case(lambda t: tfd.Geometric(probs=_t([0.1, 0.5, 0.9], t)), "posterior"),
    "Zipf": Case(lambda t: tfd.Zipf(_t([1.6, 2.0, 3.0], t)), "posterior"),
    "Bernoulli": Case(lambda t: tfd.Bernoulli(logits=_t([0.0, 1.0, -2.0], t)), "posterior"),
    "Bernoulli, probs": Case(lambda t: tfd.Bernoulli(probs=_t([0.1, 0.5, 0.9], t)), "posterior"),
    "Categorical": Case(lambda t: tfd.Categorical(logits=_logits(t)), "posterior"),
    "Categorical, probs": Case(
        lambda t: tfd.Categorical(probs=_t([[0.2, 0.3, 0.5]] * 3, t)), "posterior"
    ),
    "OneHotCategorical": Case(lambda t: tfd.OneHotCategorical(logits=_logits(t)), "posterior"),
    "FiniteDiscrete": Case(
        lambda t: tfd.FiniteDiscrete(_t([1.0, 2.5, 4.0, 5.0], t), logits=_logits(t)), "posterior"
    ),
    "OrderedLogistic": Case(
        lambda t: tfd.OrderedLogistic(_t([-2.0, -0.5, 1.0, 2.0], t), _t([0.0, 1.0, -2.0], t)),
        "posterior",
    ),
    "OrderedPicks": Case(lambda t: OrderedPicks(_logits(t), 2), "posterior"),
    "PlackettLuce": Case(lambda t: tfd.PlackettLuce(tf.exp(_logits(t))), "posterior"),
    "RelaxedBernoulli": Case(
        lambda t: tfd.RelaxedBernoulli(_t(0.8, t), logits=_t([0.0, 1.0, -2.0], t)), "unique", 1e-3
    ),
    "ExpRelaxedOneHotCategorical": Case(
        lambda t: tfd.ExpRelaxedOneHotCategorical(_t([0.5] * 3, t), logits=_logits(t)), "none"
    ),
    "RelaxedOneHotCategorical": Case(
        lambda t: tfd.RelaxedOneHotCategorical(_t([0.9] * 3, t), logits=0.5 * _logits(t)), "none"
    ),
    "MultivariateNormalDiag": Case(
        lambda t: tfd.MultivariateNormalDiag(_t([[0.0, 1.0]] * 3, t), _t([1.0, 2.0], t)), "unique"
    ),
    "MultivariateNormalTriL": Case(
        lambda t: tfd.MultivariateNormalTriL(_t([[0.0, 1.0]] * 3, t), _tril(t)), "unique"
    ),
    "MultivariateNormalLinearOperator": Case(
        lambda t: tfd.MultivariateNormalLinearOperator(
            _t([[0.0, 1.0]] * 3, t), tf.linalg.LinearOperatorFullMatrix(_tril(t))
        ),
        "unique",
    ),
    "MultivariateNormalDiagPlusLowRank": Case(_low_rank, "unique"),
    "Independent": Case(
        lambda t: tfd.Independent(tfd.Gumbel(_t([[0.0, 1.0]] * 3, t), _t([1.0, 2.0], t)), 1),
        "unique",
    ),
    "Independent Bernoulli": Case(
        lambda t: tfd.Independent(tfd.Bernoulli(logits=_logits(t)), 1), "posterior"
    ),
    "Sample": Case(
        lambda t: tfd.Sample(tfd.Normal(_t([0.0, 1.0, 2.0], t), _t(1.0, t)), [2, 2]), "unique"
    ),
    "Sample of vectors": Case(
        lambda t: tfd.Sample(tfd.MultivariateNormalTriL(_t([[0.0, 1.0]] * 3, t), _tril(t)), 4),
        "unique",
    ),
    "BatchBroadcast": Case(
        lambda t: tfd.BatchBroadcast(tfd.Normal(_t(0.0, t), _t([1.0, 2.0], t)), [3, 2]), "unique"
    ),
    "TransformedDistribution": Case(_sheared, "unique"),
    "MixtureSameFamily": Case(_mixture, "posterior"),
    "MixtureSameFamily, reparameterised": Case(
        lambda t: _mixture(t, reparameterize=True), "posterior"
    ),
    "MixtureSameFamily of vectors": Case(_vector_mixture, "posterior"),
    "MixtureSameFamily, every component drawn": Case(_unmappable_mixture, "posterior"),
    "Masked": Case(
        lambda t: tfd.Masked(tfd.Gamma(_t([1.0, 2.0, 3.0], t), _t(2.0, t)), [True, False, True]),
        "posterior",
    ),
    "Masked vectors, with a safe value": Case(
        lambda t: tfd.Masked(
            tfd.MultivariateNormalTriL(_t([[0.0, 1.0]] * 3, t), _tril(t)),
            [True, True, False],
            safe_sample_fn=lambda d: d.mean(),
        ),
        "posterior",
    ),
    "Mixture": Case(_heterogeneous, "posterior"),
    "Blockwise of a list": Case(_mixed_blocks, "unique"),
    "Blockwise of a coroutine": Case(_iterated, "posterior"),
}
