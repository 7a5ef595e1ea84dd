"""Outcomes that a law does not allow have no probability; all that it draws are allowed."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from recsim_ng import Network, ed
from recsim_ng.core import Value, Variable
from recsim_ng.core.errors import DataError
from recsim_ng.core.variable import value
from recsim_ng.inference import fit
from recsim_ng.inference.conditioned import log_prob
from tests.small_networks import X

tfd = tfp.distributions
THREE = [0.3, 0.0, -0.4]
CASES = {
    "bernoulli": (tfd.Bernoulli(0.3), [2, -1]),
    "real_bernoulli": (tfd.Bernoulli(0.3, dtype=tf.float32), [2.0, -0.1]),
    "real_one_hot": (tfd.OneHotCategorical(THREE, dtype=tf.float32), [[1.0, 1.0, 0.0]]),
    "binomial": (tfd.Binomial(10.0, 0.3), [11.0, -1.0, 2.5]),
    "beta_binomial": (tfd.BetaBinomial(10.0, 2.0, 2.0), [11.0, -0.5]),
    "categorical": (tfd.Categorical(THREE), [3, -1]),
    "chi": (tfd.Chi(3.0), [-1.0]),
    "chi2": (tfd.Chi2(3.0), [-1.0]),
    "dirichlet": (tfd.Dirichlet([2.0, 3.0]), [[0.2, 0.2], [1.5, -0.5]]),
    "dirichlet_multinomial": (tfd.DirichletMultinomial(3.0, [2.0, 1.0]), [[5.0, 1.0]]),
    "exponential": (tfd.Exponential(2.0), [-2.0]),
    "gamma": (tfd.Gamma(2.0, 1.0), [-2.0]),
    "geometric": (tfd.Geometric(0.3), [-1.0, 0.5]),
    "inverse_gamma": (tfd.InverseGamma(2.0, 1.0), [-2.0]),
    "multinomial": (tfd.Multinomial(3.0, THREE), [[5.0, 1.0, 0.0], [1.5, 1.5, 0.0]]),
    "negative_binomial": (tfd.NegativeBinomial(3.0, 0.3), [-1.0, 0.5]),
    "one_hot": (tfd.OneHotCategorical(THREE), [[1, 1, 0], [0, 0, 0], [2, -1, 0]]),
    "ordered": (tfd.OrderedLogistic([0.0, 1.0], 0.0), [3, -1]),
    "pareto": (tfd.GeneralizedPareto(0.5, 1.0, 0.5), [0.4]),
    "poisson": (tfd.Poisson(2.0), [2.5, -2.0]),
    "zipf": (tfd.Zipf(3.0, dtype=tf.float32), [0.0, 1.5]),
    "independent": (tfd.Independent(tfd.Poisson([1.0, 2.0]), 1), [[1.0, 0.5]]),
    "sample": (tfd.Sample(tfd.Exponential([1.0, 2.0]), 3), [np.diag([1.0, 1.0, -1.0])[:2] - 0.1]),
    "sample_categorical": (tfd.Sample(tfd.Categorical([THREE] * 2), 4), [[[0, 1, 3, 2]] * 2]),
    "same_family": (
        tfd.MixtureSameFamily(tfd.Categorical([0.0, 0.0]), tfd.Exponential([1.0, 2.0])),
        [-1.0],
    ),
    "mixture_categorical": (
        tfd.MixtureSameFamily(tfd.Categorical([0.0, 0.0]), tfd.Categorical([THREE] * 2)),
        [3, -1],
    ),
    "mixture": (
        tfd.Mixture(tfd.Categorical([0.0, 0.0]), [tfd.Exponential(1.0), tfd.Gamma(2.0, 1.0)]),
        [-1.0],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_law_does_not_allow_has_no_probability(name):
    law, bad = CASES[name]
    for x in bad:
        found = log_prob(law, tf.constant(x, law.dtype))
        assert np.all(np.isneginf(found)), (x, found)


@pytest.mark.parametrize("name", CASES)
def test_what_a_law_draws_has_the_laws_probability(name):
    law, _ = CASES[name]
    x = law.sample(50, seed=(1, 2))
    found = np.asarray(log_prob(law, x))
    assert np.all(np.isfinite(found))
    np.testing.assert_array_equal(found, law.log_prob(x))


def test_one_bad_outcome_leaves_the_others_as_they_are():
    law = tfd.Sample(tfd.Exponential([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), 4)
    x = law.sample(seed=(1, 2)).numpy()
    expected = law.log_prob(x).numpy()
    x[1, 0, 2] = -1.0
    expected[1, 0] = -np.inf
    np.testing.assert_array_equal(log_prob(law, tf.constant(x)), expected)


def test_real_numbers_between_two_outcomes_have_gradients():
    x = tf.Variable([0.2, 0.7])
    with tf.GradientTape() as tape:
        found = log_prob(tfd.Bernoulli(0.3, dtype=tf.float32), x)
    np.testing.assert_allclose(tape.gradient(found, x), [0.3, 0.3], rtol=1e-6)


def test_a_masked_outcome_may_be_anything():
    law = tfd.Masked(tfd.Exponential(tf.ones(3)), [True, False, True])
    np.testing.assert_array_equal(
        log_prob(law, tf.constant([1.0, -1.0, -1.0])), [-1.0, 0.0, -np.inf]
    )


def test_shares_may_be_rounded_and_counts_great():
    assert np.isfinite(log_prob(tfd.Dirichlet([2.0, 3.0, 1.0]), tf.constant([0.33, 0.33, 0.33])))
    counts = tf.constant([3e8, 4e8, 3.3e8])
    assert np.isfinite(log_prob(tfd.Multinomial(1.03e9, THREE), counts))


@pytest.mark.parametrize(
    ("law", "seen"),
    [
        (lambda t: ed.Exponential(tf.exp(t), name="x"), [1.0, 1.0, -2.0, 1.0]),
        (lambda t: ed.Categorical(tf.stack([t, 0.0, 0.0]), name="x"), [1, 2, 3, 1]),
    ],
)
def test_a_fit_names_what_cannot_have_been_observed(law, seen):
    level, shown = Variable("level", X), Variable("shown", X)
    level.initial_value = value(lambda: Value(x=ed.Normal(0.0, 1.0, name="x")))
    shown.initial_value = shown.value = value(lambda t: Value(x=law(t.get("x"))), (level,))
    with pytest.raises(
        DataError,
        match="fit: the logs must be possible for draws of the prior, got no probability for "
        "variable 'shown', field 'x', step 2; correct the logs, or widen the story's laws",
    ):
        fit(Network([level, shown]), {"shown": Value(x=tf.constant(seen))}, method="map")
