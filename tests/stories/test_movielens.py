import dataclasses
import os

import numpy as np
import pytest

from recsim_ng import Network, PythonRuntime, TFRuntime
from recsim_ng.core.errors import ConfigError, DataError
from recsim_ng.stories import movielens
from tests import synthetic_ratings
from tests.agreement import in_graph_and_xla

RECOMMENDERS = (
    pytest.param("random", marks=pytest.mark.slow),
    pytest.param("popularity", marks=pytest.mark.slow),
    pytest.param("myopic", marks=pytest.mark.slow),
    "learning",
)
LETHAL = 6.5  # standard errors: chance goes beyond them once in 2.5e10


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Ratings by 150 people of 60 films of two genres each, tastes well apart."""
    truth = synthetic_ratings.simulate(
        np.random.default_rng(0),
        num_users=150,
        num_items=60,
        ratings_per_user=40,
        genres_per_item=2,
        affinity_sd=0.6,
        noise_sd=0.5,
    )
    return str(synthetic_ratings.write_atomic(tmp_path_factory.mktemp("ml"), truth))


def record():
    return sorted({name for metric in movielens.STUDY.metrics for name in metric.record})


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"ratings": ""}, "ratings must name a folder, got ''"),
        ({"recommender": "oracle"}, "recommender must be one of"),
        ({"num_users": -1}, "num_users must be a whole number of at least 0, got -1"),
        ({"slate_size": 0}, "slate_size must be a whole number of at least 1, got 0"),
        ({"nochoice_logit": float("nan")}, "nochoice_logit must be a number within"),
        ({"rating_noise": 0.0}, "rating_noise must be a number within"),
        ({"drift_rate": 1.5}, r"drift_rate must be a number within \[0.0, 1.0\], got 1.5"),
        ({"boredom_penalty": -0.5}, "boredom_penalty must be a number within"),
        ({"boredom_decay": 1.01}, "boredom_decay must be a number within"),
        ({"exploration": -1.0}, "exploration must be a number within"),
        ({"taste_prior": -1.0}, "taste_prior must be a number within"),
    ],
)
def test_settings_out_of_range_are_refused(setting, message):
    with pytest.raises(ConfigError, match=f"movielens: {message}"):
        movielens.Config(**{"ratings": "here", **setting})


def test_more_people_or_films_than_there_are_are_refused(folder):
    with pytest.raises(ConfigError, match=r"num_users must be .* within 0..150, got 151"):
        movielens.story(movielens.Config(folder, num_users=151))
    with pytest.raises(ConfigError, match=r"slate_size must be .* within 1..60, got 61"):
        movielens.story(movielens.Config(folder, slate_size=61))


def test_missing_ratings_are_refused(tmp_path):
    with pytest.raises(DataError, match="must be a folder with MovieLens files"):
        movielens.story(movielens.Config(str(tmp_path / "nowhere")))


def assert_equal_runs(run, other):
    for name, value in run.items():
        for field, expected in value.as_dict.items():
            got, expected = np.asarray(other[name].get(field)), np.asarray(expected)
            assert got.dtype == expected.dtype
            where = f"{name}.{field}"
            if expected.dtype.kind != "f":
                np.testing.assert_array_equal(got, expected, err_msg=where)
            else:
                scale = 1e-5 * max(1e-6, np.abs(expected).max(initial=0))
                np.testing.assert_allclose(got, expected, rtol=1e-5, atol=scale, err_msg=where)


@pytest.mark.parametrize("recommender", RECOMMENDERS)
@in_graph_and_xla
def test_all_runtimes_agree(folder, recommender, jit_compile, seed):
    story = movielens.story(movielens.Config(folder, recommender, num_users=8))
    expected = PythonRuntime(Network(story)).trajectory(6, seed=seed)
    runtime = TFRuntime(Network(story), jit_compile=jit_compile)
    assert_equal_runs(expected, runtime.trajectory(6, seed=seed))


@pytest.mark.parametrize("recommender", ["random", "myopic", "learning"])
def test_more_people_change_nothing_for_those_there_are(folder, recommender, seed):
    runs = [
        PythonRuntime(
            Network(movielens.story(movielens.Config(folder, recommender, num_users=n)))
        ).trajectory(6, seed=seed, record=["user state", "user response", "slate docs.doc_ranks"])
        for n in (5, 9)
    ]
    first_five = {name: value.map(lambda field: field[:, :5]) for name, value in runs[1].items()}
    assert_equal_runs(runs[0], first_five)


def test_headline_metrics_are_what_they_say(folder, seed):
    story = movielens.story(movielens.Config(folder, "popularity", num_users=20))
    run = TFRuntime(story).trajectory(5, seed=seed, record=record())
    metrics = {metric.name: metric.compute(run) for metric in movielens.STUDY.metrics}
    assert all(values.shape == (5,) for values in metrics.values())
    is_chosen = run["user response"].get("is_chosen").numpy()
    rating = run["user response"].get("rating").numpy()
    np.testing.assert_allclose(metrics["mean_rating"][-1], rating[is_chosen].mean(), rtol=1e-5)
    np.testing.assert_allclose(metrics["choice_rate"][-1], is_chosen.mean(), rtol=1e-5)
    enjoyment = run["user response"].get("enjoyment").numpy().mean(axis=1)
    np.testing.assert_allclose(metrics["enjoyment"], enjoyment, rtol=1e-5)
    total = metrics["cumulative_enjoyment"]
    np.testing.assert_allclose(total, [0, *np.cumsum(enjoyment)[:-1]], rtol=1e-4, atol=1e-5)


def test_nobody_ever_chose_anything_has_metrics_of_zero():
    from recsim_ng import Trajectory, Value

    nobody = Value(is_chosen=np.zeros((3, 2), bool), rating=np.ones((3, 2), np.float32))
    run = Trajectory({"user response": nobody}, length=3)
    np.testing.assert_array_equal(movielens.mean_rating(run), np.zeros(3))
    np.testing.assert_array_equal(movielens.choice_rate(run), np.zeros(3))


def mean_enjoyment(folder, recommender, seed, **settings):
    """`[U]` cumulative enjoyment after 19 steps."""
    story = movielens.story(movielens.Config(folder, recommender, **settings))
    run = TFRuntime(story).execute(19, seed=seed)
    return run["metrics state"].get("cumulative_enjoyment").numpy()


def assert_better(better, worse):
    """People are paired; a recommender that is no better passes once in 2.5e10 times."""
    gain = better - worse
    assert gain.mean() > LETHAL * gain.std(ddof=1) / len(gain) ** 0.5


@pytest.mark.slow
def test_knowing_tastes_beats_learning_them_beats_chance(folder, seed):
    # 150 people, 19 steps. Over 40 seeds the differences come to 37, 29 and 14 standard errors,
    # and never to less than 12.
    got = {name: mean_enjoyment(folder, name, seed) for name in ("random", "learning", "myopic")}
    assert_better(got["myopic"], got["random"])
    assert_better(got["learning"], got["random"])
    assert_better(got["myopic"], got["learning"])
    with pytest.raises(AssertionError):
        assert_better(mean_enjoyment(folder, "random", seed + 1), got["random"])


def regret(folder, seeds, *, learns=True):
    """`[T, U]`: by how much the slate's mean enjoyment falls short of the best slate's.

    Tastes stand still and films may be shown again, so that the best slate stays what it is.
    """
    config = movielens.Config(
        folder, "learning", drift_rate=0.0, boredom_penalty=0.0, allow_repeats=True
    )
    story = movielens.story(config)
    if not learns:
        state = next(variable for variable in story if variable.name == "recommender state")
        state.value = dataclasses.replace(state.value, fn=lambda previous, *_: previous)
    runtime = TFRuntime(story)
    total = 0.0
    for seed in seeds:
        run = runtime.trajectory(
            40, seed=seed, record=["user state.affinity", "slate docs", "available docs"]
        )
        films = {name: field[0].numpy() for name, field in run["available docs"].as_dict.items()}
        affinity = run["user state"].get("affinity")[0].numpy()
        enjoyment = films["doc_quality"] + affinity @ films["doc_genres"].T
        best = np.sort(enjoyment, axis=1)[:, -5:].mean(axis=1)
        ranks = run["slate docs"].get("doc_ranks").numpy()
        total = (
            total
            + best
            - np.stack([np.take_along_axis(enjoyment, at, axis=1).mean(axis=1) for at in ranks])
        )
    return total / len(seeds)


@pytest.mark.slow
def test_the_regret_of_the_learner_falls(folder, seed):
    # 150 people, 4 seeds. Over 6 such runs it falls by 21 standard errors or more, to .28.
    learner = regret(folder, range(seed, seed + 4))
    assert (learner > -1e-5).all()
    assert_better(learner[:10].mean(axis=0), learner[-10:].mean(axis=0))
    assert learner[-10:].mean() < 0.7 * learner[:5].mean()
    deaf = regret(folder, [seed], learns=False)
    with pytest.raises(AssertionError):
        assert_better(deaf[:10].mean(axis=0), deaf[-10:].mean(axis=0))


@pytest.mark.skipif("RECSIM_NG_MOVIELENS" not in os.environ, reason="needs the real files")
@pytest.mark.parametrize("recommender", RECOMMENDERS)
def test_the_real_people_can_be_served(recommender):
    story = movielens.story(movielens.Config(os.environ["RECSIM_NG_MOVIELENS"], recommender))
    run = TFRuntime(story, check_finite=True).trajectory(3, seed=1, record=record())
    assert run["user response"].get("rating").shape == (3, 943)
    rating = {metric.name: metric.compute(run) for metric in movielens.STUDY.metrics}["mean_rating"]
    assert 2.5 < rating[-1] < 5
