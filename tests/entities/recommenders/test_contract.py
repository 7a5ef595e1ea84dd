"""What every recommender of the registry has to keep to, in stories of different shape."""

from typing import get_args

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, PythonRuntime, TFRuntime
from recsim_ng.core.site import Seed, behaviour
from recsim_ng.core.variable import Variable
from recsim_ng.entities.recommenders import RECOMMENDERS, RecommenderName, recommender
from recsim_ng.stories import ecosystem, movielens
from tests import synthetic_ratings
from tests.agreement import assert_agree, in_graph_and_xla
from tests.recommender_world import World, WorldUser, side_by_side

NAMES = tuple(RECOMMENDERS)
WORLD = World()
STEPS = 5


@pytest.fixture(scope="module")
def served():
    """Trajectories of all recommenders, of each without and with repeats."""
    return {
        allow: PythonRuntime(side_by_side(WORLD, allow_repeats=allow)).trajectory(STEPS, seed=7)
        for allow in (False, True)
    }


def ranks(run, name):
    return run[f"{name} slate"].get("doc_ranks").numpy()


def steps_of(name, seed, **settings):
    """A step of a recommender after a first one, as functions of tensors."""
    world = settings.pop("world", WORLD)
    config = world.config(**settings)
    made, user = RECOMMENDERS[name](config), WorldUser(config, world)
    docs, observation = world.docs(), world.observation()

    def first():
        with Seed(seed), behaviour("state"):
            state = made.initial_state()
        with Seed(seed), behaviour("slate"):
            slate = made.slate_docs(state, observation, docs)
        with Seed(seed), behaviour("response"):
            return state, user.next_response(None, slate), slate

    def second(state, response, slate):
        with Seed(seed, 1), behaviour("state"):
            state = made.next_state(state, response, slate)
        with Seed(seed, 1), behaviour("slate"):
            return state, made.slate_docs(state, observation, docs)

    return made, first, second


def plain(x):
    return x.map(tf.convert_to_tensor)


@pytest.mark.parametrize("name", NAMES)
def test_values_are_as_specified(name):
    made, first, second = steps_of(name, 0, allow_repeats=False)
    specs = made.specs()
    state, response, slate = first()
    values = (("state", state), ("slate", slate))
    values += tuple(zip(("state", "slate"), second(state, response, slate), strict=True))
    for part, found in values:
        spec = specs.get(part)
        Variable(part, spec).typecheck(found)
        for field, x in found.as_dict.items():
            box, x = spec.get(field).space, np.asarray(tf.convert_to_tensor(x))
            assert (box.shape, box.dtype) == (x.shape, x.dtype), field
            assert (x >= box.low).all() and (x <= box.high).all(), field


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("allow_repeats", [False, True])
def test_slates_hold_different_candidates_with_their_own_features(served, name, allow_repeats):
    run, docs = served[allow_repeats], WORLD.docs()
    shown = ranks(run, name)
    assert all(len(set(row)) == WORLD.slate_size for row in shown.reshape(-1, WORLD.slate_size))
    users = np.arange(WORLD.num_users)[None, :, None]
    assert WORLD.candidates[users, shown].all()
    for field in ("doc_id", "doc_features", "doc_popularity"):
        got = run[f"{name} slate"].get(field).numpy()
        np.testing.assert_array_equal(got, docs.get(field).numpy()[shown], err_msg=field)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_chosen_is_not_shown_again_unless_that_is_allowed(served, name):
    run, chosen, repeats = served[False], [set() for _ in range(WORLD.num_users)], 0
    shown, choice = ranks(run, name), run[f"{name} response"].get("choice").numpy()
    for t in range(STEPS):
        for u in range(WORLD.num_users):
            repeats += len(chosen[u] & set(shown[t, u]))
            if choice[t, u] < WORLD.slate_size:
                chosen[u].add(shown[t, u, choice[t, u]])
    assert any(chosen) and repeats == 0
    assert "seen" not in served[True][f"{name} state"]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_slates(name):
    runs = []
    for _ in range(2):
        _, first, second = steps_of(name, 11)
        runs.append(plain(second(*first())[1]).as_dict)
    for field, x in runs[0].items():
        np.testing.assert_array_equal(x, runs[1][field], err_msg=field)


@pytest.mark.parametrize("name", NAMES)
def test_users_scored_in_chunks_get_the_same_slates(name):
    # 12 users: chunks of 5 leave a short one, and 12 is the whole population at once.
    runs = []
    for chunk in (12, 5, 1):
        _, first, second = steps_of(name, 3, allow_repeats=False, chunk=chunk)
        runs.append([plain(x) for x in second(*first())])
    for other in runs[1:]:
        for part, whole in zip(other, runs[0], strict=True):
            for field, x in whole.as_dict.items():
                x, y = x.numpy(), part.get(field).numpy()
                if x.dtype.kind == "f":  # a product of a few rows may round differently
                    np.testing.assert_allclose(y, x, rtol=1e-5, atol=1e-6, err_msg=field)
                else:
                    np.testing.assert_array_equal(y, x, err_msg=field)


