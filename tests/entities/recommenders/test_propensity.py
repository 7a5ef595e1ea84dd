"""The probability that a slate policy says is that with which it shows the slate."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.given import Condition
from recsim_ng.core.site import Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.entities.recommenders import (
    CollabFilteringRecommender,
    EpsilonGreedyRecommender,
    MyopicUtilityRecommender,
    PlackettLuceRecommender,
    RandomRecommender,
    RecurrentRecommender,
)
from tests.recommender_world import World
from tests.statistical import assert_frequencies, must_catch

# Two users' laws, many times over; users 0 and 1 see 3 and 4 of 4 documents.
WORLD = World(num_users=2, num_docs=4, slate_size=2)
SLATES = list(itertools.permutations(range(4), 2))
MAKE = {
    "random": RandomRecommender,
    "plackett_luce": lambda config: PlackettLuceRecommender(config, MyopicUtilityRecommender),
    "epsilon_greedy": lambda config: EpsilonGreedyRecommender(config, MyopicUtilityRecommender),
    "collab_filtering": CollabFilteringRecommender,
    "recurrent": RecurrentRecommender,
}
SETTINGS = {"epsilon": 0.3, "temperature": 0.7}


def law(name, world, u, logits=None):
    """`[12]` probabilities of the ordered slates, by the definition."""
    weights = np.where(world.candidates[u], 1.0, 0.0)
    if logits is not None:
        weights = weights * np.exp(logits)
    p = np.array([weights[i] * weights[j] / (weights.sum() - weights[i]) for i, j in SLATES])
    p /= weights.sum()
    if name == "epsilon_greedy":
        best = np.argsort(-np.where(world.candidates[u], world.utility[u], -np.inf))[:2]
        p = SETTINGS["epsilon"] * p
        p[SLATES.index(tuple(best))] += 1 - SETTINGS["epsilon"]
    return p


def serve(recommender, world, seed, many=1, utility=None):
    """A slate of each user, `many` times over."""
    utility = world.utility if utility is None else utility
    docs = world.docs()
    docs = Value(**{k: x for k, x in docs.as_dict.items() if k != "is_candidate"})
    mask = tf.constant(np.tile(world.candidates, (many, 1)))
    observation = Value(utility=tf.constant(np.tile(utility, (many, 1))))
    with Seed(seed), behaviour("slate"):
        return recommender.slate_docs(
            recommender.initial_state(), observation, docs.union(Value(is_candidate=mask))
        )


@pytest.mark.parametrize("chunk", [0, 20_000])
@pytest.mark.parametrize("name", MAKE)
def test_slates_are_shown_with_the_probability_that_is_said(seed, name, chunk):
    many = 20_000
    config = {**WORLD.config(**SETTINGS), "num_users": 2 * many, "chunk": chunk}
    recommender = MAKE[name](config)
    slate = serve(recommender, WORLD, seed, many)
    ranks, said = slate.get("doc_ranks").numpy(), np.exp(slate.get("log_propensity").numpy())
    index = np.array([SLATES.index(tuple(row)) for row in ranks])
    for u in range(2):
        logits = None
        if name == "plackett_luce":
            logits = WORLD.utility[u] / SETTINGS["temperature"]
        if name in ("collab_filtering", "recurrent"):
            state = recommender.initial_state()
            logits = recommender.scores(state, Value(), WORLD.docs(), Value()).numpy()[u]
        truth = law(name, WORLD, u, logits)
        assert abs(truth.sum() - 1) < 1e-6
        np.testing.assert_allclose(said[u::2], truth[index[u::2]], rtol=1e-4)
        if name in ("collab_filtering", "recurrent"):
            continue  # the same draws as plackett_luce
        possible = truth > 0
        counts = np.bincount(index[u::2], minlength=12)[possible]
        assert_frequencies(counts, truth[possible], what=f"slates of user {u}")
        with must_catch():
            wrong = truth[possible] * np.linspace(0.7, 1.3, possible.sum())
            assert_frequencies(counts, wrong / wrong.sum(), what="slates of another policy")


@pytest.mark.parametrize("name", ["plackett_luce", "collab_filtering", "recurrent"])
def test_all_propensities_sum_to_one_and_the_slate_is_scored_by_them(name):
    world = World(num_users=12, num_docs=4, slate_size=2, has_candidates=False)
    recommender = MAKE[name](world.config(**SETTINGS))
    shown = tf.constant(np.array(SLATES, np.int32))
    state = recommender.initial_state().map(lambda x: tf.zeros_like(x))
    observation = Value(utility=tf.tile(tf.constant(world.utility[:1]), [12, 1]))
    with Seed(0), Condition({("slate", "#0"): shown}), behaviour("slate"):
        slate = recommender.slate_docs(state, observation, world.docs())
    np.testing.assert_array_equal(slate.get("doc_ranks").numpy(), shown)
    said = slate.get("log_propensity")
    np.testing.assert_allclose(np.exp(said).sum(), 1.0, rtol=1e-5)
    scored = slate.get("doc_ranks").distribution.log_prob(shown)
    np.testing.assert_allclose(scored, said, rtol=1e-5)


@pytest.mark.parametrize("epsilon", [0.0, 1.0])
def test_the_ends_of_epsilon_have_finite_propensities(epsilon):
    world = World(num_users=50, num_docs=9, has_candidates=False)
    config = world.config(epsilon=epsilon)
    slate = serve_all(EpsilonGreedyRecommender(config, MyopicUtilityRecommender), world)
    expected = -np.log(9 * 8 * 7) if epsilon else 0.0
    np.testing.assert_allclose(slate.get("log_propensity"), expected, rtol=1e-5, atol=1e-6)


def serve_all(recommender, world):
    with Seed(0), behaviour("slate"):
        return recommender.slate_docs(
            recommender.initial_state(), world.observation(), world.docs()
        )


def propensities(scores, chunk, **settings):
    """Slates `[100, 2, S]` and their log-propensities `[100, 2]`, by scores of the documents."""
    config = {**WORLD.config(**settings), "num_users": 200, "chunk": chunk}
    recommender = PlackettLuceRecommender(config, MyopicUtilityRecommender)
    utility = np.tile(np.array(scores, np.float32), (2, 1))
    slate = serve(recommender, WORLD, 1, 100, utility)
    return [
        np.reshape(tf.convert_to_tensor(slate.get(x)), (100, 2, -1))
        for x in ("doc_ranks", "log_propensity")
    ]


@pytest.mark.parametrize("chunk", [0, 50])
def test_low_temperatures_cost_ties_no_digits(chunk):
    _, said = propensities([3.0] * 4, chunk, temperature=1e-6)
    fit = np.sum(WORLD.candidates, axis=1)
    expected = -np.log(fit * (fit - 1.0))
    np.testing.assert_allclose(said[..., 0], np.tile(expected, (100, 1)), rtol=1e-6)


@pytest.mark.parametrize("chunk", [0, 50])
def test_documents_of_minus_infinity_are_shown_after_all_others(chunk):
    assert np.all(WORLD.candidates[:, 1])
    ranks, said = propensities([1.0, -np.inf, 1.0, 1.0], chunk)
    left = np.sum(WORLD.candidates, axis=1) - 1.0
    expected = -np.log(left * (left - 1))
    assert 1 not in ranks
    np.testing.assert_allclose(said[..., 0], np.tile(expected, (100, 1)), rtol=1e-6)


def test_low_temperatures_show_the_best():
    world = World()
    best = serve_all(MyopicUtilityRecommender(world.config()), world).get("doc_ranks")
    config = world.config(temperature=1e-4)
    softened = PlackettLuceRecommender(config, MyopicUtilityRecommender)
    np.testing.assert_array_equal(serve_all(softened, world).get("doc_ranks").numpy(), best)


@pytest.mark.parametrize(
    ("make", "setting", "message"),
    [
        (PlackettLuceRecommender, {"temperature": 0.0}, "temperature must be a number within"),
        (EpsilonGreedyRecommender, {"epsilon": 1.5}, r"epsilon must be a number within \[0.0, 1.0"),
    ],
)
def test_settings_out_of_range_are_refused(make, setting, message):
    with pytest.raises(ConfigError, match=f"{make.__name__}: {message}"):
        make(WORLD.config(**setting))


@pytest.mark.parametrize("make", [PlackettLuceRecommender, EpsilonGreedyRecommender])
@pytest.mark.parametrize("base", [None, "lin_ucb"])
def test_a_base_that_is_no_constructor_is_refused(make, base):
    with pytest.raises(ConfigError, match=r"base must be a function, got .*RECOMMENDERS\["):
        make(WORLD.config(), base)
