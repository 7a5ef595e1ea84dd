"""Corpora of topics and qualities: the spread of qualities, the laws of the draws."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.core.site import Record, Seed, behaviour
from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.entities.corpora.topic_quality import (
    CorpusWithTopicAndQuality,
    StaticCorpus,
    topic_qualities,
)
from tests import statistical


def drawn(num_docs, num_topics, seed=0):
    corpus = CorpusWithTopicAndQuality({"num_docs": num_docs, "num_topics": num_topics})
    with Seed(seed), Record() as record, behaviour("corpus state"):
        state = corpus.initial_state().map(tf.convert_to_tensor)
    return corpus, state, {name: site for (_, name), site in record.sites.items()}


@pytest.mark.parametrize(
    ("num_topics", "expected"),
    [
        (1, [0]),
        (2, [-1, 0]),
        (3, [-1, 0, 0]),
        (4, [-1, 0, 0, 1]),
        (10, [-1, -5 / 6, -4 / 6, -3 / 6, -2 / 6, -1 / 6, 0, 0, 0.5, 1]),
    ],
)
def test_qualities_are_spread_evenly_with_seven_tenths_junk(num_topics, expected):
    np.testing.assert_allclose(topic_qualities(num_topics), expected, atol=1e-6)


def test_the_laws_are_those_of_the_topics():
    _, state, sites = drawn(50, 4)
    topic = state.get("doc_topic").numpy()
    assert set(sites) == {"doc_topic", "doc_quality", "doc_features"}
    probabilities = sites["doc_topic"].distribution.probs_parameter()
    np.testing.assert_allclose(probabilities, np.full((50, 4), 0.25))
    quality, features = sites["doc_quality"].distribution, sites["doc_features"].distribution
    np.testing.assert_allclose(quality.mean(), np.array([-1.0, 0.0, 0.0, 1.0])[topic])
    np.testing.assert_allclose(quality.stddev(), np.full(50, 0.1))
    np.testing.assert_array_equal(features.mean(), np.eye(4)[topic])
    np.testing.assert_allclose(features.stddev(), np.full((50, 4), 0.7))
    np.testing.assert_array_equal(state.get("doc_id"), np.arange(1, 51))
    np.testing.assert_array_equal(state.get("doc_length"), np.full(50, 2.0))


def test_drawn_documents_follow_the_laws(seed):
    docs = 20_000
    _, state, _ = drawn(docs, 2, seed)
    topic = state.get("doc_topic").numpy()
    # Caught with power 0.999: a share of 0.532, means 0.065 standard deviations off.
    statistical.assert_proportion(topic.sum(), docs, 0.5, what="topic")
    quality = (state.get("doc_quality").numpy() - np.array([-1.0, 0.0])[topic]) / 0.1
    features = (state.get("doc_features").numpy() - np.eye(2)[topic]) / 0.7
    statistical.assert_mean(quality, 0.0, 1.0, what="quality")
    statistical.assert_covariance(features, np.eye(2), what="features")
    with statistical.must_catch():  # 0.7 as a variance
        statistical.assert_covariance(features, np.eye(2) / 0.7)


def test_documents_stay_and_are_all_available():
    corpus, state, _ = drawn(5, 3)
    assert corpus.next_state(state, Value(), Value()) is state
    available = corpus.available_documents(state)
    for name, x in state.as_dict.items():
        np.testing.assert_array_equal(available.get(name), x)
    for name in ("state", "available_docs"):
        Variable(name, corpus.specs().get(name)).typecheck(available)


def test_a_static_corpus_is_what_it_was_given():
    given = Value(
        doc_id=np.arange(3, dtype=np.int32),
        doc_features=np.ones((3, 2), np.float32),
        is_new=np.array([True, False, True]),
        doc_image=np.zeros((3, 2, 2), np.float32),
    )
    corpus = StaticCorpus({"num_docs": 3, "num_topics": 2}, given)
    state = corpus.initial_state()
    assert corpus.next_state(state, Value(), Value()) is state
    docs = corpus.available_documents(state)
    for name, x in given.as_dict.items():
        np.testing.assert_array_equal(docs.get(name), x)
    for name in ("state", "available_docs"):
        Variable(name, corpus.specs().get(name)).typecheck(docs)
    assert corpus.specs().get("state.doc_features").dims == ("doc", "topic")


def test_corpora_of_the_wrong_size_are_refused():
    with pytest.raises(ValueError) as error:
        StaticCorpus({"num_docs": 4, "num_topics": 2}, Value(doc_id=np.arange(3)))
    assert str(error.value) == (
        "StaticCorpus: the first axis of static_state's 'doc_id' must be of length 4, num_docs, "
        "got [3]"
    )
    with pytest.raises(ValueError) as error:
        CorpusWithTopicAndQuality({"num_docs": 0, "num_topics": 2})
    assert str(error.value) == (
        "CorpusWithTopicAndQuality: num_docs must be a whole number of at least 1, got 0"
    )