@pytest.mark.parametrize("name", NAMES)
def test_more_users_change_nothing_for_those_there_are(name):
    # Of what a recommender learns from all users alike, nothing is known at the first step.
    slates = []
    for num_users in (12, 14):
        _, first, _ = steps_of(name, 5, world=World(num_users=num_users))
        slates.append(first()[2].get("doc_ranks").numpy())
    np.testing.assert_array_equal(slates[1][:12], slates[0])


@pytest.mark.parametrize("name", NAMES)
@in_graph_and_xla
def test_graph_and_xla_do_what_python_does(name, jit_compile, seed):
    _, first, second = steps_of(name, seed, allow_repeats=False)
    given = [plain(x) for x in first()]
    expected = dict(zip(("state", "slate"), map(plain, second(*given)), strict=True))
    compiled = tf.function(second, jit_compile=jit_compile)
    got = dict(zip(("state", "slate"), map(plain, compiled(*given)), strict=True))
    assert_agree(expected, got)


@in_graph_and_xla
def test_whole_runs_agree_between_runtimes(jit_compile, seed):
    # The one whose slate is a random variable; others go through it in tests/stories.
    network = side_by_side(World(num_users=5, num_docs=9, slate_size=2), ("plackett_luce",))
    expected = PythonRuntime(network).trajectory(4, seed=seed)
    assert_agree(expected, TFRuntime(network, jit_compile=jit_compile).trajectory(4, seed=seed))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"slate_size": 22}, r"slate_size must be a whole number within 1\.\.21, got 22"),
        ({"slate_size": 0}, "slate_size must be a whole number .*, got 0"),
        ({"slate_size": float("nan")}, "slate_size must be a whole number .*, got nan"),
        ({"chunk": -1}, "chunk must be a whole number of at least 0, got -1"),
        ({"allow_repeats": 1}, "allow_repeats must be True or False, got 1"),
    ],
)
def test_settings_out_of_range_are_refused(name, settings, message):
    with pytest.raises(ValueError, match=message):
        RECOMMENDERS[name](WORLD.config(**settings))


def test_the_registry_says_what_it_has():
    assert set(RECOMMENDERS) == {*get_args(RecommenderName), "oracle"}
    assert recommender("random") is RECOMMENDERS["random"]
    with pytest.raises(ValueError, match=r"recommender: name must be one of \[.*\], got 'best'"):
        recommender("best")


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    truth = synthetic_ratings.simulate(
        np.random.default_rng(0), num_users=20, num_items=30, ratings_per_user=15
    )
    return str(synthetic_ratings.write_atomic(tmp_path_factory.mktemp("films"), truth))


@pytest.mark.parametrize("name", get_args(RecommenderName))
def test_each_serves_the_people_of_the_film_story(films, name):
    story = movielens.story(movielens.Config(films, name, num_users=8, slate_size=3))
    run = PythonRuntime(Network(story)).trajectory(3, seed=1)
    shown = run["slate docs"].get("doc_ranks").numpy()
    assert all(len(set(row)) == 3 for row in shown.reshape(-1, 3))
    film = run["available docs"].get("doc_year")[0].numpy()
    np.testing.assert_array_equal(run["slate docs"].get("doc_year"), film[shown])
    chosen = [set() for _ in range(8)]
    for t, choices in enumerate(run["user response"].get("choice").numpy()):
        for u, choice in enumerate(choices):
            assert not chosen[u] & set(shown[t, u])
            if choice < 3:
                chosen[u].add(shown[t, u, choice])


@pytest.mark.parametrize("name", get_args(RecommenderName))
def test_each_serves_the_users_of_the_ecosystem(name):
    config = ecosystem.Config(num_users=6, num_provider_clusters=2, recommender=name)
    run = PythonRuntime(Network(ecosystem.story(config))).trajectory(3, seed=1)
    assert run["slate docs"].get("provider_id").shape == (3, 6, 3)
    if "doc_ranks" in run["slate docs"]:  # the published one has none
        shown = run["slate docs"].get("doc_ranks").numpy()
        providers = run["available docs"].get("provider_id").numpy()
        np.testing.assert_array_equal(
            run["slate docs"].get("provider_id"),
            np.stack([p[r] for p, r in zip(providers, shown, strict=True)]),
        )
