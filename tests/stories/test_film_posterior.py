"""A fit's posterior as the prior of the story of films: one draw for each seed."""

import numpy as np
import pytest
import xarray as xr

from recsim_ng import Network, PythonRuntime, TFRuntime
from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.core.lazy import arviz
from recsim_ng.datasets import estimate_taste, read_movielens
from recsim_ng.stories import movielens
from recsim_ng.stories.film_posterior import FilmPosterior
from tests import synthetic_ratings

USERS, ITEMS, GENRES, CHAINS, DRAWS = 12, 20, 5, 2, 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    truth = synthetic_ratings.simulate(
        np.random.default_rng(2), num_users=USERS, num_items=ITEMS, ratings_per_user=10
    )
    return synthetic_ratings.write_atomic(tmp_path_factory.mktemp("ml"), truth)


@pytest.fixture(scope="module")
def ratings(folder):
    return read_movielens(folder)


@pytest.fixture(scope="module")
def posterior():
    """Draws far apart, as a fit of `film_ratings` lays them out."""
    rng = np.random.default_rng(3)
    shapes = {
        "population.usual_rating": (),
        "people.affinity": (USERS, GENRES),
        "people.offset": (USERS,),
        "people.star_scale": (USERS,),
        "people.noise": (USERS,),
        "films.quality": (ITEMS,),
    }
    drawn = {name: rng.normal(size=(CHAINS, DRAWS, *shape)) for name, shape in shapes.items()}
    for name in ("people.star_scale", "people.noise"):
        drawn[name] = np.exp(0.3 * drawn[name])
    dims = {(): (), (USERS,): ("user",), (ITEMS,): ("doc",), (USERS, GENRES): ("user", "genre")}
    return xr.Dataset(
        {
            name: (("chain", "draw", *dims[shapes[name]]), x.astype(np.float32))
            for name, x in drawn.items()
        }
    )


def expected_ratings(posterior, ratings, n):
    """`[U, D]` what the n-th draw expects, as `film_ratings` says it."""
    at = {name: x.values.reshape(-1, *x.shape[2:])[n] for name, x in posterior.items()}
    liking = at["films.quality"] + at["people.affinity"] @ ratings.genres.T
    level = at["population.usual_rating"] + at["people.offset"]
    return level[:, None] + at["people.star_scale"][:, None] * liking


def test_every_draw_expects_the_ratings_that_the_fit_does(posterior, ratings):
    found = FilmPosterior(posterior, ratings)
    assert found.num_draws == CHAINS * DRAWS
    for n in range(found.num_draws):
        taste = found.taste(n)
        scale = posterior["people.star_scale"].values.reshape(-1, USERS)[n]
        liking = taste.quality + taste.affinity @ taste.genres.T
        got = taste.usual_item_mean + taste.user_offset[:, None] + scale[:, None] * liking
        np.testing.assert_allclose(got, expected_ratings(posterior, ratings, n), atol=1e-4)
        np.testing.assert_allclose(taste.quality.mean(), 0.0, atol=1e-5)
    mean = np.mean([found.taste(n).affinity for n in range(found.num_draws)], axis=0)
    np.testing.assert_allclose(found.taste().affinity, mean, atol=1e-5)


def test_a_run_is_of_one_draw_and_seeds_are_of_different_ones(posterior, ratings):
    found = FilmPosterior(posterior, ratings)
    config = movielens.Config("given", "myopic", rating_noise=0.5, num_users=7, slate_size=3)
    network = Network(movielens.film_story(config, ratings, found.taste(), found))
    runtime = TFRuntime(network)
    seen = set()
    for seed in range(12):
        run = runtime.trajectory(3, seed=seed)
        n = int(run["posterior"].get("draw")[0])
        seen.add(n)
        taste = found.taste(n)
        np.testing.assert_allclose(
            run["user state"].get("affinity")[0], taste.affinity[:7], atol=1e-6
        )
        np.testing.assert_allclose(
            run["available docs"].get("doc_quality")[2], taste.quality, atol=1e-5
        )
    # Of six draws a lone one comes twelve times in a row once in 4 10^8.
    assert 1 < len(seen) <= found.num_draws
    by_loop = PythonRuntime(network).trajectory(3, seed=11)
    for name in ("draw", "level"):
        np.testing.assert_array_equal(by_loop["posterior"].get(name), run["posterior"].get(name))
    np.testing.assert_array_equal(
        by_loop["user response"].get("choice"), run["user response"].get("choice")
    )


