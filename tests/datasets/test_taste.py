import dataclasses

import numpy as np
import pytest

from recsim_ng.core.errors import DataError
from recsim_ng.datasets import Ratings, estimate_group_effects, estimate_taste
from tests import synthetic_ratings

# These estimators have no exact law to test against. The bounds are at least seven standard
# deviations from the estimates' means, both measured over 100 seeds at the sizes used here, so that
# a false alarm is rarer than 1e-11 each if their law is near normal. What they would catch: a
# variance or a shrinkage factor off by the bound.


def as_ratings(truth):
    num_users, num_items = len(truth.offset), len(truth.item_mean)
    return Ratings(
        user=truth.user,
        item=truth.item,
        rating=truth.rating,
        timestamp=np.zeros(len(truth.rating), np.int64),
        user_ids=tuple(map(str, range(num_users))),
        item_ids=tuple(map(str, range(num_items))),
        titles=("",) * num_items,
        year=np.zeros(num_items, np.int32),
        year_known=np.zeros(num_items, bool),
        genre_names=synthetic_ratings.GENRES,
        genres=truth.genres,
    )


def slope(truth, estimate):
    """Of the regression of the truth on its estimate: 1 if shrunk by the right amount."""
    estimate = estimate - estimate.mean()
    return np.sum(estimate * truth) / np.sum(estimate**2)


def test_means_of_equal_groups_follow_the_textbook():
    # Two groups of two: within = 1/2, between = ((2 * 4 + 2 * 4) / 1 - 1/2) / 2, by hand.
    x = np.array([0.0, 1.0, 4.0, 5.0])
    found = estimate_group_effects(x, np.array([0, 0, 1, 1]), 3)
    assert found.within_sd**2 == pytest.approx(0.5)
    assert found.between_sd**2 == pytest.approx(7.75)
    assert found.mean == pytest.approx(2.5)
    kept = 2 / (2 + 0.5 / 7.75)
    np.testing.assert_allclose(found.group_mean, [2.5 - 2 * kept, 2.5 + 2 * kept, 2.5])
    np.testing.assert_allclose(found.effect, [-2 * kept, 2 * kept, 0])
    np.testing.assert_array_equal(found.count, [2, 2, 0])


def test_groups_that_do_not_differ_are_not_told_apart():
    found = estimate_group_effects(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0, 0, 1, 1]), 2)
    assert found.between_sd == 0
    np.testing.assert_array_equal(found.group_mean, [0.5, 0.5])


def test_variances_of_groups_of_unequal_size_are_found(rng):
    size = rng.integers(1, 40, 4000)
    group = np.repeat(np.arange(4000), size)
    means = rng.normal(3.0, 0.5, 4000)
    found = estimate_group_effects(rng.normal(means[group], 0.9), group, 4000)
    assert found.mean == pytest.approx(3.0, abs=0.06)
    assert found.between_sd == pytest.approx(0.5, abs=0.05)
    assert found.within_sd == pytest.approx(0.9, abs=0.02)
    assert slope(means, found.group_mean) == pytest.approx(1, abs=0.08)


def test_the_bayes_risk_is_attained(rng):
    size = rng.integers(1, 40, 4000)
    group = np.repeat(np.arange(4000), size)
    means = rng.normal(3.0, 0.5, 4000)
    x = rng.normal(means[group], 0.9)
    found = estimate_group_effects(x, group, 4000)
    risk = np.mean(1 / (1 / 0.5**2 + size / 0.9**2))
    raw = np.bincount(group, x) / size
    assert np.mean((found.group_mean - means) ** 2) == pytest.approx(risk, rel=0.2)
    assert np.mean((raw - means) ** 2) > 1.21 * risk  # the twin: without shrinkage


@pytest.mark.parametrize("group", [[0, 0, 0, 0], [0, 1, 2, 3]])
def test_groups_that_say_nothing_of_the_variances_are_refused(group):
    with pytest.raises(DataError, match="at least two groups, and one with two observations"):
        estimate_group_effects(np.arange(4.0), np.array(group), 4)


def test_truth_is_found_in_simulated_ratings(rng):
    truth = synthetic_ratings.simulate(
        rng, num_users=1000, num_items=300, ratings_per_user=80, affinity_sd=0.3
    )
    taste = estimate_taste(as_ratings(truth))
    # Only a person's offset and mean affinity together can be found: the offset takes both.
    mean = truth.affinity.mean(axis=1)
    affinity = truth.affinity - mean[:, None]
    assert taste.item_sd == pytest.approx(0.495, abs=0.15)
    assert taste.offset_sd == pytest.approx(np.hypot(0.4, 0.3 / 5**0.5), abs=0.07)
    assert taste.residual_sd == pytest.approx(0.884, abs=0.02)
    assert slope(truth.item_mean, taste.item_mean) == pytest.approx(1, abs=0.05)
    assert slope(truth.offset + mean, taste.user_offset) == pytest.approx(1, abs=0.07)
    # The steps come one after the other, so that the last takes a little too small an effect.
    assert taste.affinity_sd == pytest.approx(0.92 * 0.3 * 0.8**0.5, abs=0.035)
    assert slope(affinity, taste.affinity) == pytest.approx(1.17, abs=0.18)
    assert np.corrcoef(affinity.ravel(), taste.affinity.ravel())[0, 1] > 0.74


def test_items_of_several_genres_are_predicted_better_with_taste_than_without(rng):
    truth = synthetic_ratings.simulate(
        rng, num_users=600, num_items=300, ratings_per_user=80, genres_per_item=2, affinity_sd=0.3
    )
    shown = np.arange(len(truth.rating)) % 5 > 0
    seen = dataclasses.replace(
        truth, user=truth.user[shown], item=truth.item[shown], rating=truth.rating[shown]
    )
    taste = estimate_taste(as_ratings(seen))
    user, item = truth.user[~shown], truth.item[~shown]
    without = taste.item_mean[item] + taste.user_offset[user]
    error = truth.rating[~shown] - without
    better = error - np.sum(taste.affinity[user] * taste.genres[item], axis=1)
    assert np.mean(better**2) < 0.98 * np.mean(error**2)


def test_a_genre_never_rated_is_liked_as_any_other(rng):
    truth = synthetic_ratings.simulate(rng, num_users=100, num_items=60)
    rows = ~((truth.user == 0) & truth.genres[truth.item, 2])
    shown = dataclasses.replace(
        truth, user=truth.user[rows], item=truth.item[rows], rating=truth.rating[rows]
    )
    taste = estimate_taste(as_ratings(shown))
    assert taste.affinity[0, 2] == 0
    assert taste.quality.dtype == taste.affinity.dtype == np.float32
    np.testing.assert_allclose(taste.quality, taste.item_mean - taste.usual_item_mean, atol=1e-6)
