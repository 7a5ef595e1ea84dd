"""The quantiles behind the gamma families and the counts, against SciPy's."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from recsim_ng.core.transforms import binomial_quantile, gamma_quantile, poisson_quantile

SCORES = np.linspace(-6.5, 6.5, 261)
SHAPES = np.concatenate([np.geomspace(1e-4, 3.999, 50), [4.0], np.geomspace(4.001, 1e6, 40)])


def exact_log_quantile(z, a):
    with np.errstate(all="ignore"):
        lower, upper = (
            special.gammaincinv(a, stats.norm.cdf(z)),
            special.gammainccinv(a, stats.norm.sf(z)),
        )
        found = np.log(np.where(z < 0, lower, upper))
        # Where the quantile underflows, the first term of the series is all there is.
        first_term = (stats.norm.logcdf(z) + special.gammaln(1 + a)) / a
    return np.where(first_term < -30, first_term, found)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64], ids=["single", "double"])
def test_gamma_quantiles_are_scipys_to_two_in_a_million(dtype):
    z, a = (tf.constant(x.ravel(), dtype) for x in np.meshgrid(SCORES, SHAPES))
    exact = exact_log_quantile(z.numpy().astype(np.float64), a.numpy().astype(np.float64))
    found = gamma_quantile.log_quantile(z, a)
    # In single precision a logarithm of 50 has five digits after the point.
    relative = 2e-7 if dtype == tf.float32 else 0.0
    tiny_shape = np.where(a.numpy() < 1e-2, 3e-5, 0.0) if dtype == tf.float32 else 0.0
    error = np.abs(found - exact)
    assert np.all(error <= 2e-6 + tiny_shape + 5 * relative * np.abs(exact))


def test_gamma_scores_invert_gamma_quantiles():
    z, a = (tf.constant(x.ravel(), tf.float64) for x in np.meshgrid(SCORES, SHAPES))
    log_x = gamma_quantile.log_quantile(z, a)
    seen = log_x > -600.0
    found = gamma_quantile.normal_score(tf.exp(log_x), log_x, a)
    np.testing.assert_allclose(found[seen], z[seen], atol=1e-6)


def test_gamma_quantiles_have_the_librarys_implicit_gradient():
    z, a = (
        tf.constant(x.ravel(), tf.float64) for x in np.meshgrid(SCORES[20:-20:5], SHAPES[20:80:3])
    )
    with tf.GradientTape() as tape:
        tape.watch([z, a])
        log_x = gamma_quantile.log_quantile(z, a)
    by_z, by_a = tape.gradient(log_x, [z, a])
    x = tf.exp(log_x)
    seen = x > 1e-30  # where it underflows the library's gradient is NaN
    exact = tf.raw_ops.RandomGammaGrad(alpha=a, sample=x) / x
    np.testing.assert_allclose(by_a[seen], exact[seen], rtol=2e-4, atol=2e-5)
    log_density = stats.gamma.logpdf(x, a)
    by_score = np.exp(stats.norm.logpdf(z) - log_density - log_x)
    np.testing.assert_allclose(by_z[seen], by_score[seen], rtol=2e-4)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64], ids=["single", "double"])
def test_poisson_counts_are_scipys(dtype):
    rates = [1e-3, 0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 100.0, 1e3, 1e4, 1e5]
    z, rate = np.meshgrid(np.linspace(-4.4, 4.4, 8001), np.float32(rates))
    found = tf.function(poisson_quantile.count, jit_compile=True)(
        tf.constant(z, dtype), tf.constant(rate, dtype)
    )
    z = z.astype(dtype.as_numpy_dtype).astype(np.float64)
    lower, upper = (
        stats.poisson.ppf(stats.norm.cdf(z), rate),
        stats.poisson.isf(stats.norm.sf(z), rate),
    )
    wrong = found.numpy() != np.where(z < 0, lower, upper)
    # A score within rounding of where the count changes may fall to either side.
    assert wrong.sum() <= (3 if dtype == tf.float64 else 12)


def test_poisson_counts_of_six_deviations_are_right_for_small_rates():
    for rate in (1e-3, 0.3, 2.0, 9.0):
        for z in (-6.0, 5.0, 6.0):
            exact = (
                stats.poisson.isf(stats.norm.sf(z), rate)
                if z > 0
                else stats.poisson.ppf(stats.norm.cdf(z), rate)
            )
            assert float(poisson_quantile.count(tf.constant(z), tf.constant(rate))) == exact


def test_poisson_counts_of_rate_zero_are_zero():
    z = tf.constant([-5.0, 0.0, 5.0])
    np.testing.assert_array_equal(poisson_quantile.count(z, tf.constant(0.0)), [0, 0, 0])


def test_binomial_counts_are_scipys():
    trials = [1, 2, 3, 5, 10, 50, 1000, 10**6]
    chances = [1e-6, 1e-3, 0.02, 0.2, 0.5, 0.9, 0.999, 1 - 1e-7]
    z, n, p = np.meshgrid(np.linspace(-6.4, 6.4, 640), np.float64(trials), chances)
    found = tf.function(binomial_quantile.count, jit_compile=True)(
        *map(tf.constant, (z, n, p, 1 - p))
    )
    lower, upper = stats.binom.ppf(stats.norm.cdf(z), n, p), stats.binom.isf(stats.norm.sf(z), n, p)
    np.testing.assert_array_equal(found, np.where(z < 0, lower, upper))


@pytest.mark.parametrize(("n", "p", "count"), [(0, 0.5, 0), (5, 0.0, 0), (5, 1.0, 5), (0, 1.0, 0)])
def test_binomial_counts_without_chance_are_sure(n, p, count):
    z = tf.constant([-6.0, 0.0, 6.0])
    found = binomial_quantile.count(z, tf.constant(n), tf.constant(p), tf.constant(1 - p))
    np.testing.assert_array_equal(found, [count] * 3)
