"""The fit of MovieLens, small: splits, scores and baselines by hand; it beats the baselines."""

import numpy as np
import pytest
import scipy.stats

from examples import fit_movielens as example
from examples import rating_baselines
from recsim_ng.datasets import read_movielens
from tests import synthetic_ratings


@pytest.fixture(scope="module")
def ratings(tmp_path_factory):
    truth = synthetic_ratings.simulate(
        np.random.default_rng(4),
        num_users=80,
        num_items=40,
        ratings_per_user=30,
        genres_per_item=2,
        affinity_sd=0.6,
        noise_sd=0.5,
    )
    return read_movielens(synthetic_ratings.write_atomic(tmp_path_factory.mktemp("ml"), truth))


@pytest.mark.parametrize("last", [False, True])
def test_a_share_of_everybodys_ratings_is_held_out(ratings, last):
    seen, held = rating_baselines.split(ratings, 0.1, seed=5, last=last)
    assert (held.ratings_per_user == 3).all()
    assert (seen.ratings_per_user == 27).all()
    pairs = [set(zip(x.user.tolist(), x.item.tolist(), strict=True)) for x in (seen, held)]
    assert not pairs[0] & pairs[1]
    assert len(pairs[0] | pairs[1]) == ratings.num_ratings
    latest = [np.array([x.timestamp[x.user == u].max() for u in range(80)]) for x in (seen, held)]
    earliest = np.array([held.timestamp[held.user == u].min() for u in range(80)])
    assert bool((earliest > latest[0]).all()) is last
    again = rating_baselines.split(ratings, 0.1, seed=5, last=last)[1]
    np.testing.assert_array_equal(again.item, held.item)


def test_factorisation_is_at_the_minimum_of_its_penalised_squares(ratings):
    # Without factors the minimum is that of a linear system, solved here at once.
    users, items = ratings.num_users, ratings.num_items
    x = np.zeros((ratings.num_ratings, users + items))
    x[np.arange(len(x)), ratings.user] = 1
    x[np.arange(len(x)), users + ratings.item] = 1
    mean = ratings.rating.mean(dtype=np.float64)
    left = x.T @ x + 3 * np.eye(users + items)
    expected = mean + x @ np.linalg.solve(left, x.T @ (ratings.rating - mean))
    got = rating_baselines.factorisation(ratings, 0, 3.0, seed=1)(ratings)
    np.testing.assert_allclose(got, expected, atol=1e-3)


def test_stars_have_probabilities_that_sum_to_one(rng):
    mean, sd = rng.normal(3, 3, 50), rng.gamma(2, 0.5, 50)
    total = 0.0
    for star in range(1, 6):
        density, mass = example._scores(mean, sd, np.full(50, star))
        np.testing.assert_allclose(density, scipy.stats.norm.logpdf(star, mean, sd))
        total = total + np.exp(mass)
    np.testing.assert_allclose(total, 1.0)
    inner = scipy.stats.norm.cdf(2.5, mean, sd) - scipy.stats.norm.cdf(1.5, mean, sd)
    np.testing.assert_allclose(
        np.exp(example._scores(mean, sd, np.full(50, 2))[1]), inner, atol=1e-12
    )


def test_gains_are_means_over_ratings_with_people_resampled(rng):
    user = np.repeat(np.arange(100), 5)
    worse = rng.normal(size=500)
    found = example.gain(worse + 0.3, worse, user, 1)
    np.testing.assert_allclose(found, 0.3)
    mine = rng.normal(0.3, 1.0, 100)[user]
    mean, low, high = example.gain(worse + mine, worse, user, 1)
    assert mean == pytest.approx(mine.mean())
    # Of 2,000 resamplings of 100 people: the usual interval, to a tenth or two.
    assert high - low == pytest.approx(2 * 1.96 * mine[::5].std() / 10, rel=0.25)


@pytest.mark.slow
def test_the_fit_beats_the_baselines_where_its_model_is_true(ratings):
    config = example.Config(
        models=(("vi", 0),),
        splits=("random",),
        num_steps=300,
        learning_rate=0.05,
        num_draws=30,
        grid=((2, 4.0),),
        recommenders=("myopic",),
        num_seeds=4,
        num_sim_steps=4,
    )
    told = []
    found = example.run(config, ratings, told.append)
    star = {model: it.star.mean() for model, it in found.held["random"].items()}
    assert star["vi, 0 factors"] > star["user and item biases"] > star["item mean"]
    assert found.enjoyment["myopic"]["draws"].shape == (4, 80)
    assert dict(found.data.posterior.sizes)["draw"] == 30
    assert told[-1] == "simulations"
