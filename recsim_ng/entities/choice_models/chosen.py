"""What was chosen: the chosen document's features."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core import check, operand
from recsim_ng.core.value import Value


def _cast(nochoice_value: Any, dtype: tf.DType) -> Any:
    if dtype == tf.string:
        return tf.constant(str(nochoice_value))
    return tf.cast(nochoice_value, dtype)


def get_chosen(
    features: Value, choices: Any, batch_dims: int = 1, nochoice_value: float = -1
) -> Value:
    """Returns the features of the chosen documents.

    Args:
      features: fields of `[B..., S, ...]` document features. Fields of no more axes than B, such as
        the log-propensity of a slate, are not of documents, and are left out.
      choices: `[B...]` ints, or `[B..., n]` for n picks: the place on the slate; S, or any other
        number that is none of its places, for no choice. A tensor, a random variable, an array or a
        list.
      batch_dims: number of the axes B.
      nochoice_value: stands in the fields where nothing was chosen, cast to the field's dtype (in
        fields of strings, written out).

    Returns:
      The same fields, `[B..., ...]` (or `[B..., n, ...]`).

    Raises:
      ConfigError: (also a ValueError) the choices are no whole numbers, or batch_dims is none of at
        least 0.
    """
    check.whole("get_chosen", "batch_dims", batch_dims, 0)
    choices = operand.integers("get_chosen", "choices", choices)

    def chosen(field: Any) -> Any:
        field = tf.convert_to_tensor(field)
        size = field.shape[batch_dims]
        size = tf.cast(tf.shape(field)[batch_dims] if size is None else size, choices.dtype)
        nothing = (choices < 0) | (choices >= size)
        index = tf.where(nothing, tf.zeros_like(choices), choices)
        picked = tf.gather(field, index, axis=batch_dims, batch_dims=batch_dims)
        for _ in range(picked.shape.rank - choices.shape.rank):
            nothing = tf.expand_dims(nothing, -1)
        return tf.where(nothing, _cast(nochoice_value, field.dtype), picked)

    of_documents = [
        name
        for name, field in features.as_dict.items()
        if (rank := tf.convert_to_tensor(field).shape.rank) is None or rank > batch_dims
    ]
    return features.at(*of_documents).map(chosen)
