"""Discrete unknowns summed out, against sums written by hand."""

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng import Network, ed
from recsim_ng.core import Space, Value, ValueSpec, Variable
from recsim_ng.core.errors import DataError
from recsim_ng.core.variable import value
from recsim_ng.inference import Scorer, Target
from recsim_ng.inference.finite_support import combinations, finite_support, num_combinations
from recsim_ng.inference.gradient import with_gradient
from recsim_ng.inference.marginal import Marginal
from tests.inference.state_space import hidden_markov, users
from tests.small_networks import X
from tests.statistical import assert_proportion, must_catch

tfd = tfp.distributions
U = 3
Y = np.array([[0.3, -1.2, 0.9], [1.5, -0.4, -0.2], [0.8, -1.9, 0.4]], np.float32)
LOGS = {"seen": Value(x=tf.constant(Y))}


def integers(shape, dims):
    return ValueSpec(x=Space(gymnasium.spaces.Box(0, 9, shape, np.int32), dims=dims))


def mixture(kinds, spec, law, effect=lambda x: 0.0 * x):
    """Theta ~ N(0, 1); the kind of each user, or of all; y_t ~ N(theta where the kind is 1, 1)."""
    theta, kind, seen = Variable("theta", X), Variable("kind", spec), Variable("seen", users((U,)))
    theta.initial_value = value(lambda: Value(x=ed.Normal(0.0, 1.0, name="x")))
    kind.initial_value = value(
        lambda t: Value(x=law(t.get("x") * tf.ones(kinds), name="x")), (theta,)
    )

    def observation(k, t):
        is_one = tf.cast(k.get("x"), tf.float32) * tf.ones(U)
        mean = t.get("x") * is_one - (1.0 - is_one) + effect(is_one)
        return Value(x=ed.Normal(mean, 1.0, name="x"))

    seen.value = value(observation, (kind, theta))
    return Network([theta, kind, seen])


def bernoulli(logits, name):
    return ed.Bernoulli(logits=logits, name=name)


def normal(x, mean):
    return -0.5 * (x - mean) ** 2 - 0.5 * np.log(2 * np.pi)


def log_odds_parts(theta, together):
    """Returns log p(kind 0, y) and log p(kind 1, y) of each user, or of all together."""
    y = Y.astype(np.float64)
    one, zero = normal(y, theta).sum(0), normal(y, -1.0).sum(0)
    if together:
        one, zero = one.sum(), zero.sum()
    return -np.log1p(np.exp(theta)) + zero, -np.log1p(np.exp(-theta)) + one


@pytest.fixture(scope="module", params=["of each user", "of all"])
def marginal(request):
    together = request.param == "of all"
    kinds, dims = ((), ()) if together else ((U,), ("user",))
    story = mixture(kinds, integers(kinds, dims), bernoulli)
    return Marginal(Target(story, LOGS)), together


def test_the_density_is_the_sum_over_kinds(marginal):
    found, together = marginal
    theta = 0.7
    assert [u.name for u in found.unknowns] == ["theta.x"]
    assert [u.name for u in found.discrete] == ["kind.x"]
    np.testing.assert_array_equal(found.supports["kind.x"], [0, 1])

    def exact(theta):
        return normal(theta, 0.0) + np.sum(np.logaddexp(*log_odds_parts(theta, together)))

    x = tf.constant(theta)
    assert float(found.log_joint([x])) == pytest.approx(exact(theta), rel=1e-5)
    zero, one = log_odds_parts(theta, together)
    probabilities = found.probabilities([x])["kind.x"]
    np.testing.assert_allclose(probabilities[..., 1], 1 / (1 + np.exp(zero - one)), rtol=1e-4)
    np.testing.assert_allclose(np.sum(probabilities, axis=-1), 1.0, rtol=1e-5)


def test_it_is_differentiated_under_xla(marginal):
    found, together = marginal
    spec = tf.TensorSpec([], tf.float32)
    density = tf.function(with_gradient(found.log_prob, spec), jit_compile=True, autograph=False)
    x = tf.constant(0.7)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = density(x)
    ends = [
        normal(t, 0.0) + np.sum(np.logaddexp(*log_odds_parts(t, together))) for t in (0.699, 0.701)
    ]
    assert float(tape.gradient(y, x)) == pytest.approx((ends[1] - ends[0]) / 0.002, rel=1e-4)


