"""Standard noise: right quantiles, right ends, right laws."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from recsim_ng.core import noise, standard_noise
from tests import statistical

# Words that reach each end and the middle of either side, and places between.
FIRST_WORDS = np.unique(
    np.concatenate(
        [
            [0, 1, 2, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 2, 2**32 - 1],
            np.geomspace(1, 2**31 - 1, 400),
            2**31 + np.geomspace(1, 2**31 - 1, 400),
            np.linspace(0, 2**32 - 1, 400),
        ]
    ).astype(np.uint64)
).astype(np.uint32)
SECOND_WORDS = np.resize(np.uint32([0, 2**32 - 1, 12345, 2**31]), FIRST_WORDS.shape)
SECOND_WORDS[(FIRST_WORDS == 0) | (FIRST_WORDS == 2**31)] = 0  # the very ends
DTYPES = [tf.float16, tf.bfloat16, tf.float32, tf.float64]


def of_words(fn, dtype):
    return fn(tf.constant(FIRST_WORDS), tf.constant(SECOND_WORDS), dtype).numpy()


def masses(dtype):
    """The side and, in double precision, the mass beyond: as the documentation defines them."""
    upper, low = FIRST_WORDS >= 2**31, (FIRST_WORDS & np.uint32(2**31 - 1)).astype(np.float64)
    if dtype == tf.float64:
        return upper, (low * 2.0**32 + SECOND_WORDS + 0.5) * 2.0**-64
    # One addition in single precision: what it rounds off is no error of the quantile.
    single = low.astype(np.float32) + np.float32(0.5)
    return upper, single.astype(np.float64) * 2.0**-32


def test_single_precision_normals_are_quantiles_to_two_in_a_million_beyond_six_deviations():
    upper, mass = masses(tf.float32)
    exact = np.where(upper, stats.norm.isf(mass), stats.norm.ppf(mass))
    found = of_words(standard_noise._normal, tf.float32)
    assert found.min() < -6.2 and found.max() > 6.2
    near = mass > 0.49  # where 1 - 2 mass has few digits left
    np.testing.assert_allclose(found[~near], exact[~near], rtol=2e-6)
    np.testing.assert_allclose(found[near], exact[near], atol=3e-7)


def test_double_precision_normals_are_quantiles_beyond_nine_deviations():
    upper, mass = masses(tf.float64)
    exact = np.where(upper, stats.norm.isf(mass), stats.norm.ppf(mass))
    found = of_words(standard_noise._normal, tf.float64)
    assert found.min() < -9 and found.max() > 9
    np.testing.assert_allclose(found, exact, rtol=1e-12, atol=1e-14)


LAWS = {
    "uniform": stats.uniform,
    "exponential": stats.expon,
    "gumbel": stats.gumbel_r,
    "logistic": stats.logistic,
    "normal": stats.norm,
}


@pytest.mark.parametrize("name", ["exponential", "gumbel", "logistic", "uniform"])
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64], ids=["single", "double"])
def test_other_laws_are_quantiles_in_both_tails(name, dtype):
    upper, mass = masses(dtype)
    law = LAWS[name]
    # A Gumbel draw is made of an exponential one, which it falls with.
    rises = upper if name != "gumbel" else ~upper
    exact = np.where(rises, law.isf(mass), law.ppf(mass))
    found = of_words(getattr(standard_noise, f"_{name}"), dtype).astype(np.float64)
    eps = 2.0**-24 if dtype == tf.float32 else 2.0**-52
    # Near the median the logarithm of a number near its zero has absolute precision.
    np.testing.assert_allclose(found, exact, rtol=8 * eps, atol=4 * eps if name != "uniform" else 0)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.name)
def test_noise_stays_inside_its_open_range_at_the_extreme_words(dtype):
    uniform = of_words(standard_noise._uniform, dtype).astype(np.float64)
    assert uniform.min() > 0 and uniform.max() < 1
    assert of_words(standard_noise._exponential, dtype).astype(np.float64).min() > 0
    for fn in (standard_noise._normal, standard_noise._gumbel, standard_noise._logistic):
        assert np.isfinite(of_words(fn, dtype).astype(np.float64)).all()


@pytest.mark.parametrize("fn", ["_uniform", "_normal", "_exponential", "_logistic"])
def test_noise_grows_with_the_quantile(fn):
    # The order of quantiles: up the lower side, then down the upper side's distances.
    side = FIRST_WORDS >= 2**31
    order = np.concatenate([np.flatnonzero(~side), np.flatnonzero(side)[::-1]])
    found = of_words(getattr(standard_noise, fn), tf.float32)[order]
    # Neighbours may be equal, or off by the polynomials' error.
    assert np.all(np.diff(found) >= -2e-6 * np.maximum(1, np.abs(found[1:])))


def test_noise_is_the_same_in_eager_graph_and_xla_to_rounding():
    def draw(seed):
        key = noise.site_key(seed, 0, "v", "s")
        return [
            getattr(standard_noise, name)(key.fold(name), (2000,), dtype)
            for name in LAWS
            for dtype in (tf.float32, tf.float64)
        ]

    eager = draw(3)
    for jit in (False, True):
        compiled = tf.function(draw, jit_compile=jit)(tf.constant(3))
        for one, other in zip(eager, compiled, strict=True):
            np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64], ids=["single", "double"])
def test_noise_has_its_law(name, dtype, seed):
    # Catches a distance of 0.0108 between distribution functions (power 0.999).
    key = noise.site_key(seed, 0, "v", "s")
    draws = getattr(standard_noise, name)(key, (1000, 200), dtype).numpy().ravel()
    statistical.assert_same_distribution(draws, LAWS[name].cdf, what=name)
    with statistical.must_catch():
        wrong = draws + 0.05 * LAWS[name].std()
        statistical.assert_same_distribution(wrong, LAWS[name].cdf, what=name)


def test_tails_of_normal_noise_have_their_mass(seed):
    # Beyond 3.5 deviations: catches 13 % more or less than is right (power 0.999).
    draw = tf.function(standard_noise.normal, jit_compile=True)
    draws = draw(noise.site_key(seed, 0, "v", "s"), (2000, 2000)).numpy()
    for count in ((draws > 3.5).sum(), (draws < -3.5).sum()):
        statistical.assert_proportion(count, draws.size, stats.norm.sf(3.5), what="tail")
    with statistical.must_catch():
        wrong = (1.05 * draws > 3.5).sum()
        statistical.assert_proportion(wrong, draws.size, stats.norm.sf(3.5), what="tail")


def test_neighbours_are_uncorrelated(seed):
    # Columns: an element, the next user's, the next place's, the next step's, another site's.
    shape = (301, 101)
    here = standard_noise.normal(noise.site_key(seed, 4, "v", "s"), shape).numpy()
    others = [
        standard_noise.normal(noise.site_key(*address), shape).numpy()[:300, :100]
        for address in ((seed, 5, "v", "s"), (seed, 4, "v", "t"), (seed + 1, 4, "v", "s"))
    ]
    columns = [here[:300, :100], here[1:, :100], here[:300, 1:], *others]
    # Overlapping shifts share draws, so rows are taken two apart.
    table = np.stack([c[::2, ::2].ravel() for c in columns], 1)
    statistical.assert_covariance(table, np.eye(len(columns)), what="neighbouring noise")
    with statistical.must_catch():
        table[:, 1] += 0.2 * table[:, 0]
        statistical.assert_covariance(table, np.eye(len(columns)), what="neighbouring noise")
