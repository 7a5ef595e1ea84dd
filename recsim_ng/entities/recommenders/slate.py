"""What a slate holds: the places of its documents, and what is known of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from recsim_ng.core.field_spec import FieldSpec, Space, ValueSpec
from recsim_ng.core.value import Value
from recsim_ng.entities.recommendation import Vocabulary


def per_document(vocabulary: Vocabulary) -> list[str]:
    """Returns the names of the fields of available docs whose first axis is the documents.

    Args:
      vocabulary: of the story.
    """
    docs = vocabulary.docs.as_dict
    return [name for name, spec in docs.items() if _first_axis(spec) == "doc"]


def _first_axis(spec: Any) -> str | None:
    dims = getattr(spec, "dims", None)
    return "doc" if dims is None else (dims or (None,))[0]


def slate_spec(vocabulary: Vocabulary, num_users: int, slate_size: int, num_docs: int) -> ValueSpec:
    """Returns the spec of slates: doc_ranks, and the documents' fields by their own specs.

    They are as strict as those are.

    Args:
      vocabulary: of the story.
      num_users: U.
      slate_size: S.
      num_docs: D.
    """
    slates = (num_users, slate_size)
    found: dict[str, FieldSpec] = {
        "doc_ranks": Space.box(0, num_docs - 1, slates, np.int32, dims=("user", "slate"))
    }
    for name in per_document(vocabulary):
        spec = vocabulary.docs.get(name)
        if not isinstance(spec, Space):
            found[name] = FieldSpec()
            continue
        box: Any = spec.space
        dims = None if spec.dims is None else ("user", "slate", *spec.dims[1:])
        low, high = np.min(box.low), np.max(box.high)
        shape = (*slates, *box.shape[1:])
        found[name] = Space.box(low, high, shape, box.dtype, dims=dims, strict=spec.strict)
    return ValueSpec(**found)


def documents_at(vocabulary: Vocabulary, available_docs: Value, doc_ranks: Any) -> Value:
    """Returns the documents' fields at given places, `[U, S, ...]` each.

    Args:
      vocabulary: of the story.
      available_docs: the D documents.
      doc_ranks: `[U, S]` int32 their places.
    """
    names = per_document(vocabulary)
    return Value(**{name: tf.gather(available_docs.get(name), doc_ranks) for name in names})
