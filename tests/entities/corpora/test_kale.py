import numpy as np
import pytest

from recsim_ng.core.value import Value
from recsim_ng.core.variable import Variable
from recsim_ng.entities.corpora.kale import KaleCorpus


@pytest.mark.parametrize(
    ("num_docs", "expected"), [(1, [0]), (2, [0, 1]), (5, [0, 0.25, 0.5, 0.75, 1])]
)
def test_kaleness_is_spread_evenly(num_docs, expected):
    corpus = KaleCorpus({"num_docs": num_docs, "num_topics": 1})
    docs = corpus.available_documents(corpus.initial_state())
    np.testing.assert_allclose(docs.get("doc_kaleness"), expected)
    np.testing.assert_allclose(docs.get("doc_features").numpy()[:, 1], expected)
    Variable("available docs", corpus.specs().get("available_docs")).typecheck(docs)


def test_nothing_changes():
    corpus = KaleCorpus({"num_docs": 3, "num_topics": 1})
    assert corpus.next_state(corpus.initial_state(), Value(), Value()) == Value()
