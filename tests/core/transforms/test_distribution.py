"""Draws have the law that TFP's own distribution functions, probabilities and moments say.

Each check pools three parameter settings. With `SIZE` draws of each it catches, with power 0.999, a
distance of 0.015 between distribution functions, pooled; for probabilities, see
`statistical.smallest_detectable`. In double precision the library's functions are the oracle.
"""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from recsim_ng.core import noise, sampling
from tests import statistical
from tests.core.transforms.families import FAMILIES, tfd

SIZE = 40_000


def draw(name, seed, size=SIZE):
    distribution = FAMILIES[name].make(tf.float32)
    return sampling.sample(distribution, noise.site_key(seed, 0, "v", "s"), (size,)).numpy()


def assert_law(levels, what):
    """Checks that levels of a distribution function are uniform, and that others are not."""
    levels = np.asarray(levels, np.float64).ravel()
    statistical.assert_same_distribution(levels, stats.uniform.cdf, what=what)
    with statistical.must_catch():
        statistical.assert_same_distribution(levels**1.1, stats.uniform.cdf, what=what)


def assert_counts(counts, probabilities, what):
    statistical.assert_frequencies(counts, probabilities, what=what)
    probabilities = np.asarray(probabilities)
    tilted = probabilities * np.resize([0.8, 1.2], probabilities.shape[-1])
    with statistical.must_catch():
        wrong = tilted / tilted.sum(-1, keepdims=True)
        statistical.assert_frequencies(counts, wrong, what=what)


UNIVARIATE = [
    "Normal",
    "LogNormal",
    "Logistic",
    "Gumbel",
    "Laplace",
    "Cauchy",
    "Uniform",
    "Exponential",
    "Weibull",
    "Pareto",
    "HalfNormal",
    "HalfCauchy",
    "TruncatedNormal",
    "Gamma",
    "Gamma, log rate",
    "ExpGamma",
    "InverseGamma",
    "Chi2",
    "Chi",
    "StudentT",
    "Beta",
    "Kumaraswamy",
    "LogitNormal",
    "SinhArcsinh",
    "MixtureSameFamily",
    "MixtureSameFamily, reparameterised",
    "MixtureSameFamily, every component drawn",
    "Mixture",
]


@pytest.mark.parametrize("name", UNIVARIATE)
def test_draws_follow_the_librarys_distribution_function(name, seed):
    values = tf.constant(draw(name, seed), tf.float64)
    assert_law(FAMILIES[name].make(tf.float64).cdf(values), name)


