"""How well a list is ordered: formulas of information retrieval, for lists of graded relevance."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core import check


def dcg(gains: Any, k: int | None = None) -> Any:
    """The discounted cumulative gain, `[...]` float32.

        DCG@k = sum over ranks r = 1 ... k of gain_r / log2(r + 1)

    Args:
      gains: `[..., S]` the gain of the document at each rank, 0 for none.
      k: how many ranks count; all if None.

    Raises:
      ConfigError: (also a ValueError) k is below 1 or above S.

    Source: Järvelin and Kekäläinen (2002), Cumulated gain-based evaluation of IR techniques, with
      the discount of all ranks that has become usual.
    """
    gains = _first(gains, k, "dcg")
    ranks = tf.range(1, gains.shape[-1] + 1, dtype=gains.dtype)
    return tf.reduce_sum(gains * tf.math.log(2.0) / tf.math.log1p(ranks), axis=-1)


def ndcg(gains: Any, ideal_gains: Any = None, k: int | None = None) -> Any:
    """The normalised discounted cumulative gain, `[...]` float32 within [0, 1].

        nDCG@k = DCG@k of the list / DCG@k of the best list,  0 where that is 0

    Args:
      gains: `[..., S]` not negative, in the order shown.
      ideal_gains: `[..., D]` of all documents that could have been shown, in any order; the list's
        own if None: then only their order counts.
      k: how many ranks count; all of the list if None.

    Raises:
      ConfigError: (also a ValueError) k is below 1 or above S, or the best list is shorter.

    Source: Järvelin and Kekäläinen (2002).
    """
    pool = tf.convert_to_tensor(gains if ideal_gains is None else ideal_gains, tf.float32)
    gains = _first(gains, k, "ndcg")
    size = gains.shape[-1]
    check.whole("ndcg", "the number of ideal_gains", pool.shape[-1], size)
    best = dcg(tf.math.top_k(pool, size).values)
    return tf.math.divide_no_nan(dcg(gains), best)


def reciprocal_rank(is_relevant: Any) -> Any:
    """Returns one over the rank of the first relevant document, 0 without any: `[...]` float32.

    Its mean over lists is the mean reciprocal rank.

    Args:
      is_relevant: `[..., S]` bool.

    Source: Voorhees (1999), The TREC-8 question answering track report.
    """
    is_relevant = tf.convert_to_tensor(is_relevant, tf.bool)
    ranks = tf.range(1, is_relevant.shape[-1] + 1, dtype=tf.float32)
    return tf.reduce_max(tf.where(is_relevant, 1.0 / ranks, 0.0), axis=-1)


def hit(is_relevant: Any, k: int | None = None) -> Any:
    """Returns 1 where one of the first k documents is relevant, else 0: `[...]` float32.

    Its mean over lists is the hit rate.

    Args:
      is_relevant: `[..., S]` bool.
      k: how many ranks count; all if None.

    Raises:
      ConfigError: (also a ValueError) k is below 1 or above S.

    Source: Deshpande and Karypis (2004), Item-based top-N recommendation algorithms.
    """
    found = _first(tf.cast(is_relevant, tf.float32), k, "hit")
    return tf.reduce_max(found, axis=-1)


def _first(gains: Any, k: int | None, where: str) -> Any:
    gains = tf.convert_to_tensor(gains, tf.float32)
    if k is None:
        return gains
    check.whole(where, "k", k, 1, gains.shape[-1])
    return gains[..., :k]
