"""What was chosen: the chosen document's features."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core.value import Value


def get_chosen(
    features: Value, choices: Any, batch_dims: int = 1, nochoice_value: float = -1
) -> Value:
    """Returns the features of the chosen documents.

    Args:
      features: fields of `[B..., S, ...]` document features.
      choices: `[B...]` ints, or `[B..., n]` for n picks: the place on the slate; S for no choice.
      batch_dims: number of the axes B.
      nochoice_value: stands in the fields where nothing was chosen, cast to the field's dtype.

    Returns:
      The same fields, `[B..., ...]` (or `[B..., n, ...]`).
    """
    choices = tf.convert_to_tensor(choices)

    def chosen(field: Any) -> Any:
        field = tf.convert_to_tensor(field)
        size = field.shape[batch_dims]
        index = tf.minimum(choices, tf.cast(size - 1, choices.dtype))
        picked = tf.gather(field, index, axis=batch_dims, batch_dims=batch_dims)
        nothing = tf.cast(choices, tf.int64) >= size
        nothing = tf.reshape(
            nothing, [*choices.shape, *[1] * (picked.shape.rank - choices.shape.rank)]
        )
        return tf.where(nothing, tf.cast(nochoice_value, field.dtype), picked)

    return features.map(chosen)
