"""Corpora that renew, drift and restrict: by hand and by their laws."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.site import Record, Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.entities.corpora import (
    CandidateCorpus,
    FilmCorpus,
    GaussianCorpus,
    PopularityDriftCorpus,
    RenewingCorpus,
    Turnover,
)
from tests import statistical

U, D, K, S = 4, 6, 2, 2
CONFIG = {"num_users": U, "num_docs": D, "num_topics": K, "slate_size": S}


def run(fn, *args, seed=0):
    with Seed(seed), Record() as record, behaviour("corpus"):
        return fn(*args), record.sites


def plain(state):
    return state.map(tf.convert_to_tensor)


def step(corpus, state, response=None, slate=None, seed=0):
    after, sites = run(corpus.next_state, state, response or Value(), slate or Value(), seed=seed)
    return plain(after), sites


def test_what_goes_is_replaced_in_its_place_by_an_item_of_its_own():
    corpus = RenewingCorpus({**CONFIG, "removal_rate": 0.5}, GaussianCorpus)
    state = plain(run(corpus.initial_state)[0])
    met = {(d, 0) for d in range(D)}
    for t in range(1, 5):
        after, _ = step(corpus, state, seed=t)
        goes = np.asarray(after.get("removal")) == 1
        features = np.where(
            goes[:, None], after.get("arriving.doc_features"), state.get("doc_features")
        )
        np.testing.assert_array_equal(after.get("doc_features"), features)
        birth = np.where(goes, t, state.get("birth_step"))
        np.testing.assert_array_equal(after.get("birth_step"), birth)
        np.testing.assert_array_equal(after.get("item_id"), np.arange(D) + D * birth)
        docs = corpus.available_documents(after)
        np.testing.assert_array_equal(docs.get("doc_age"), t - birth)
        met |= set(zip(np.asarray(after.get("item_id")).tolist(), birth.tolist(), strict=True))
        state = after
    assert len({item for item, _ in met}) == len(met)  # nobody bears another's number


def test_lives_are_geometric_and_end_at_the_greatest_age(seed):
    # 30,000 places, one step: a rate 0.014 off 0.3 is caught with power 0.999.
    turnover = Turnover({"num_docs": 30_000, "removal_rate": 0.3, "max_age": 4})
    state = turnover.initial_state()
    removal, _ = run(turnover.removal, state, seed=seed)
    gone = int(np.sum(removal.value))
    statistical.assert_proportion(gone, 30_000, 0.3, what="removals")
    with statistical.must_catch():
        statistical.assert_proportion(gone, 30_000, 0.32)
    old = Value(**{**state.as_dict, "step": tf.constant(3)})
    assert np.all(run(turnover.removal, old)[0].value == 1)


def test_with_rates_of_none_and_one_nothing_or_everything_is_new():
    for rate, expected in ((0.0, 0), (1.0, 1)):
        corpus = RenewingCorpus({**CONFIG, "removal_rate": rate}, GaussianCorpus)
        after, _ = step(corpus, plain(run(corpus.initial_state)[0]))
        np.testing.assert_array_equal(after.get("birth_step"), expected)


def test_a_corpus_without_documents_in_its_state_cannot_renew_itself():
    x = np.ones(D)
    film = functools.partial(
        FilmCorpus, genres=np.ones((D, K)), quality=x, popularity=x, year=np.ones(D, int)
    )
    with pytest.raises(
        ConfigError, match=r"must hold its documents in its state.*got \[\] of Film"
    ):
        RenewingCorpus(CONFIG, film)


def test_draws_that_could_not_be_scored_are_refused():
    drifting = functools.partial(PopularityDriftCorpus, corpus_ctor=GaussianCorpus)
    corpus = RenewingCorpus(CONFIG, drifting)
    state = plain(run(corpus.initial_state)[0])
    with pytest.raises(ConfigError, match="must not draw 'log_popularity' in next_state"):
        step(corpus, state)


def test_popularity_remembers_and_grows_with_choices():
    config = {**CONFIG, "popularity_memory": 0.5, "popularity_gain": 2.0, "popularity_noise": 0.3}
    corpus = PopularityDriftCorpus(config, GaussianCorpus)
    state = plain(run(corpus.initial_state)[0])
    slate = Value(doc_ranks=tf.constant([[0, 1], [1, 2], [1, 0], [5, 4]]))
    response = Value(choice=tf.constant([1, 0, 2, 0]))  # documents 1, 1, none, 5
    _, sites = step(corpus, state, response, slate)
    law = sites[("corpus", "log_popularity")].distribution
    expected = 0.5 * np.asarray(state.get("log_popularity")) + 2 * np.array([0, 2, 0, 0, 0, 1]) / 4
    np.testing.assert_allclose(law.loc, expected, rtol=1e-6)
    np.testing.assert_allclose(law.scale, 0.3, rtol=1e-6)
    docs = corpus.available_documents(state)
    expected = np.exp(state.get("log_popularity"))
    np.testing.assert_allclose(docs.get("doc_popularity"), expected, rtol=1e-6)


def test_popularity_of_who_has_just_come_begins_anew():
    renewing = functools.partial(RenewingCorpus, corpus_ctor=GaussianCorpus)
    corpus = PopularityDriftCorpus({**CONFIG, "removal_rate": 0.5}, renewing)
    state = plain(run(corpus.initial_state)[0])
    after, sites = step(corpus, state, seed=3)
    new = np.asarray(after.get("birth_step")) == 1
    assert 0 < new.sum() < D
    law = sites[("corpus", "log_popularity")].distribution
    old = 0.95 * np.asarray(state.get("log_popularity"))
    np.testing.assert_allclose(law.loc, np.where(new, 0, old), rtol=1e-6)
    np.testing.assert_allclose(law.scale, np.where(new, 1.0, 0.1), rtol=1e-6)


def test_popularity_has_its_stationary_deviation(seed):
    # Over 20 steps at memory 0.5 nothing is left of the start; 4,000 documents catch a deviation
    # of the mean by 0.15 of the standard one.
    config = {**CONFIG, "num_docs": 4000, "popularity_memory": 0.5, "popularity_noise": 0.3}
    corpus = PopularityDriftCorpus(config, GaussianCorpus)
    state = plain(run(corpus.initial_state)[0])
    for t in range(20):
        state, _ = step(corpus, state, seed=seed + t)
    found = np.asarray(state.get("log_popularity"), np.float64)
    sd = 0.3 / np.sqrt(0.75)
    statistical.assert_mean(found**2, sd**2, np.sqrt(2) * sd**2, skewness=np.sqrt(8))
    with statistical.must_catch():
        statistical.assert_mean(found**2, 0.3**2, np.sqrt(2) * 0.3**2, skewness=np.sqrt(8))


def test_candidates_are_those_that_are_allowed():
    allowed = np.ones((U, D), bool)
    allowed[0, :3] = False
    corpus = CandidateCorpus(CONFIG, GaussianCorpus, allowed)
    state = run(corpus.initial_state)[0]
    docs = corpus.available_documents(state)
    np.testing.assert_array_equal(docs.get("is_candidate"), allowed)


def test_retrieval_takes_so_many_of_the_allowed_alike(seed):
    # 6,000 users: each document is one of 3 out of 5; a proportion 0.04 off is caught.
    config = {**CONFIG, "num_users": 6000, "num_candidates": 3}
    allowed = np.ones((6000, D), bool)
    allowed[:, 0] = False
    corpus = CandidateCorpus(config, GaussianCorpus, allowed)
    state = plain(run(corpus.initial_state)[0])
    docs, _ = run(corpus.available_documents, state, seed=seed)
    found = np.asarray(docs.get("is_candidate"))
    np.testing.assert_array_equal(found.sum(axis=1), 3)
    assert not found[:, 0].any()
    statistical.assert_proportion(found[:, 1:].sum(axis=0), 6000, 0.6, what="candidates")
    with statistical.must_catch():
        statistical.assert_proportion(found.sum(axis=0), 6000, 0.5)


@pytest.mark.parametrize(
    ("config", "allowed", "message"),
    [
        ({}, np.ones((U, D)), r"allowed must be a bool array .*, \[4, 6\], got float64 \[4, 6\]"),
        ({}, np.ones((D, U), bool), r"allowed must be a bool array .*got bool \[6, 4\]"),
        ({}, np.eye(U, D, dtype=bool), "leave everybody at least 2 documents, got 1 for user 0"),
        ({"num_candidates": 1}, None, "num_candidates must be 0 or at least the slate_size, 2"),
        ({"num_candidates": 7}, None, "num_candidates must be a whole number within 0..6"),
    ],
)
def test_candidates_that_cannot_fill_a_slate_are_refused(config, allowed, message):
    with pytest.raises(ConfigError, match=f"CandidateCorpus: .*{message}"):
        CandidateCorpus({**CONFIG, **config}, GaussianCorpus, allowed)


@pytest.mark.parametrize(
    ("ctor", "setting", "message"),
    [
        (Turnover, {"removal_rate": 1.5}, "removal_rate must be a number within"),
        (Turnover, {"max_age": -1}, "max_age must be a whole number of at least 0"),
        (GaussianCorpus, {"doc_scale": 0.0}, "doc_scale must be a number within"),
        (
            functools.partial(PopularityDriftCorpus, corpus_ctor=GaussianCorpus),
            {"popularity_memory": 1.1},
            "popularity_memory must be a number within",
        ),
    ],
)
def test_settings_out_of_range_are_refused(ctor, setting, message):
    with pytest.raises(ConfigError, match=message):
        ctor({**CONFIG, **setting})
