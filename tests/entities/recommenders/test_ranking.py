import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.site import Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.entities.recommenders import (
    LinearThompsonRecommender,
    MyopicTasteRecommender,
    PopularityRecommender,
    RandomRecommender,
)
from recsim_ng.entities.users import GenreTasteUser
from tests.statistical import assert_frequencies, must_catch

U, D, K, S = 6, 12, 3, 4
CONFIG = {
    "num_users": U,
    "num_docs": D,
    "num_topics": K,
    "slate_size": S,
    "allow_repeats": False,
    "rating_noise": 0.5,
    "boredom_penalty": 0.5,
    "boredom_decay": 0.8,
    "exploration": 1.0,
    "prior_affinity_sd": 0.3,
    "prior_offset_sd": 0.4,
    "prior_quality_sd": 0.25,
    "prior_boredom_sd": 0.5,
}
MAKE = {
    "random": RandomRecommender,
    "popularity": PopularityRecommender,
    "myopic": MyopicTasteRecommender,
    "learning": lambda config: LinearThompsonRecommender(config, usual_rating=3.2),
}


@pytest.fixture
def docs(rng):
    return Value(
        doc_id=tf.range(D),
        doc_genres=tf.constant(rng.integers(0, 2, (D, K)), tf.float32),
        doc_quality=tf.constant(rng.normal(0, 0.5, D), tf.float32),
        doc_popularity=tf.constant(rng.permutation(D), tf.float32),
    )


@pytest.fixture
def observation(rng):
    return Value(
        user_id=tf.range(U),
        affinity=tf.constant(rng.normal(0, 0.3, (U, K)), tf.float32),
        recent_genres=tf.constant(rng.uniform(0, 3, (U, K)), tf.float32),
    )


def response(choice, num_users=U):
    choice = tf.broadcast_to(choice, [num_users])
    return Value(
        choice=choice, is_chosen=choice < S, rating=tf.fill([num_users], 4.0), enjoyment=0.0
    )


def show(recommender, state, observation, docs, seed=0, step=0):
    with Seed(seed, step), behaviour("slate docs"):
        return recommender.slate_docs(state, observation, docs)


@pytest.mark.parametrize("name", MAKE)
def test_values_are_as_specified(name, docs, observation):
    recommender = MAKE[name](CONFIG)
    specs, state = recommender.specs(), recommender.initial_state()
    slate = show(recommender, state, observation, docs)
    Variable("state", specs.get("state")).typecheck(state)
    Variable("slate docs", specs.get("slate")).typecheck(slate)
    following = recommender.next_state(state, response(1), slate)
    Variable("next", specs.get("state")).typecheck(following)


@pytest.mark.parametrize("name", MAKE)
def test_a_slate_holds_different_documents_with_their_own_features(name, docs, observation):
    recommender = MAKE[name](CONFIG)
    slate = show(recommender, recommender.initial_state(), observation, docs)
    ranks = slate.get("doc_ranks").numpy()
    assert all(len(set(row)) == S for row in ranks)
    for field in ("doc_id", "doc_genres", "doc_quality"):
        np.testing.assert_array_equal(slate.get(field), docs.get(field).numpy()[ranks])


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("allow_repeats", [False, True])
def test_what_was_chosen_is_shown_again_only_if_that_is_allowed(
    name, allow_repeats, docs, observation
):
    recommender = MAKE[name]({**CONFIG, "allow_repeats": allow_repeats})
    state, chosen, repeats = recommender.initial_state(), [set() for _ in range(U)], 0
    for step in range(D - S + 1):
        slate = show(recommender, state, observation, docs, seed=3, step=step)
        ranks = slate.get("doc_ranks").numpy()
        repeats += sum(len(chosen[u] & set(ranks[u])) for u in range(U))
        for u in range(U):
            chosen[u].add(ranks[u, 0])
        state = recommender.next_state(state, response(0), slate)
    assert (repeats > 0) == allow_repeats


def test_a_person_who_chooses_nothing_has_seen_nothing(docs, observation):
    recommender = RandomRecommender(CONFIG)
    state = recommender.initial_state()
    slate = show(recommender, state, observation, docs)
    assert not recommender.next_state(state, response(S), slate).get("is_seen").numpy().any()


def test_when_little_is_left_slates_are_filled_with_what_was_seen(docs, observation):
    recommender = PopularityRecommender(CONFIG)
    state = recommender.initial_state()
    left = [3, 7]
    seen = tf.constant(~np.isin(np.arange(D), left))
    state = Value(is_seen=tf.tile(seen[None], [U, 1]), consumption=state.get("consumption"))
    ranks = show(recommender, state, observation, docs).get("doc_ranks").numpy()
    assert all(set(row[:2]) == set(left) and len(set(row)) == S for row in ranks)


def test_random_slates_are_uniform_over_ordered_slates(seed):
    users = 60_000
    config = {**CONFIG, "num_users": users, "num_docs": 4, "slate_size": 2}
    recommender = RandomRecommender(config)
    films = Value(doc_id=tf.range(4), doc_genres=tf.zeros([4, K]), doc_quality=tf.zeros([4]))
    slate = show(recommender, recommender.initial_state(), Value(), films, seed)
    first, second = slate.get("doc_ranks").numpy().T
    counts = np.bincount(first * 4 + second, minlength=16)
    pairs = (1 - np.eye(4)).ravel() / 12
    assert_frequencies(counts, pairs, what="ordered slates")
    with must_catch():
        wrong = pairs * np.where(np.arange(16) < 4, 1.25, 1)
        assert_frequencies(counts, wrong / wrong.sum(), what="slates that prefer document 0")


def test_popularity_counts_what_is_chosen_in_the_run(docs, observation):
    recommender = PopularityRecommender(CONFIG)
    state = recommender.initial_state()
    slate = show(recommender, state, observation, docs)
    popularity = docs.get("doc_popularity").numpy()
    order = np.argsort(-popularity)
    np.testing.assert_array_equal(slate.get("doc_ranks"), np.tile(order[:S], [U, 1]))
    state = recommender.next_state(state, response(2), slate)
    popularity[order[2]] += U
    np.testing.assert_array_equal(
        state.get("consumption"), popularity - docs.get("doc_popularity").numpy()
    )
    unseen = np.delete(np.argsort(-popularity), 0)  # the favourite now, which all have seen
    slate = show(recommender, state, observation, docs)
    np.testing.assert_array_equal(slate.get("doc_ranks"), np.tile(unseen[:S], [U, 1]))


def test_myopic_slates_are_those_that_people_enjoy_most(docs, observation):
    user = GenreTasteUser(
        {**CONFIG, "nochoice_logit": 0.0, "drift_rate": 0.0},
        observation.get("affinity"),
        np.zeros(U),
        3.2,
    )
    everything = docs.at("doc_genres", "doc_quality").map(
        lambda x: tf.tile(x[None], [U] + [1] * x.shape.rank)
    )
    enjoyment = user.enjoyment(observation, everything).numpy()
    recommender = MyopicTasteRecommender(CONFIG)
    slate = show(recommender, recommender.initial_state(), observation, docs)
    shown = np.take_along_axis(enjoyment, slate.get("doc_ranks").numpy(), axis=1)
    np.testing.assert_allclose(shown, -np.sort(-enjoyment, axis=1)[:, :S], rtol=1e-5, atol=1e-6)
