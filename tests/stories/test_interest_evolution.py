"""The interest evolution story: wiring, runtimes, recommenders, and what the optimum promises."""

from typing import get_args

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import PythonRuntime, TFRuntime
from recsim_ng.entities.recommenders.registry import RECOMMENDERS, RecommenderName
from recsim_ng.stories import interest_evolution
from recsim_ng.stories.interest_evolution import (
    STUDY,
    Config,
    create_interest_evolution_simulation_network,
    frozen_documents,
    optimum,
    story,
)
from tests import statistical
from tests.agreement import assert_agree, in_graph_and_xla

NAMES = ("greedy", "oracle", *get_args(RecommenderName))
SMALL = {"num_users": 3, "num_docs": 6, "horizon": 3, "history_length": 2}


def test_the_published_set_up_is_the_default():
    config = Config()
    assert (config.num_users, config.num_topics, config.num_docs) == (1000, 2, 100)
    assert (config.slate_size, config.history_length, STUDY.num_steps) == (2, 15, 100)
    assert config.freeze_corpus and config.no_click_mass == 0.0


def test_the_published_constructor_returns_variables_and_what_can_be_trained():
    variables, trainable = create_interest_evolution_simulation_network(2, 3, 7, True, 4)
    run = PythonRuntime(variables).trajectory(2, seed=0)
    assert set(run["user state"]) == {"interest.state", "interest.linear_update.state"}
    docs = {"doc_id", "doc_topic", "doc_quality", "doc_features", "doc_length"}
    assert set(run["corpus state"]) == set(run["available docs"]) == docs
    assert docs | {"doc_ranks"} <= set(run["slate docs"])
    assert set(run["user response"]) == {"choice", "consumed_time"}
    assert set(run["user observation"]) == {"user_id"}
    assert run["metrics state"]["cumulative_reward"].shape == (2, 2)
    assert run["recommender state"]["doc_history"].shape == (2, 2, 4)
    assert trainable and all(isinstance(v.numpy(), np.ndarray) for v in trainable)


def test_ids_begin_at_1_and_slates_are_gathered_from_the_documents():
    run = PythonRuntime(story(Config(**SMALL))).trajectory(3, seed=1)
    np.testing.assert_array_equal(run["available docs"]["doc_id"][0], np.arange(1, 7))
    slates = run["slate docs"]
    np.testing.assert_array_equal(slates["doc_id"], slates["doc_ranks"] + 1)


@pytest.mark.parametrize(
    "recommender", ["collab_filtering", pytest.param("oracle", marks=pytest.mark.slow)]
)
@in_graph_and_xla
def test_all_runtimes_agree(recommender, jit_compile, seed):
    variables = story(Config(recommender=recommender, **SMALL))
    expected = PythonRuntime(variables).trajectory(4, seed=seed)
    got = TFRuntime(variables, jit_compile=jit_compile).trajectory(4, seed=seed)
    assert_agree(expected, got)


def test_every_recommender_of_the_registry_can_be_had():
    assert set(NAMES) == {*RECOMMENDERS, "greedy"}


@pytest.mark.parametrize("recommender", NAMES)
def test_every_recommender_serves(recommender):
    run = PythonRuntime(story(Config(recommender=recommender, **SMALL))).trajectory(2, seed=0)
    assert np.isfinite(run["metrics state"]["reward"]).all()
    knows = recommender in ("myopic", "greedy", "oracle", "plackett_luce")
    assert ("interest" in run["user observation"]) == knows


def test_frozen_documents_are_the_same_for_every_seed_and_others_are_not():
    def documents(config, seed):
        run = PythonRuntime(story(config)).trajectory(2, seed=seed)
        assert all(np.array_equal(x[0], x[1]) for x in run["corpus state"].as_dict.values())
        return run["corpus state"]["doc_features"].numpy()[0]

    frozen, free = Config(corpus_seed=5, **SMALL), Config(freeze_corpus=False, **SMALL)
    np.testing.assert_array_equal(documents(frozen, 1), documents(frozen, 2))
    np.testing.assert_array_equal(documents(frozen, 1), frozen_documents(frozen)["doc_features"])
    np.testing.assert_array_equal(documents(frozen, 1), documents(free, 5))
    assert not np.array_equal(documents(free, 1), documents(free, 2))


