"""What a slate's spec takes over from the documents' specs."""

import gymnasium
import numpy as np

from recsim_ng.core.field_spec import FieldSpec, Space, ValueSpec
from recsim_ng.entities.recommendation import Vocabulary
from recsim_ng.entities.recommenders.slate import slate_spec


def test_a_slate_is_as_strict_as_the_documents_are():
    docs = ValueSpec(
        doc_id=Space(gymnasium.spaces.Box(0.0, 9.0, (5,))),  # loose: holds whole numbers, say
        doc_features=Space.box(-1.0, 1.0, (5, 2), dims=("doc", "feature")),
        doc_title=FieldSpec(),
        step=Space.box(0, 9, (), np.int32, dims=()),
    )
    spec = slate_spec(Vocabulary(docs=docs), num_users=3, slate_size=2, num_docs=5)
    assert list(spec) == ["doc_ranks", "doc_id", "doc_features", "doc_title"]
    assert spec.get("doc_id").check_value(np.zeros((3, 2), np.int32))[0]
    assert not spec.get("doc_features").check_value(np.zeros((3, 2, 2), np.int32))[0]
    assert spec.get("doc_features") == Space.box(
        -1.0, 1.0, (3, 2, 2), dims=("user", "slate", "feature")
    )
    assert type(spec.get("doc_title")) is FieldSpec
