import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.site import Seed, behaviour
from recsim_ng.core.value import Value, ValueSpec
from recsim_ng.entities.recommendation import Vocabulary
from recsim_ng.entities.recommenders import (
    EpsilonGreedyRecommender,
    LinUCBRecommender,
    MyopicUtilityRecommender,
    OracleRecommender,
    PlackettLuceRecommender,
    PopularityRecommender,
    RandomRecommender,
)
from tests.recommender_world import World

WORLD = World()
U, D, S = WORLD.num_users, WORLD.num_docs, WORLD.slate_size


def show(recommender, state=None, seed=0, step=0, world=WORLD):
    with Seed(seed, step), behaviour("slate docs"):
        state = recommender.initial_state() if state is None else state
        return recommender.slate_docs(state, world.observation(), world.docs())


def response(choice):
    return Value(choice=tf.fill([U], choice))


def expected_ranks(scores, candidates=None):
    scores = np.where(WORLD.candidates if candidates is None else candidates, scores, -np.inf)
    return np.argsort(-scores, axis=1, kind="stable")[:, :S]


def test_a_user_who_chooses_nothing_has_seen_nothing():
    recommender = RandomRecommender(WORLD.config(allow_repeats=False))
    slate = show(recommender)
    following = recommender.next_state(recommender.initial_state(), response(S), slate)
    assert not following.get("seen").numpy().any()


def test_when_little_is_left_candidates_seen_come_before_other_documents():
    world = World(num_users=4, num_docs=6, slate_size=5)  # four or five candidates each
    config = world.config(allow_repeats=False)
    for make in (MyopicUtilityRecommender, RandomRecommender, PlackettLuceRecommender):
        recommender = make(config)
        with Seed(0), behaviour("state"):
            state = recommender.initial_state()
        chosen = show(recommender, state, world=world)
        choice = Value(choice=tf.zeros([4], tf.int32))
        ranks = show(recommender, recommender.next_state(state, choice, chosen), world=world)
        ranks, first = ranks.get("doc_ranks").numpy(), chosen.get("doc_ranks").numpy()[:, 0]
        for u in range(4):
            count = world.candidates[u].sum()
            unseen = set(np.flatnonzero(world.candidates[u])) - {first[u]}
            assert set(ranks[u, : count - 1]) == unseen
            assert ranks[u, count - 1] == first[u]


def test_items_not_places_are_seen_where_the_story_names_them():
    config = WORLD.config(allow_repeats=False)
    vocabulary = dataclasses.replace(config["vocabulary"], item="doc_id", num_items=200)
    recommender = PopularityRecommender({**config, "vocabulary": vocabulary})
    slate = show(recommender)
    state = recommender.next_state(recommender.initial_state(), response(1), slate)
    assert state.get("seen").shape == (U, 7) and state.get("consumption").shape == (200,)
    chosen = slate.get("doc_id").numpy()[:, 1]
    np.testing.assert_array_equal(
        state.get("consumption"), np.bincount(chosen, minlength=200).astype(np.float32)
    )
    assert not (show(recommender, state).get("doc_id").numpy() == chosen[:, None]).any()


def test_popularity_counts_what_is_chosen_in_the_run():
    recommender = PopularityRecommender(WORLD.config())
    state, popularity = recommender.initial_state(), WORLD.docs().get("doc_popularity").numpy()
    for choice in (2, 0, S, 1):
        ranks = show(recommender, state).get("doc_ranks").numpy()
        scores = np.broadcast_to(popularity, (U, D))
        np.testing.assert_array_equal(ranks, expected_ranks(scores))
        state = recommender.next_state(state, response(choice), Value(doc_ranks=tf.constant(ranks)))
        if choice < S:
            popularity = popularity + np.bincount(ranks[:, choice], minlength=D)


@pytest.mark.parametrize("make", [MyopicUtilityRecommender, OracleRecommender])
def test_who_knows_the_utility_shows_the_best(make):
    ranks = show(make(WORLD.config())).get("doc_ranks")
    np.testing.assert_array_equal(ranks, expected_ranks(WORLD.utility))


