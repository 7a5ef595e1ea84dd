"""What every corpus keeps to, those that wrap others too."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Network, PythonRuntime, TFRuntime
from recsim_ng.core.edward2 import ed
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import FieldSpec, ValueSpec
from recsim_ng.core.site import Record, Seed
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable, value
from recsim_ng.entities import corpora
from recsim_ng.entities.recommendation import Corpus
from tests.agreement import assert_agree, in_graph_and_xla

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


@in_graph_and_xla
def test_all_runtimes_run_every_corpus_alike_and_to_its_specs(jit_compile, seed):
    expected = PythonRuntime(Network(chains(MEMBERS))).trajectory(STEPS, seed=seed)
    story = chains({name: MEMBERS[name] for name in COMPILED})
    expected = {v.name: expected[v.name] for v in story}
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


NAN = float("nan")


def film_with(**changes):
    x = {"genres": np.eye(D, K), "quality": np.ones(D), "popularity": np.ones(D)}
    return corpora.FilmCorpus(CONFIG, **{**x, "year": np.full(D, 1999), **changes})


@pytest.mark.parametrize("name", sorted(set(MEMBERS) - {"all at once"}))
@pytest.mark.parametrize("x", [NAN, "x", None, 0, 1.5])
def test_the_number_of_documents_is_checked_by_every_corpus(name, x):
    with pytest.raises(ConfigError) as error:
        MEMBERS[name]({**CONFIG, "num_docs": x})
    message = f"num_docs must be a whole number of at least 1, got {x!r}"
    assert str(error.value).endswith(f"Corpus: {message}") or name == "CorpusWithTopicAndQuality"
    assert message in str(error.value)


@pytest.mark.parametrize("outer", ["Candidate", "PopularityDrift", "Renewing", "Wrapped"])
@pytest.mark.parametrize(
    ("inner", "message"),
    [
        (None, "corpus_ctor must be a function, got None"),
        (lambda config: None, "what corpus_ctor makes must be a Corpus, got None"),
        (lambda config: 3, "what corpus_ctor makes must be a Corpus, got 3"),
    ],
)
def test_what_makes_no_corpus_is_refused(outer, inner, message):
    with pytest.raises(ConfigError) as error:
        getattr(corpora, f"{outer}Corpus")(CONFIG, inner)
    assert str(error.value) == f"{outer}Corpus: {message}"


@pytest.mark.parametrize(
    ("ctor", "setting", "message"),
    [
        (
            corpora.Turnover,
            {"removal_rate": 1.5},
            "removal_rate must be a number within [0.0, 1.0]",
        ),
        (
            corpora.Turnover,
            {"removal_rate": NAN},
            "removal_rate must be a number within [0.0, 1.0]",
        ),
        (corpora.Turnover, {"max_age": -1}, "max_age must be a whole number of at least 0"),
        (corpora.Turnover, {"num_docs": "x"}, "num_docs must be a whole number of at least 1"),
        (corpora.GaussianCorpus, {"doc_scale": 0.0}, "doc_scale must be a number within [1e-06, "),
        (
            MEMBERS["PopularityDriftCorpus"],
            {"popularity_memory": 1.1},
            "popularity_memory must be a number within [0.0, 1.0], got 1.1",
        ),
        (corpora.ViableCorpus, {"discount": NAN}, "discount must be within [0, 1], got nan"),
        (corpora.ViableCorpus, {"discount": 1.5}, "discount must be within [0, 1], got 1.5"),
        (
            corpora.ViableCorpus,
            {"provider_means": np.ones(P)},
            f"provider_means must be of shape [any, {K}], got [{P}]",
        ),
        (
            corpora.ViableCorpus,
            {"provider_means": np.full((P, K), NAN)},
            "provider_means must be within (-inf, inf), got nan",
        ),
        (
            corpora.SoftAttributeCorpus,
            {"item_spread": NAN},
            "item_spread must be within [0, inf), got nan",
        ),
        (
            corpora.SoftAttributeCorpus,
            {"item_spread": -1},
            "item_spread must be within [0, inf), got -1",
        ),
        (
            corpora.SoftAttributeCorpus,
            {"topic_means": np.ones((K + 1, 3))},
            f"topic_means must be of shape [{K}, any], got [{K + 1}, 3]",
        ),
    ],
)
def test_settings_out_of_range_are_refused(ctor, setting, message):
    with pytest.raises(ConfigError) as error:
        ctor({**CONFIG, **setting})
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"genres": np.ones((D, K + 1))},
            f"genres must be of shape [{D}, {K}], got [{D}, {K + 1}]",
        ),
        ({"genres": np.full((D, K), 2.0)}, "genres must be within [0, 1], got 2.0"),
        ({"quality": np.ones(D - 1)}, f"quality must be of shape [{D}], got [{D - 1}]"),
        ({"quality": np.full(D, NAN)}, "quality must be within (-inf, inf), got nan"),
        ({"popularity": np.full(D, -1)}, "popularity must be within [0, inf), got -1"),
        ({"popularity": 1.0}, f"popularity must be of shape [{D}], got []"),
        ({"year": np.full(D, -1)}, "year must be within [0, 9999], got -1"),
        ({"year": "x"}, "year must be an array of real numbers, got 'x'"),
    ],
)
def test_films_out_of_range_are_refused(change, message):
    with pytest.raises(ConfigError) as error:
        film_with(**change)
    assert str(error.value) == f"FilmCorpus: {message}"


def test_providers_that_are_none_are_refused():
    for ctor, message in (
        (None, "population_ctor must be a function, got None"),
        (lambda config: 3, "what population_ctor makes must be a ProviderPopulation, got 3"),
    ):
        with pytest.raises(ConfigError, match=f"ProviderCorpus: {message}"):
            corpora.ProviderCorpus(CONFIG, ctor)


def test_the_clicks_of_viable_providers_may_fade_at_a_rate_that_is_trained():
    discount = tf.Variable(0.5)
    corpus = corpora.ViableCorpus({**CONFIG, "discount": discount})
    slate = Value(provider_id=tf.zeros([U, S], tf.int32))
    with tf.GradientTape() as tape:
        state = Value(provider_click_count=tf.ones([P]))
        after = corpus.next_state(state, Value(choice=tf.fill([U], S)), slate)
        total = tf.reduce_sum(after.get("provider_click_count"))
    assert tape.gradient(total, discount) == P


def test_given_documents_state_the_range_of_their_numbers():
    docs = Value(doc_id=tf.range(3, D + 3), doc_quality=tf.zeros([D]))
    spec = corpora.StaticCorpus(CONFIG, docs).specs().get("available_docs").get("doc_id")
    assert (spec.space.low.min(), spec.space.high.max()) == (3, D + 2)
    with pytest.raises(ConfigError, match="StaticCorpus: static_state must be a Value, got 3"):
        corpora.StaticCorpus(CONFIG, 3)
