"""What every corpus keeps to, those that wrap others too."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, PythonRuntime, TFRuntime
from recsim_ng.core.edward2 import ed
from recsim_ng.core.field_spec import FieldSpec, ValueSpec
from recsim_ng.core.site import Record, Seed
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable, value
from recsim_ng.entities import corpora
from recsim_ng.entities.recommendation import Corpus
from tests.agreement import assert_agree

U, D, K, S, P, STEPS = 6, 8, 2, 3, 4, 5
CONFIG = {
    "num_users": U,
    "num_docs": D,
    "num_topics": K,
    "slate_size": S,
    "num_providers": P,
    "removal_rate": 0.3,
    "popularity_gain": 0.5,
    "num_candidates": 4,
    "entry_rate": 0.3,
    "exit_threshold": 0.95,
    "provider_means": np.arange(P * K, dtype=np.float32).reshape(P, K),
    "topic_means": np.full((K, 3), 0.5, np.float32),
    "item_spread": 0.2,
}


def film(config):
    genres = np.eye(D, K, dtype=np.float32)
    years, ones = np.full(D, 1999), np.ones(D)
    return corpora.FilmCorpus(config, genres, quality=ones, popularity=ones, year=years)


def wrapped(outer, inner):
    return functools.partial(outer, corpus_ctor=inner)


def frozen(config):
    docs = Value(doc_id=tf.range(D), doc_quality=tf.zeros([D]))
    return corpora.StaticCorpus(config, docs)


RENEWING = wrapped(corpora.RenewingCorpus, corpora.GaussianCorpus)
MEMBERS = {
    "CandidateCorpus": wrapped(corpora.CandidateCorpus, corpora.KaleCorpus),
    "CorpusWithTopicAndQuality": corpora.CorpusWithTopicAndQuality,
    "FilmCorpus": film,
    "GaussianCorpus": corpora.GaussianCorpus,
    "KaleCorpus": corpora.KaleCorpus,
    "PopularityDriftCorpus": wrapped(corpora.PopularityDriftCorpus, RENEWING),
    "ProviderCorpus": corpora.ProviderCorpus,
    "RenewingCorpus": wrapped(corpora.RenewingCorpus, corpora.SoftAttributeCorpus),
    "SoftAttributeCorpus": corpora.SoftAttributeCorpus,
    "StaticCorpus": frozen,
    "ViableCorpus": corpora.ViableCorpus,
    "WrappedCorpus": wrapped(corpora.WrappedCorpus, corpora.GaussianCorpus),
    "all at once": wrapped(
        corpora.CandidateCorpus,
        wrapped(corpora.PopularityDriftCorpus, corpora.ProviderCorpus),
    ),
}

# Side by side, so that they compile once; the rest runs in Python here, compiled in stories.
COMPILED = ("all at once", "PopularityDriftCorpus")


def draw_places():
    """A slate of S different places for each user."""
    scores = ed.Uniform(low=tf.zeros([U, D]), high=tf.ones([U, D]), name="scores")
    return Value(doc_ranks=tf.math.top_k(tf.convert_to_tensor(scores), S).indices, scores=scores)


def show(documents, places):
    """The fields of the documents at those places."""
    ranks = places.get("doc_ranks")
    shown = {
        name: tf.gather(tf.convert_to_tensor(field), ranks)
        for name, field in documents.as_dict.items()
        if field.shape[0] == D
    }
    return Value(doc_ranks=ranks, **shown)


def respond():
    return Value(choice=ed.Categorical(logits=tf.zeros([U, S + 1]), name="choice"))


def variable(name, fields, function, dependencies=()):
    made = Variable(name, ValueSpec(**{field: FieldSpec() for field in fields}))
    made.value = value(function, dependencies)
    return made


def chains(members):
    """Variables in which users choose by chance from slates shown by chance, for each corpus."""
    places = variable("places", ("doc_ranks", "scores"), draw_places)
    response = variable("response", ("choice",), respond)
    variables = [places, response]
    for name, ctor in members.items():
        corpus = ctor(CONFIG)
        specs = corpus.specs()
        state = Variable(f"{name} state", specs.get("state"))
        docs = Variable(f"{name} docs", specs.get("available_docs"))
        of_documents = [
            field
            for field, spec in specs.get("available_docs").as_dict.items()
            if spec.space.shape[0] == D
        ]
        slate = variable(f"{name} slate", [*of_documents, "doc_ranks"], show, (docs, places))
        state.initial_value = value(corpus.initial_state)
        state.value = value(corpus.next_state, (state.previous, response.previous, slate.previous))
        docs.value = value(corpus.available_documents, (state,))
        variables += [state, docs, slate]
    return variables


def test_every_exported_corpus_is_here():
    exported = {
        name
        for name in corpora.__all__
        if isinstance(getattr(corpora, name), type) and issubclass(getattr(corpora, name), Corpus)
    }
    assert exported <= set(MEMBERS)


def test_all_runtimes_run_every_corpus_alike_and_to_its_specs(seed):
    expected = PythonRuntime(Network(chains(MEMBERS))).trajectory(STEPS, seed=seed)
    story = chains({name: MEMBERS[name] for name in COMPILED})
    expected = {v.name: expected[v.name] for v in story}
    for jit_compile in (False, True):
        runtime = TFRuntime(Network(story), jit_compile=jit_compile)
        assert_agree(expected, runtime.trajectory(STEPS, seed=seed))


@pytest.mark.parametrize("name", MEMBERS)
def test_every_draw_is_a_field_of_finite_probability(name, seed):
    network = Network(chains({name: MEMBERS[name]}))
    previous = None
    for step in range(3):
        with Seed(seed, step), Record() as record:
            previous = network.step(previous) if step else network.initial_step()
        fields = {id(x) for v in previous.values() for x in v.as_dict.values()}
        for address, site in record.sites.items():
            assert id(site.random_variable) in fields, f"{address} is no field"
            log_prob = site.distribution.log_prob(site.value)
            assert np.all(np.isfinite(log_prob)), address