def test_an_oracle_is_told_the_step():
    policy = lambda step, observation, docs: tf.one_hot(step * 2, D)  # noqa: E731
    recommender = OracleRecommender(World(has_candidates=False).config(), policy)
    state = recommender.initial_state()
    for step in range(3):
        ranks = show(recommender, state).get("doc_ranks").numpy()
        assert (ranks[:, 0] == 2 * step).all()
        state = recommender.next_state(state, response(0), Value(doc_ranks=ranks))


def test_without_masks_a_random_slate_is_one_of_all_with_its_probability():
    recommender = RandomRecommender(World(has_candidates=False).config())
    slate = show(recommender)
    np.testing.assert_allclose(slate.get("log_propensity"), -np.log(21 * 20 * 19), rtol=1e-5)


def test_with_chunks_no_array_of_users_by_documents_is_made():
    world = World(num_users=64, num_docs=33, has_candidates=False)
    for name in (RandomRecommender, PopularityRecommender, PlackettLuceRecommender):
        recommender = name(world.config(allow_repeats=False, chunk=4))
        with Seed(0), behaviour("state"):
            state = recommender.initial_state().map(tf.convert_to_tensor)

        @tf.function
        def slates(state, recommender=recommender):
            with Seed(1), behaviour("slate"):
                return recommender.slate_docs(state, Value(), world.docs())

        graph = slates.get_concrete_function(state).graph
        graphs = [graph, *(f.graph for f in graph._functions.values())]
        sizes = [x.shape for g in graphs for op in g.get_operations() for x in op.outputs]
        large = [
            s for s in sizes if s.rank and s.is_fully_defined() and s.num_elements() >= 64 * 33
        ]
        assert sizes and not large, large


@pytest.mark.parametrize(
    ("make", "vocabulary", "message"),
    [
        (MyopicUtilityRecommender, {"utility": None}, "needs the story's utility, got None"),
        (
            LinUCBRecommender,
            {"features": "doc_colour"},
            "needs the story's features, got 'doc_colo",
        ),
        (RandomRecommender, {"item": "doc_colour"}, "needs the story's item, got 'doc_colour'"),
        (RandomRecommender, {"reward": "joy"}, "needs the story's reward, got 'joy', which is not"),
        (
            RandomRecommender,
            {"response": ValueSpec(liked=None)},
            r"response must have the field 'choice', the place chosen on the slate, got \['lik",
        ),
    ],
)
def test_what_a_story_lacks_is_said_by_the_constructor(make, vocabulary, message):
    config = WORLD.config()
    known = dataclasses.replace(config["vocabulary"], **vocabulary)
    with pytest.raises(ConfigError, match=message):
        make({**config, "vocabulary": known})


def test_an_oracle_needs_a_policy():
    with pytest.raises(ConfigError, match="policy must be a function .* got None"):
        OracleRecommender({**WORLD.config(), "policy": None})


def test_what_ranks_in_its_own_way_cannot_be_wrapped():
    with pytest.raises(ConfigError, match="base must make a RankingRecommender .* got a Random"):
        EpsilonGreedyRecommender(WORLD.config(), RandomRecommender)


def test_a_recommender_serves_without_a_vocabulary():
    config = {"num_users": 3, "num_docs": 5, "slate_size": 2, "num_topics": 1}
    recommender = PopularityRecommender(config)
    slate = recommender.slate_docs(recommender.initial_state(), Value(), Value())
    assert list(slate) == ["doc_ranks"] == list(recommender.specs().get("slate"))


def test_features_of_several_fields_are_put_side_by_side():
    docs = WORLD.docs()
    vocabulary = dataclasses.replace(
        WORLD.config()["vocabulary"], features=("doc_features", "doc_popularity")
    )
    assert isinstance(vocabulary, Vocabulary) and vocabulary.num_features == 5
    expected = np.concatenate(
        [docs.get("doc_features"), docs.get("doc_popularity").numpy()[:, None]], axis=1
    )
    np.testing.assert_array_equal(vocabulary.features_of(docs), expected)
    shown = docs.at("doc_features", "doc_popularity").map(lambda x: tf.gather(x, [[1, 2], [0, 5]]))
    np.testing.assert_array_equal(vocabulary.features_of(shown), expected[[[1, 2], [0, 5]]])
