"""The story of film ratings: its density by hand, its moments, and what a fit of it recovers."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from recsim_ng import Network, PythonRuntime, Value
from recsim_ng.core.errors import ConfigError
from recsim_ng.datasets import read_movielens
from recsim_ng.inference import Scorer, Target, fit
from recsim_ng.stories import film_ratings
from tests import synthetic_ratings


def ratings_of(tmp_path_factory, **settings):
    truth = synthetic_ratings.simulate(np.random.default_rng(1), genres_per_item=2, **settings)
    return truth, read_movielens(
        synthetic_ratings.write_atomic(tmp_path_factory.mktemp("ml"), truth)
    )


@pytest.fixture(scope="module")
def ratings(tmp_path_factory):
    return ratings_of(tmp_path_factory, num_users=12, num_items=20, ratings_per_user=8)[1]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"num_factors": -1}, "num_factors must be a whole number of at least 0, got -1"),
        ({"star_scale_spread": 0.0}, r"star_scale_spread must be a number within \[0.001, 1.0\]"),
    ],
)
def test_settings_out_of_range_are_refused(setting, message):
    with pytest.raises(ConfigError, match=f"film_ratings: {message}"):
        film_ratings.Config(**setting)


def by_hand(run, ratings, config):
    """The log-probability of a run, one term after the other, in float64."""
    pop, people, films = (
        {k: np.asarray(v[0], np.float64) for k, v in run[name].as_dict.items()}
        for name in ("population", "people", "films")
    )
    norm, lognorm = scipy.stats.norm.logpdf, scipy.stats.lognorm.logpdf
    total = norm(pop["usual_rating"], 3, 1) + norm(pop["appeal"], 0, 0.3).sum()
    total += norm(pop["pull"], 0, 0.5)
    medians = {"offset_sd": 0.4, "quality_sd": 0.4, "affinity_sd": 0.2, "usual_noise": 0.9}
    for name, median in {**medians, "noise_spread": 0.2, "factor_sd": 0.2}.items():
        if name in pop:
            total += lognorm(pop[name], 1.0, scale=median).sum()
    popularity = np.log1p(ratings.ratings_per_item)
    popularity -= popularity.mean()
    for d in range(ratings.num_items):
        expected = pop["pull"] * popularity[d] + pop["appeal"] @ ratings.genres[d]
        total += norm(films["quality"][d], expected, pop["quality_sd"])
    total += norm(people["offset"], 0, pop["offset_sd"]).sum()
    total += norm(people["affinity"], 0, pop["affinity_sd"]).sum()
    total += lognorm(people["star_scale"], config.star_scale_spread).sum()
    total += lognorm(people["noise"], pop["noise_spread"], scale=pop["usual_noise"]).sum()
    if config.num_factors:
        total += norm(people["factors"], 0, 1).sum()
        total += norm(films["factors"], 0, pop["factor_sd"]).sum()
    rating = np.asarray(run["ratings"].get("rating")[0], np.float64)
    for u, d, x in zip(ratings.user, ratings.item, rating, strict=True):
        liking = films["quality"][d] + people["affinity"][u] @ ratings.genres[d]
        if config.num_factors:
            liking += people["factors"][u] @ films["factors"][d]
        mean = pop["usual_rating"] + people["offset"][u] + people["star_scale"][u] * liking
        total += norm(x, mean, people["noise"][u])
    return total


@pytest.mark.parametrize("num_factors", [0, 3])
def test_the_density_is_the_models(ratings, num_factors, seed):
    config = film_ratings.Config(num_factors)
    network = Network(film_ratings.story(config, ratings))
    run = PythonRuntime(network).trajectory(1, seed=seed)
    expected = by_hand(run, ratings, config)
    scorer = Scorer(network, graph_compile=False)
    assert float(scorer.total(run)) == pytest.approx(expected, rel=2e-5, abs=0.02)


def test_all_that_is_drawn_but_the_ratings_is_unknown(ratings):
    story = film_ratings.story(film_ratings.Config(2), ratings)
    logs = {"ratings": Value(rating=tf.constant(ratings.rating)[None])}
    unknowns = {u.name: u.shape for u in Target(story, logs).unknowns}
    assert unknowns["people.affinity"] == (12, 5)
    assert unknowns["films.factors"] == (20, 2)
    assert unknowns["population.factor_sd"] == (2,)
    assert len(unknowns) == 9 + 5 + 2
    assert all(u.when == "always" for u in Target(story, logs).unknowns)


@pytest.mark.slow
def test_moments_and_mode_find_the_truth(tmp_path_factory):
    truth, ratings = ratings_of(
        tmp_path_factory,
        num_users=150,
        num_items=60,
        ratings_per_user=40,
        affinity_sd=0.4,
        noise_sd=0.5,
    )
    found = film_ratings.moments(ratings, 2)
    # 150 people and 60 films: their deviations are known to 6 % and 9 %. Affinities, estimated one
    # genre after another, come out too small.
    assert float(found.get("offset_sd")) == pytest.approx(0.4, rel=0.5)
    assert float(found.get("quality_sd")) == pytest.approx(0.5, rel=0.5)
    assert 0.15 < float(found.get("affinity_sd")[0]) < 0.6
    assert float(found.get("usual_noise")) == pytest.approx(0.6, rel=0.3)
    assert found.get("factor_sd").shape == (2,)
    known = film_ratings.moments(ratings)
    logs = {
        "ratings": Value(rating=tf.constant(ratings.rating)[None]),
        "population": known.map(lambda x: x[None]),
    }
    story = film_ratings.story(film_ratings.Config(), ratings)
    mode = fit(story, logs, method="map").data.posterior
    affinity = mode["people.affinity"].values[0, 0]
    quality = mode["films.quality"].values[0, 0]
    assert np.corrcoef(affinity.ravel(), truth.affinity.ravel())[0, 1] > 0.8
    assert np.corrcoef(quality, truth.item_mean)[0, 1] > 0.8
    # A twin: people in another order have nothing to do with these.
    assert np.corrcoef(affinity[::-1].ravel(), truth.affinity.ravel())[0, 1] < 0.4


def test_the_story_with_its_logs_is_that_of_the_files(tmp_path):
    rng = np.random.default_rng(0)
    folder = synthetic_ratings.write_atomic(tmp_path / "ml", synthetic_ratings.simulate(rng))
    variables, logs = film_ratings.logged(str(folder))
    found = read_movielens(folder)
    np.testing.assert_array_equal(logs["ratings"]["rating"][0], found.rating)
    plain = film_ratings.story(film_ratings.Config(), found)
    assert [v.name for v in variables] == [v.name for v in plain] and set(logs) == {"ratings"}
    _, logs = film_ratings.logged(str(folder), known_population=True)
    expected = film_ratings.moments(found).as_dict
    for name, x in logs["population"].as_dict.items():
        np.testing.assert_array_equal(x[0], expected[name])
    with pytest.raises(ConfigError, match="film_ratings: num_factors must be"):
        film_ratings.logged(str(folder), num_factors=-1)