def test_draws_have_the_posterior_and_the_shape(marginal, seed):
    found, together = marginal
    x = [tf.constant(-0.4)]
    draws = np.asarray(found.draw(x, 4000, seed)["kind.x"])
    assert draws.shape == ((4000,) if together else (4000, U))
    assert draws.dtype == np.int32
    zero, one = log_odds_parts(-0.4, together)
    expected = 1 / (1 + np.exp(zero - one))
    assert_proportion(draws.sum(0), 4000, expected, what="kinds given the rest")
    with must_catch():
        assert_proportion(draws.sum(0), 4000, 1 / (1 + np.exp(one - zero)))


def test_users_who_depend_on_each_other_are_summed_together():
    effect = lambda x: tf.reduce_mean(x)  # noqa: E731
    network = mixture((U,), integers((U,), ("user",)), bernoulli, effect)
    found = Marginal(Target(network, LOGS))
    theta = tf.constant(0.3)
    terms, scorer = [], Scorer(network)
    for i in range(2**U):
        kinds = tf.constant([[(i >> u) & 1 for u in range(U)]] * len(Y), tf.int32)
        held = {"kind": Value(x=kinds), "theta": Value(x=tf.fill([len(Y)], 0.3)), **LOGS}
        terms.append(float(scorer.total(held)))
    expected = np.logaddexp.reduce(terms)
    assert float(found.log_joint([theta])) == pytest.approx(expected, rel=1e-5)
    with pytest.raises(
        DataError,
        match=r"Marginal: \['kind.x'\] must have at most 7 values together, since users are not "
        r"independent, to be summed out, got 8; put them into the logs, or use method='smc'",
    ):
        Marginal(Target(network, LOGS), max_combinations=7)


def test_what_cannot_be_summed_out_is_refused_by_name():
    network = hidden_markov(U)
    with pytest.raises(
        DataError,
        match=r"Marginal: discrete unknowns must be drawn once, got \['chain.x'\] drawn at every "
        r"step; use MarginalChain or method='smc'",
    ):
        Marginal(Target(network, LOGS))
    counts = mixture(
        (U,), integers((U,), ("user",)), lambda x, name: ed.Poisson(tf.exp(x), name=name)
    )
    counts.variables[1]._spec = users((U,))
    with pytest.raises(
        DataError,
        match="Marginal: 'kind.x' must have a small finite support to be summed out, got Poisson;",
    ):
        target = Target(counts, LOGS)
        target._unknowns = [
            u if u.name != "kind.x" else type(u)(**{**vars(u), "bijector": None})
            for u in target.unknowns
        ]
        Marginal(target)


@pytest.mark.parametrize(
    ("law", "expected", "ndims"),
    [
        (tfd.Bernoulli(logits=tf.zeros(4)), [0, 1], 0),
        (tfd.Categorical(logits=tf.zeros([4, 3])), [0, 1, 2], 0),
        (tfd.Independent(tfd.Categorical(logits=tf.zeros([4, 2])), 1), [0, 1], 0),
        (tfd.Sample(tfd.Bernoulli(probs=0.5), 3), [0, 1], 0),
        (tfd.OneHotCategorical(logits=tf.zeros([4, 2])), [[1, 0], [0, 1]], 1),
        (tfd.FiniteDiscrete([0.5, 2.0], probs=[0.3, 0.7]), [0.5, 2.0], 0),
    ],
    ids=lambda x: type(x).__name__,
)
def test_supports_of_finite_laws(law, expected, ndims):
    found = finite_support(law)
    np.testing.assert_array_equal(found.values, expected)
    assert found.event_ndims == ndims
    assert tf.as_dtype(found.values.dtype) == law.dtype


def test_laws_without_a_finite_support_have_none():
    assert finite_support(tfd.Poisson(1.0)) is None
    assert finite_support(tfd.Normal(0.0, 1.0)) is None


def test_combinations_are_all_there_are():
    supports = [
        finite_support(tfd.OneHotCategorical(logits=tf.zeros(3))),
        finite_support(tfd.Bernoulli(probs=0.5)),
    ]
    shapes = [(3,), (2,)]
    assert num_combinations(supports, shapes) == 3 * 2**2
    values, numbers = combinations(supports, shapes)
    assert [x.shape for x in values] == [(12, 3), (12, 2)]
    assert [x.shape for x in numbers] == [(12,), (12, 2)]
    rows = np.concatenate([values[0], values[1]], axis=1)
    assert len(np.unique(rows, axis=0)) == 12