def test_histories_move_only_where_something_was_consumed(seed):
    run = PythonRuntime(story(Config(num_docs=6, num_users=40))).trajectory(4, seed=seed)
    history = run["recommender state"]["doc_history"].numpy()
    times = run["recommender state"]["ctime_history"].numpy()
    consumed = run["user response"]["consumed_time"].numpy()
    choice, ids = run["user response"]["choice"].numpy(), run["slate docs"]["doc_id"].numpy()
    assert (consumed < 0).any() and (consumed > 0).any()
    for t, u in np.ndindex(3, 40):
        if consumed[t, u] < 0:
            expected, expected_times = history[t, u], times[t, u]
        else:
            expected = [*history[t, u][1:], ids[t, u, choice[t, u]]]
            expected_times = [*times[t, u][1:], consumed[t, u]]
        np.testing.assert_array_equal(history[t + 1, u], expected)
        np.testing.assert_array_equal(times[t + 1, u], expected_times)


@pytest.mark.slow
def test_what_users_consume_under_the_oracle_is_what_it_plans(seed):
    config = Config(num_users=3000, num_docs=20, horizon=20)
    plan, docs = optimum(config), frozen_documents(config)
    totals = {}
    for recommender in ("oracle", "greedy", "myopic"):
        variables = story(Config(num_users=3000, num_docs=20, horizon=20, recommender=recommender))
        run = TFRuntime(variables, jit_compile=False).trajectory(20, seed=seed)
        totals[recommender] = np.maximum(run["user response"]["consumed_time"], 0).sum(axis=0)
    interests = run["user state"]["interest.state"][0]
    surprise = totals["oracle"] - plan.expected_time(interests, docs).numpy()
    # A bias of 2.5 % is caught with power 0.999; linear interpolation is worth about 0.5 %. The
    # deviation is estimated, with room.
    sd = 1.1 * surprise.std()
    statistical.assert_mean(surprise, 0.0, sd, what="time beyond the plan")
    with statistical.must_catch():
        statistical.assert_mean(surprise + 0.05 * totals["oracle"].mean(), 0.0, sd)
    for other in ("greedy", "myopic"):
        gain = totals["oracle"] - totals[other]
        assert gain.mean() > 6 * gain.std() / np.sqrt(gain.size)


def test_headline_metrics_have_one_number_a_step(seed):
    run = PythonRuntime(story(Config(**SMALL))).trajectory(4, seed=seed)
    found = {metric.name: metric.compute(run) for metric in STUDY.metrics}
    assert all(x.shape == (4,) for x in found.values())
    reward = run["metrics state"]["cumulative_reward"].numpy().mean(axis=1)
    np.testing.assert_allclose(found["cumulative_time"][:3], reward[1:], rtol=1e-5, atol=1e-6)
    quality, choice = run["slate docs"]["doc_quality"].numpy(), run["user response"]["choice"]
    at_0 = [quality[0, u, c] for u, c in enumerate(choice.numpy()[0]) if c < 2]
    np.testing.assert_allclose(found["quality"][0], np.mean(at_0 or [0]), rtol=1e-5)
    np.testing.assert_allclose(found["choice_rate"][0], len(at_0) / 3, rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"slate_size": 101}, "slate_size must be a whole number within 1..100, got 101"),
        (
            {"recommender": "oracle", "num_topics": 3},
            "num_topics, for the oracle, must be a whole number within 1..2, got 3",
        ),
        (
            {"recommender": "greedy", "freeze_corpus": False},
            "recommender 'greedy' plans for a frozen corpus, got freeze_corpus False; freeze it, "
            "or take another recommender",
        ),
    ],
)
def test_settings_out_of_range_are_refused(change, message):
    with pytest.raises(ValueError) as error:
        Config(**change)
    assert str(error.value) == f"interest_evolution: {message}"


def test_affinity_is_that_of_the_users(rng):
    from recsim_ng import Value

    x, d = rng.normal(size=(4, 2)).astype(np.float32), rng.normal(size=(5, 2)).astype(np.float32)
    found = interest_evolution._affinity(
        Value(interest=tf.constant(x)), Value(doc_features=tf.constant(d))
    )
    np.testing.assert_allclose(found, 2 - np.linalg.norm(x[:, None] - d, axis=-1), rtol=1e-5)
