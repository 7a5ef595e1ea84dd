"""The vocabulary of a story: what it may say, and of which items it may speak."""

import numpy as np
import pytest

from recsim_ng.core.errors import ConfigError
from recsim_ng.core.field_spec import FieldSpec, Space, ValueSpec
from recsim_ng.entities.corpora import CorpusWithTopicAndQuality, GaussianCorpus, RenewingCorpus
from recsim_ng.entities.recommendation import Vocabulary, vocabulary_of, with_vocabulary

D = 30
CONFIG = {"num_users": 2, "num_docs": D, "num_topics": 2, "slate_size": 1}


class Users:
    def specs(self):
        return ValueSpec(observation=ValueSpec(), response=ValueSpec())


def docs(low, high, dtype=np.int32):
    return ValueSpec(item=Space.box(low, high, (D,), dtype, dims=("doc",)))


def renewing(config):
    return RenewingCorpus(config, GaussianCorpus)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"num_items": -1}, "num_items must be a whole number of at least 0, got -1"),
        ({"num_items": 1.5}, "num_items must be a whole number of at least 0, got 1.5"),
        ({"num_items": "x"}, "num_items must be a whole number of at least 0, got 'x'"),
        ({"item": 3}, 'item must be a str, got 3; pass "" for none'),
        ({"reward": None}, 'reward must be a str, got None; pass "" for none'),
        ({"popularity": 3}, 'popularity must be a str, got 3; pass "" for none'),
        ({"candidates": 3}, 'candidates must be a str, got 3; pass "" for none'),
        (
            {"features": 3},
            "features must be the name of a field or a tuple of such names, got 3",
        ),
        (
            {"features": ("a", 3)},
            "features must be the name of a field or a tuple of such names, got ('a', 3)",
        ),
        (
            {"utility": 3},
            "utility must be a function or None, got 3",
        ),
    ],
)
def test_attributes_of_the_wrong_kind_are_refused(attributes, message):
    with pytest.raises(ConfigError) as error:
        Vocabulary(**attributes)
    assert str(error.value) == f"Vocabulary: {message}"


@pytest.mark.parametrize(
    ("spec", "num_items", "got"),
    [
        (docs(0, D), 0, f"0..{D - 1}, num_items being {D}, got 0..{D}"),
        (docs(0, 7), 7, "0..6, num_items being 7, got 0..7"),
        (docs(-1, 6), 7, "0..6, num_items being 7, got -1..6"),
        (docs(0, np.inf, np.float32), 7, "0..6, num_items being 7, got 0.0..inf"),
    ],
)
def test_items_out_of_range_are_refused(spec, num_items, got):
    with pytest.raises(ConfigError) as error:
        Vocabulary(item="item", num_items=num_items, docs=spec)
    assert str(error.value) == (
        f"Vocabulary: item 'item' must be within {got} by the spec of available docs; set "
        "num_items, or leave item empty: the place in available docs"
    )


@pytest.mark.parametrize(
    ("item", "num_items", "spec"),
    [
        ("item", 0, docs(0, D - 1)),
        ("item", 8, docs(0, 7)),
        ("", 0, docs(0, D)),
        ("other", 0, docs(0, D)),
        ("item", 0, ValueSpec(item=FieldSpec())),  # nothing is known
    ],
)
def test_items_in_range_or_unknown_are_taken(item, num_items, spec):
    assert Vocabulary(item=item, num_items=num_items, docs=spec).num_items == num_items


def test_numbers_that_grow_with_the_run_are_no_items():
    users = Users()
    for corpus, num_items in ((renewing, D), (renewing, 0), (CorpusWithTopicAndQuality, 0)):
        made = corpus(CONFIG)
        item = "item_id" if corpus is renewing else "doc_id"  # of 1 .. D
        config = {**CONFIG, "vocabulary": Vocabulary(item=item, num_items=num_items)}
        with pytest.raises(ConfigError, match=f"Vocabulary: item '{item}' must be within 0..29"):
            with_vocabulary(config, users, made)
    places = with_vocabulary({**CONFIG, "vocabulary": Vocabulary()}, users, renewing(CONFIG))
    assert "item_id" in vocabulary_of(places).docs
    one_more = Vocabulary(item="doc_id", num_items=D + 1)
    corpus = CorpusWithTopicAndQuality(CONFIG)
    assert with_vocabulary({**CONFIG, "vocabulary": one_more}, users, corpus)


def test_what_is_no_vocabulary_is_refused():
    with pytest.raises(ConfigError, match="must be a Vocabulary, got a str"):
        vocabulary_of({"vocabulary": "doc_features"})
