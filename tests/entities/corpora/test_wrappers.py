"""Corpora that renew, drift and restrict: by hand and by their laws."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, TFRuntime
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import FieldSpec, ValueSpec
from recsim_ng.core.site import Record, Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable, value
from recsim_ng.entities.corpora import (
    CandidateCorpus,
    FilmCorpus,
    GaussianCorpus,
    PopularityDriftCorpus,
    ProviderCorpus,
    RenewingCorpus,
    Turnover,
)
from tests import statistical

U, D, K, S = 4, 6, 2, 2
CONFIG = {"num_users": U, "num_docs": D, "num_topics": K, "slate_size": S}


def run(fn, *args, seed=0):
    with Seed(seed), Record() as record, behaviour("corpus"):
        return fn(*args), record.sites


def wrapped(outer, inner):
    return functools.partial(outer, corpus_ctor=inner)


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


@pytest.mark.parametrize(
    ("inner", "fields"),
    [
        (wrapped(PopularityDriftCorpus, GaussianCorpus), ["log_popularity"]),
        (
            wrapped(CandidateCorpus, wrapped(PopularityDriftCorpus, GaussianCorpus)),
            ["log_popularity"],
        ),
        (wrapped(RenewingCorpus, GaussianCorpus), ["removal", "arriving.doc_features"]),
        (ProviderCorpus, ["removal", "arriving.provider_id", "arriving.doc_features"]),
    ],
)
def test_corpora_whose_draws_could_not_be_scored_are_refused(inner, fields):
    config = {**CONFIG, "num_providers": 2}
    name = getattr(inner, "func", inner).__name__
    with pytest.raises(ConfigError) as error:
        RenewingCorpus(config, inner)
    assert str(error.value) == (
        f"RenewingCorpus: the corpus must not draw {fields} in next_state, got {name}; wrap it "
        "around the RenewingCorpus instead"
    )


def test_draws_of_a_corpus_that_does_not_say_so_are_refused_when_they_come():
    class Restless(GaussianCorpus):
        def next_state(self, previous_state, user_response, slate_docs):
            return self.initial_state()

    corpus = RenewingCorpus(CONFIG, Restless)
    state = plain(run(corpus.initial_state)[0])
    with pytest.raises(ConfigError, match=r"must not draw \['doc_features'\] in next_state"):
        step(corpus, state)


def test_numbers_of_items_never_repeat_however_many_there_are():
    num_docs, late = 1_200_000, 1_999  # their product is beyond 32 bits
    turnover = Turnover({"num_docs": num_docs})
    state = Value(**{**turnover.initial_state().as_dict, "step": tf.constant(late - 1)})
    removal = tf.ones([num_docs], tf.int32)
    after = turnover.next_state(state, removal, removal == 1)
    expected = np.arange(num_docs, dtype=np.int64) + num_docs * late
    np.testing.assert_array_equal(after.get("item_id"), expected)
    for part in ("state", "documents"):
        space = turnover.specs().get(part).get("item_id").space
        assert (space.dtype, space.high.max()) == (np.int64, np.iinfo(np.int64).max)


@pytest.mark.parametrize(("memory", "gain"), [(0.95, 10.0), (1.0, 1.0), (1.0, 1e6)])
def test_popularity_stays_finite_and_positive_over_2000_steps(memory, gain):
    config = {**CONFIG, "popularity_memory": memory, "popularity_gain": gain}
    corpus = PopularityDriftCorpus({**config, "popularity_scale": 1e3}, GaussianCorpus)
    specs = corpus.specs()
    shown = Variable("shown", ValueSpec(doc_ranks=FieldSpec(), choice=FieldSpec()))
    ranks, choice = tf.constant([[0, 1]] * U), tf.zeros([U], tf.int32)
    shown.value = value(lambda: Value(doc_ranks=ranks, choice=choice))  # all choose document 0
    state = Variable("corpus state", specs.get("state"))
    state.initial_value = value(corpus.initial_state)
    state.value = value(corpus.next_state, (state.previous, shown.previous, shown.previous))
    docs = Variable("available docs", specs.get("available_docs"))
    docs.value = value(corpus.available_documents, (state,))
    runtime = TFRuntime(Network([shown, state, docs]))
    found = runtime.trajectory(2001, seed=1, record=["available docs.doc_popularity"])
    popularity = np.asarray(found["available docs"].get("doc_popularity"))
    assert np.isfinite(popularity).all() and (popularity > 0).all()
    assert popularity[-1].argmax() == 0
    assert np.isfinite(popularity.sum(dtype=np.float32))


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
        ({}, [[True], [True, False]], r"allowed must be a bool array .*, got object \[2\]"),
        ({"num_users": 1.5}, None, "num_users must be a whole number of at least 1, got 1.5"),
        ({"slate_size": "x"}, None, "slate_size must be a whole number of at least 1, got 'x'"),
        ({"num_candidates": 1}, None, "num_candidates must be 0 or at least the slate_size, 2"),
        ({"num_candidates": 7}, None, "num_candidates must be a whole number within 0..6"),
    ],
)
def test_candidates_that_cannot_fill_a_slate_are_refused(config, allowed, message):
    with pytest.raises(ConfigError, match=f"CandidateCorpus: .*{message}"):
        CandidateCorpus({**CONFIG, **config}, GaussianCorpus, allowed)
