"""How different the documents of a list are, and how novel: formulas of lists."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from recsim_ng.core import check

_DISTANCES = ("cosine", "euclidean")


def intra_list_diversity(features: Any, distance: str = "cosine") -> Any:
    """The mean distance of two different documents of a list, `[...]` float32.

        ILD = 2 / (S (S - 1)) sum over pairs i < j of distance(i, j)

    with the distance 1 - cosine similarity (1 to a zero vector), or the Euclidean one. A list of
    one document has a diversity of 0.

    Args:
      features: `[..., S, F]` of the documents.
      distance: "cosine" or "euclidean".

    Raises:
      ConfigError: (also a ValueError) there is no such distance.

    Source: Smyth and McClave (2001), Similarity vs. diversity; Vargas and Castells (2011), Rank and
      relevance in novelty and diversity metrics for recommender systems.
    """
    check.one_of("intra_list_diversity", "distance", distance, _DISTANCES)
    x = tf.convert_to_tensor(features, tf.float32)
    size = x.shape[-2]
    if size < 2:
        return tf.zeros(tf.shape(x)[:-2])
    if distance == "cosine":
        norm = tf.sqrt(tf.reduce_sum(tf.square(x), axis=-1, keepdims=True))
        unit = tf.math.divide_no_nan(x, norm)
        apart = 1.0 - tf.matmul(unit, unit, transpose_b=True)
    else:
        between = x[..., :, None, :] - x[..., None, :, :]
        apart = tf.sqrt(tf.reduce_sum(tf.square(between), axis=-1))
    pairs = tf.linalg.band_part(tf.ones([size, size]), 0, -1) - tf.eye(size)
    return tf.reduce_sum(apart * pairs, axis=[-2, -1]) * (2.0 / (size * (size - 1)))


def self_information(counts: Any) -> Any:
    """The surprise of meeting each item, `[I]` float32, bits.

        information_i = -log2((counts_i + 1) / (sum of counts + I))

    with one count added to each item, so that one never met is surprising, not infinitely so. The
    mean over the items of a list is the list's novelty.

    Args:
      counts: `[I]` how often each item was met.

    Source: Zhou et al. (2010), Solving the apparent diversity-accuracy dilemma of recommender
      systems (mean self-information); Vargas and Castells (2011).
    """
    counts = tf.cast(counts, tf.float32)
    total = tf.reduce_sum(counts) + tf.cast(tf.shape(counts)[0], tf.float32)
    return (tf.math.log(total) - tf.math.log(counts + 1.0)) / tf.math.log(2.0)


def coverage(counts: Any) -> Any:
    """The share of items that were met at all, a float32 scalar.

    Args:
      counts: `[I]` how often each item was met.

    Source: Ge, Delgado-Battenfeld and Jannach (2010), Beyond accuracy: evaluating recommender
      systems by coverage and serendipity (catalogue coverage).
    """
    return tf.reduce_mean(tf.cast(tf.convert_to_tensor(counts) > 0, tf.float32))


def miscalibration(taste: Any, shown: Any, mix: float = 0.01) -> Any:
    """Returns how far the topics shown are from those of a taste, `[...]` float32, nats.

        C(p, q) = sum over topics k of p_k log(p_k / q~_k),   q~ = (1 - mix) q + mix p

    0 where both are alike; a topic of weight 0 in the taste counts nothing. Where nothing was shown
    (all zeros) or there is no taste, 0. NaN where a weight is NaN.

    Args:
      taste: `[..., K]` p, weights of topics, not negative; normalised here.
      shown: `[..., K]` q, the same of what was shown.
      mix: how much of p is mixed into q, within [0, 1].

    Raises:
      ConfigError: (also a ValueError) mix is out of range.

    Source: Steck (2018), Calibrated recommendations, equations 5 and 6 and mix 0.01.
    """
    check.real("miscalibration", "mix", mix, 0.0, 1.0)
    p, q = tf.convert_to_tensor(taste, tf.float32), tf.convert_to_tensor(shown, tf.float32)
    p_total = tf.reduce_sum(p, axis=-1, keepdims=True)
    q_total = tf.reduce_sum(q, axis=-1, keepdims=True)
    p, q = tf.math.divide_no_nan(p, p_total), tf.math.divide_no_nan(q, q_total)
    mixed = (1.0 - mix) * q + mix * p
    terms = tf.where(p > 0, p * (_log(p) - _log(mixed)), 0.0)
    known = (p_total[..., 0] > 0) & (q_total[..., 0] > 0)
    told = tf.where(known, tf.reduce_sum(terms, axis=-1), 0.0)
    return tf.where(tf.math.is_nan(p_total + q_total)[..., 0], float("nan"), told)


def _log(x: Any) -> Any:
    """The logarithm, that of the smallest normal number where x is smaller."""
    return tf.math.log(tf.maximum(x, 1.2e-38))