def test_ratings_are_of_the_draws_level_scale_and_noise(posterior, ratings):
    quiet = posterior.copy()
    quiet["people.noise"] = quiet["people.noise"] * 1e-4
    found = FilmPosterior(quiet, ratings)
    config = movielens.Config("given", "random", nochoice_logit=-50.0, slate_size=3)
    story = movielens.film_story(config, ratings, found.taste(), found)
    run = PythonRuntime(story).trajectory(1, seed=5)
    n = int(run["posterior"].get("draw")[0])
    choice = run["user response"].get("choice")[0].numpy()
    film = run["slate docs"].get("doc_ranks")[0].numpy()[np.arange(USERS), choice]
    expected = expected_ratings(quiet, ratings, n)[np.arange(USERS), film]
    np.testing.assert_allclose(run["user response"].get("rating")[0], expected, atol=5e-3)


def test_a_posterior_of_one_draw_is_the_story_of_its_tastes(ratings):
    taste = estimate_taste(ratings)
    known = {
        "population.usual_rating": taste.usual_item_mean,
        "people.affinity": taste.affinity,
        "people.offset": taste.user_offset,
        "people.star_scale": np.ones(USERS),
        "people.noise": np.full(USERS, 0.5),
        "films.quality": taste.quality,
    }
    posterior = FilmPosterior({}, ratings, known)
    config = movielens.Config("given", "myopic", slate_size=3)
    centred = posterior.taste()
    runs = [
        PythonRuntime(movielens.film_story(config, ratings, centred, given)).trajectory(3, seed=4)
        for given in (None, posterior)
    ]
    for field in ("choice", "rating", "enjoyment"):
        np.testing.assert_allclose(
            runs[0]["user response"].get(field), runs[1]["user response"].get(field), atol=1e-4
        )


def test_a_fit_comes_out_of_a_file(posterior, ratings, folder, tmp_path):
    az = arviz()
    path = tmp_path / "fit.nc"
    az.InferenceData(posterior=posterior).to_netcdf(str(path))
    config = movielens.Config(str(folder), "random", fit=str(path), slate_size=3)
    story = movielens.story(config)
    assert story[0].name == "posterior"
    run = PythonRuntime(story).trajectory(1, seed=1)
    assert 0 <= int(run["posterior"].get("draw")[0]) < CHAINS * DRAWS
    with pytest.raises(DataError, match="must be a file with a fit, there is none; write one"):
        FilmPosterior.load(tmp_path / "nowhere.nc", ratings)
    path.write_text("no fit")
    with pytest.raises(DataError, match="must be a file with a fit, got"):
        FilmPosterior.load(path, ratings)
    with pytest.raises(ConfigError, match="movielens: fit must name a file, got 3"):
        movielens.Config(str(folder), fit=3)


def test_what_is_no_fit_of_these_ratings_is_refused(posterior, ratings):
    with pytest.raises(DataError, match="got none of people.noise; pass what the fit was told"):
        FilmPosterior(posterior.drop_vars("people.noise"), ratings)
    with pytest.raises(DataError, match="taste must be of genres alone, got factors; fit film_rat"):
        FilmPosterior(posterior.assign({"people.factors": 0.0}), ratings)
    fewer = posterior.isel(user=slice(0, 4))
    with pytest.raises(DataError, match=r"affinity must be finite, of shape \[2, 3, 12, 5\], got "):
        FilmPosterior(fewer, ratings)
    with pytest.raises(DataError, match=r"quality must be finite.* with NaN or infinity; pass the"):
        FilmPosterior(posterior.assign({"films.quality": posterior["films.quality"] / 0}), ratings)