COUNTS = {
    "Poisson": 80,
    "Poisson, log rate": 110,
    "NegativeBinomial": 60,
    "Binomial": 30,
    "Binomial, logits": 8,
    "Geometric": 60,
    "Zipf": 30,
    "Bernoulli": 2,
    "Bernoulli, probs": 2,
    "Categorical": 4,
    "Categorical, probs": 3,
    "OrderedLogistic": 5,
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts_follow_the_librarys_probabilities(name, seed):
    # The last cell holds all greater counts.
    cells = COUNTS[name]
    values = np.minimum(draw(name, seed), cells - 1).astype(int)
    counts = np.stack([np.bincount(column, minlength=cells) for column in values.T])
    distribution = FAMILIES[name].make(tf.float64)
    within = np.arange(cells - 1)[:, None]
    support = tf.constant(within, distribution.dtype)
    probabilities = np.nan_to_num(distribution.prob(support).numpy())
    if name.startswith("Binomial"):
        probabilities = np.where(within > distribution.total_count, 0, probabilities)
    if name == "Zipf":
        probabilities[0] = 0  # the least count is 1
    rest = np.maximum(1 - probabilities.sum(0, keepdims=True), 0)
    table = np.concatenate([probabilities, rest]).T
    table[table < 1e-13] = 0
    assert_counts(counts, table / table.sum(-1, keepdims=True), name)


def test_one_hot_rows_and_outcomes_are_those_of_the_categories(seed):
    rows = draw("OneHotCategorical", seed)
    assert set(np.unique(rows)) == {0, 1} and np.all(rows.sum(-1) == 1)
    index = draw("Categorical", seed)
    np.testing.assert_array_equal(rows.argmax(-1), index)
    outcomes = np.float32([1.0, 2.5, 4.0, 5.0])
    np.testing.assert_array_equal(draw("FiniteDiscrete", seed), outcomes[index])


@pytest.mark.parametrize(
    ("name", "size"),
    [("PlackettLuce", 4), ("Blockwise of a coroutine", 2), ("OrderedPicks", 2)],
    ids=["all", "two", "ordered"],
)
def test_rankings_and_iterated_picks_have_their_probabilities(name, size, seed):
    distribution = FAMILIES[name].make(tf.float32)
    picks = list(itertools.permutations(range(4), size))
    codes = 4 ** np.arange(size)
    place = {int(np.dot(p, codes)): i for i, p in enumerate(picks)}
    values = draw(name, seed) @ codes
    counts = np.zeros([3, len(picks)], int)
    for user in range(3):
        for code, count in zip(*np.unique(values[:, user], return_counts=True), strict=True):
            counts[user, place[code]] = count
    given = tf.constant(picks, distribution.dtype)[:, None]
    # The users with one score each take part too; TFP wants each pick for each of them.
    log_prob = distribution.log_prob(tf.broadcast_to(given, [len(picks), 3, size]))
    assert_counts(counts, np.exp(log_prob).T, name)


NORMAL_VECTORS = [
    "MultivariateNormalDiag",
    "MultivariateNormalTriL",
    "MultivariateNormalLinearOperator",
    "MultivariateNormalDiagPlusLowRank",
    "TransformedDistribution",
]


@pytest.mark.parametrize("name", NORMAL_VECTORS)
def test_normal_vectors_have_mean_and_covariance(name, seed):
    # Catches 6 % of a variance or a correlation of 0.06, and 0.04 deviations of a mean.
    if name == "TransformedDistribution":
        mean, scale = np.tile([1.0, 0.0], (3, 1)), np.array([[1.0, 0.0], [0.5, 2.0]])
        covariance = scale @ scale.T
    else:
        distribution = FAMILIES[name].make(tf.float64)
        mean, covariance = distribution.mean().numpy(), distribution.covariance().numpy()
        covariance = np.broadcast_to(covariance, (3, 2, 2))[0]
    values = draw(name, seed)
    centred = (values - mean).reshape(-1, 2)
    statistical.assert_covariance(centred, covariance, what=name)
    statistical.assert_mean(values, mean, np.sqrt(np.diag(covariance)), what=name)
    with statistical.must_catch():
        statistical.assert_covariance(centred * [1.0, 1.1], covariance, what=name)
    with statistical.must_catch():
        statistical.assert_mean(values + 0.1, mean, np.sqrt(np.diag(covariance)), what=name)


@pytest.mark.parametrize(
    ("name", "law"),
    [
        ("Independent", lambda x: stats.gumbel_r.cdf(x, [0.0, 1.0], [1.0, 2.0])),
        ("Sample", lambda x: stats.norm.cdf(x, np.arange(3.0)[:, None, None])),
        ("BatchBroadcast", lambda x: stats.norm.cdf(x, scale=[1.0, 2.0])),
        ("Blockwise of a list", None),
        ("Sample of vectors", None),
    ],
)
def test_joined_draws_have_their_laws_and_are_independent(name, law, seed):
    values = draw(name, seed, SIZE // 2).astype(np.float64)
    if name == "Blockwise of a list":
        levels = stats.norm.cdf((values - np.stack([[u, 0, 0] for u in range(3)])) / [1, 1, 2])
    elif name == "Sample of vectors":
        whitened = np.linalg.solve([[1.0, 0.0], [0.5, 2.0]], (values - [0.0, 1.0])[..., None])
        levels = stats.norm.cdf(whitened[..., 0])
    else:
        levels = law(values)
    assert_law(levels, name)
    scores = stats.norm.ppf(levels).reshape(len(levels), -1)
    statistical.assert_covariance(scores, np.eye(scores.shape[1]), what=name)
    with statistical.must_catch():
        scores[:, 1] += 0.3 * scores[:, 0]
        statistical.assert_covariance(scores, np.eye(scores.shape[1]), what=name)


def test_deterministic_draws_are_their_location():
    for name in ("Deterministic", "VectorDeterministic"):
        values, loc = draw(name, 1, 5), FAMILIES[name].make(tf.float32).loc
        np.testing.assert_array_equal(values, np.broadcast_to(loc, values.shape))


def test_dirichlet_shares_and_their_ratios_are_beta(seed):
    shares = draw("Dirichlet", seed).astype(np.float64)
    concentration = FAMILIES["Dirichlet"].make(tf.float64).concentration.numpy()
    np.testing.assert_allclose(shares.sum(-1), 1, rtol=1e-6)
    total = concentration.sum(-1, keepdims=True)
    marginal = stats.beta.cdf(shares, concentration, total - concentration)
    assert_law(marginal[..., 0], "first share")
    assert_law(marginal[..., 2], "last share")
    first_two = shares[..., 0] / (shares[..., 0] + shares[..., 1])
    ratio = stats.beta.cdf(first_two, concentration[:, 0], concentration[:, 1])
    assert_law(ratio, "share of the first in the first two")


def test_gammas_of_tiny_shape_are_right_where_most_of_them_underflow(seed):
    shape = np.float64(1e-3)
    key = noise.site_key(seed, 0, "v", "s")
    log_x = sampling.sample(
        tfd.ExpGamma(tf.constant(shape), tf.constant(1.0, tf.float64)), key, SIZE
    )
    # log P(a, x) = a log x - log Gamma(a + 1) + log(1 - a x / (a + 1) ...) for small x.
    few = log_x.numpy() < -1
    small = shape * log_x.numpy()[few] - special.gammaln(1 + shape)
    levels = np.empty(SIZE)
    levels[few] = np.exp(small - shape / (1 + shape) * np.exp(log_x.numpy()[few]))
    levels[~few] = special.gammainc(shape, np.exp(log_x.numpy()[~few]))
    assert_law(levels, "log of a gamma of shape 0.001")


def test_vector_mixtures_are_mixtures_along_every_direction(seed):
    values = draw("MixtureSameFamily of vectors", seed).astype(np.float64)
    weights = special.softmax([0.0, 1.0])
    means, deviations = np.array([[0.0, 1.0], [3.0, -1.0]]), np.array([[1.0, 0.1], [0.3, 0.4]])
    for direction in ([1.0, 0.0], [0.0, 1.0], [1.0, -2.0]):
        mean, sd = means @ direction, np.sqrt(deviations**2 @ np.square(direction))
        along = (values @ direction)[..., None]
        assert_law((weights * stats.norm.cdf(along, mean, sd)).sum(-1), "mixture")


def test_relaxed_choices_are_softened_gumbel_maxima(seed):
    coins = draw("RelaxedBernoulli", seed).astype(np.float64)
    inner = coins[(coins > 0) & (coins < 1)]
    assert inner.size > 0.999 * coins.size
    logits = np.array([0.0, 1.0, -2.0])
    assert_law(
        special.expit(0.8 * special.logit(np.clip(coins, 1e-30, 1 - 1e-16)) - logits), "coins"
    )
    logs = draw("ExpRelaxedOneHotCategorical", seed).astype(np.float64)
    np.testing.assert_allclose(special.logsumexp(logs, axis=-1), 0, atol=1e-5)
    given = FAMILIES["Categorical"].make(tf.float64).logits.numpy()
    for i, j in ((0, 1), (2, 3)):
        difference = 0.5 * (logs[..., i] - logs[..., j]) - (given[:, i] - given[:, j])
        assert_law(special.expit(difference), "difference of relaxed logs")


# The laws of the noise behind a value, in the order of its tensors.
POSTERIORS = {
    "StudentT": ["norm", "norm"],
    "Beta": ["norm", "norm"],
    "Dirichlet": ["norm"],
    "Poisson": ["norm"],
    "NegativeBinomial": ["norm", "norm"],
    "Binomial": ["norm"],
    "Geometric": ["expon"],
    "Zipf": ["uniform"],
    "Bernoulli": ["logistic"],
    "Categorical": ["gumbel_r"],
    "OneHotCategorical": ["gumbel_r"],
    "FiniteDiscrete": ["gumbel_r"],
    "OrderedLogistic": ["logistic"],
    "OrderedPicks": ["gumbel_r"],
    "PlackettLuce": ["gumbel_r"],
    "Independent Bernoulli": ["logistic"],
    "MixtureSameFamily": ["gumbel_r", "norm"],
    "MixtureSameFamily of vectors": ["gumbel_r", "norm"],
    "MixtureSameFamily, every component drawn": ["gumbel_r", "norm"],
    "Mixture": ["gumbel_r", "norm", "logistic"],
    "Blockwise of a coroutine": ["gumbel_r", "gumbel_r"],
}


def recovered_scores(name, seed, user_of_value):
    """`[N, F]` normal scores of the noise behind draws, taken for draws of user 0."""
    distribution = FAMILIES[name].make(tf.float32)
    key = noise.site_key(seed, 0, "v", "s")
    value = sampling.sample(distribution, key, (SIZE // 2,))
    given = tf.repeat(value[:, user_of_value, None], 3, axis=1)
    found = tf.nest.flatten(sampling.invert(distribution, given, key.fold("recovered")))
    columns = []
    for leaf, law in zip(found, POSTERIORS[name], strict=True):
        leaf = leaf.numpy()[:, 0].astype(np.float64).reshape(len(leaf), -1)
        law = getattr(stats, law)
        below, above = law.cdf(leaf), law.sf(leaf)
        columns.append(np.where(below < above, stats.norm.ppf(below), stats.norm.isf(above)))
    return np.concatenate(columns, 1)


@pytest.mark.parametrize("name", POSTERIORS)
def test_noise_recovered_from_draws_has_its_prior_law_and_is_independent(name, seed):
    # Catches a distance of 0.022 of distribution functions and a correlation of 0.11.
    scores = recovered_scores(name, seed, user_of_value=0)
    assert_law(stats.norm.cdf(scores), name)
    statistical.assert_covariance(scores, np.eye(scores.shape[1]), what=name)


@pytest.mark.parametrize("name", ["Categorical", "Poisson", "Beta", "MixtureSameFamily"])
def test_noise_recovered_under_another_law_is_caught(name, seed):
    scores = recovered_scores(name, seed, user_of_value=1)
    with statistical.must_catch():
        statistical.assert_same_distribution(scores[:, 0], stats.norm.cdf, what=name)
