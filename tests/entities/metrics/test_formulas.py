"""The formulas of metrics, against enumeration and computation by hand in NumPy."""

import itertools

import numpy as np
import pytest

from recsim_ng.core.errors import ConfigError
from recsim_ng.entities import metrics
from recsim_ng.entities.networks import SocialNetwork


def dcg_by_hand(gains):
    return sum(gain / np.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def test_dcg_of_a_worked_example():
    # Gains 3, 2, 3, 0, 1, 2: 3 + 1.2619 + 1.5 + 0 + 0.3869 + 0.7124.
    gains = [3, 2, 3, 0, 1, 2]
    assert float(metrics.dcg(gains)) == pytest.approx(6.8611, abs=1e-4)
    assert float(metrics.dcg(gains, k=3)) == pytest.approx(5.7619, abs=1e-4)


def test_ndcg_compares_with_the_best_of_all_slates(rng):
    # Every ordered slate of 3 out of 5 documents is enumerated for the best.
    worth = rng.integers(0, 4, (20, 5)).astype(np.float32)
    shown = np.stack([rng.permutation(5)[:3] for _ in range(20)])
    gains = np.take_along_axis(worth, shown, axis=1)
    for k in (1, 2, 3):
        best = [
            max(dcg_by_hand(row[list(slate)]) for slate in itertools.permutations(range(5), k))
            for row in worth
        ]
        expected = [dcg_by_hand(g[:k]) / b if b else 0.0 for g, b in zip(gains, best, strict=True)]
        np.testing.assert_allclose(metrics.ndcg(gains, worth, k), expected, rtol=1e-5)


def test_without_an_ideal_only_the_order_of_the_list_counts():
    for order in itertools.permutations([3.0, 1.0, 0.0]):
        expected = dcg_by_hand(order) / dcg_by_hand([3, 1, 0])
        assert float(metrics.ndcg(order)) == pytest.approx(expected, rel=1e-5)
    assert float(metrics.ndcg([0.0, 0.0])) == 0.0


def test_hit_and_reciprocal_rank_of_every_list_of_four():
    for relevant in itertools.product([False, True], repeat=4):
        first = relevant.index(True) + 1 if any(relevant) else None
        assert float(metrics.reciprocal_rank(relevant)) == pytest.approx(1 / first if first else 0)
        for k in range(1, 5):
            assert float(metrics.hit(relevant, k)) == any(relevant[:k])


def test_what_is_not_a_number_is_not_mended_in_silence():
    spoilt = np.array([np.nan, 1.0, 2.0], np.float32)
    for measure in (metrics.shares, metrics.gini, metrics.effective_number):
        assert np.isnan(measure(spoilt)).all()
    fine = np.ones(3, np.float32)
    assert np.isnan(metrics.miscalibration(spoilt, fine))
    assert np.isnan(metrics.miscalibration(fine, spoilt))


@pytest.mark.parametrize("k", [0, 4])
def test_more_ranks_than_there_are_are_refused(k):
    for function in (metrics.dcg, metrics.ndcg, metrics.hit):
        with pytest.raises(ConfigError, match=rf"k must be a whole number within 1..3, got {k}"):
            function([1.0, 0.0, 1.0], k=k)
    with pytest.raises(ConfigError, match="ndcg: the number of ideal_gains must be .*, got 2"):
        metrics.ndcg([1.0, 0.0, 1.0], [1.0, 0.0])


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_intra_list_diversity_is_the_mean_of_all_pairs(distance, rng):
    x = rng.normal(size=(3, 4, 2))
    x[0, 0] = 0  # a zero vector is a cosine distance of 1 from all

    def apart(a, b):
        if distance == "euclidean":
            return np.linalg.norm(a - b)
        size = np.linalg.norm(a) * np.linalg.norm(b)
        return 1 - (a @ b / size if size else 0.0)

    expected = [np.mean([apart(a, b) for a, b in itertools.combinations(s, 2)]) for s in x]
    found = metrics.intra_list_diversity(x, distance)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(metrics.intra_list_diversity(x[:, :1], distance), 0)


def test_an_unknown_distance_is_refused():
    with pytest.raises(ConfigError, match="intra_list_diversity: distance must be one of"):
        metrics.intra_list_diversity(np.zeros((2, 2)), "hamming")


def test_self_information_is_in_bits_of_smoothed_frequencies():
    found = metrics.self_information([3, 0, 1, 0])  # 4, 1, 2, 1 of 8
    np.testing.assert_allclose(found, [1, 3, 2, 3], rtol=1e-6)
    assert float(metrics.coverage([3, 0, 1, 0])) == 0.5


def test_miscalibration_of_a_worked_example():
    # Steck's example: a taste of 70 % romance and 30 % action, shown romance alone.
    mixed = 0.99 * np.array([1.0, 0.0]) + 0.01 * np.array([0.7, 0.3])
    expected = 0.7 * np.log(0.7 / mixed[0]) + 0.3 * np.log(0.3 / mixed[1])
    assert float(metrics.miscalibration([0.7, 0.3], [1.0, 0.0])) == pytest.approx(expected, 1e-5)
    # Weights need not be normalised; alike is 0; unknown is 0.
    assert float(metrics.miscalibration([7, 3], [5.0, 0.0])) == pytest.approx(expected, 1e-5)
    found = metrics.miscalibration([[7.0, 3.0], [0.0, 0.0], [1.0, 0.0]], [[70, 30], [1, 1], [0, 0]])
    np.testing.assert_allclose(found, 0, atol=1e-6)


def test_miscalibration_is_never_negative(rng):
    p, q = rng.dirichlet(np.full(4, 0.3), (2, 200))
    assert np.all(metrics.miscalibration(p, q).numpy() > -1e-6)
    assert np.all(np.isfinite(metrics.miscalibration(p, np.roll(np.eye(4)[:1], 1) + 0 * q, 0.0)))


def test_gini_is_half_the_relative_mean_difference_of_all_pairs(rng):
    x = rng.gamma(0.5, size=(5, 7))
    pairs = np.abs(x[:, :, None] - x[:, None, :]).mean(axis=(1, 2))
    np.testing.assert_allclose(metrics.gini(x), pairs / (2 * x.mean(axis=1)), rtol=1e-5)
    np.testing.assert_allclose(metrics.gini([[0, 0, 0], [4, 4, 4], [0, 9, 0]]), [0, 0, 2 / 3])


def test_shares_and_effective_number_of_known_cases():
    amounts = [[0, 0, 0, 0], [5, 5, 0, 0], [2, 2, 2, 2], [0, 7, 0, 0]]
    np.testing.assert_allclose(metrics.shares(amounts)[1], [0.5, 0.5, 0, 0])
    np.testing.assert_allclose(metrics.shares(amounts)[0], 0.25)
    np.testing.assert_allclose(metrics.effective_number(amounts), [4, 2, 4, 1], rtol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_quantiles_are_those_of_numpy(size, rng):
    x, at = rng.normal(size=size), [0.0, 0.05, 0.3, 0.5, 0.95, 1.0]
    np.testing.assert_allclose(metrics.quantiles(x, at), np.quantile(x, at), rtol=1e-5, atol=1e-5)


def test_polarisation_and_disagreement_are_means_over_users_and_pairs(rng):
    edges = [(0, 1), (1, 2), (2, 3), (3, 0), (1, 3)]
    for directed, x in ((False, rng.normal(size=(6, 3)) + 50), (True, rng.normal(size=6))):
        network = SocialNetwork(6, edges, directed=directed)
        y = x.reshape(6, -1)
        spread = np.square(y - y.mean(axis=0)).sum(axis=1).mean()
        pairs = np.mean([np.square(y[u] - y[v]).sum() for u, v in edges])
        assert float(metrics.polarisation(x)) == pytest.approx(spread, rel=1e-3)
        assert float(metrics.disagreement(x, network)) == pytest.approx(pairs, rel=1e-3)
    assert float(metrics.disagreement(np.ones(6), SocialNetwork(6, np.zeros((0, 2), int)))) == 0


def test_esteban_ray_is_the_double_sum_and_the_gini_coefficient_at_zero(rng):
    masses, y = rng.gamma(1.0, size=4), rng.gamma(2.0, size=4)
    s = masses / masses.sum()
    for alpha in (0.0, 1.0, 1.6):
        total = sum(
            s[i] ** (1 + alpha) * s[j] * abs(y[i] - y[j]) for i in range(4) for j in range(4)
        )
        assert float(metrics.esteban_ray(masses, y, alpha)) == pytest.approx(total, rel=1e-5)
    equal = float(metrics.esteban_ray(np.ones(4), y, 0.0))
    assert equal == pytest.approx(2 * y.mean() * float(metrics.gini(y)), rel=1e-5)
    two, spread = ([1, 0, 0, 1], [1, 1, 1, 1])
    positions = [0.0, 1.0, 2.0, 3.0]
    assert metrics.esteban_ray(two, positions) > metrics.esteban_ray(spread, positions)
    with pytest.raises(ConfigError, match=r"alpha must be a number within \[0.0, 1.6\], got 2"):
        metrics.esteban_ray(masses, y, 2)


def test_jaccard_of_all_pairs_of_users(rng):
    consumed = rng.random((6, 5)) < 0.4
    sets = [set(np.flatnonzero(row)) for row in consumed]

    def index(a, b):
        return len(a & b) / len(a | b) if a | b else 0.0

    expected = np.mean([index(a, b) for a, b in itertools.combinations(sets, 2)])
    assert float(metrics.mean_pairwise_jaccard(consumed)) == pytest.approx(expected, abs=1e-6)
    found = metrics.jaccard(consumed[:3], consumed[3:])
    expected = [index(a, b) for a, b in zip(sets[:3], sets[3:], strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert float(metrics.mean_pairwise_jaccard(consumed[:1])) == 0
