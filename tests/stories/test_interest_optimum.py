"""The plan over known interests against enumeration, and against what happens."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import Value
from recsim_ng.stories.interest_optimum import InterestOptimum


def documents(rng, num_docs, num_topics):
    return Value(
        doc_features=tf.constant(rng.normal(size=(num_docs, num_topics)), tf.float32),
        doc_quality=tf.constant(rng.uniform(-1, 1, num_docs), tf.float32),
        doc_length=tf.constant(np.full(num_docs, 2.0), tf.float32),
    )


def squash(x):
    return 40 * (1 / (1 + np.exp(-x / 10)) - 0.5)


def enumerated(x, docs, slate_size, steps, step_size, mass):
    """(the best slate of all, its value): all slates, all choices, all the way down."""
    if steps == 0:
        return (), 0.0
    features = docs.get("doc_features").numpy().astype(float)
    quality, length = docs.get("doc_quality").numpy(), docs.get("doc_length").numpy()

    def after(x):
        return enumerated(x, docs, slate_size, steps - 1, step_size, mass)[1]

    weight = np.exp(2 - np.linalg.norm(x - features, axis=1))
    none = after(squash(x))
    worth = [
        length[d] / (1 + np.exp(quality[d]))
        + after(squash(x + step_size * quality[d] * (features[d] - x)))
        for d in range(len(quality))
    ]

    def value(slate):
        w = np.array([np.exp(mass), *weight[list(slate)]])
        return w @ np.array([none, *(worth[d] for d in slate)]) / w.sum()

    best = max(itertools.combinations(range(len(quality)), slate_size), key=value)
    return best, value(best)


@pytest.mark.parametrize(
    ("num_topics", "slate_size", "horizon"), [(1, 2, 3), (2, 2, 2), (2, 1, 3), (2, 3, 1), (3, 2, 1)]
)
def test_the_best_slate_is_that_of_enumeration(num_topics, slate_size, horizon, rng):
    docs = documents(rng, 4, num_topics)
    settings = {"step_size": 0.5, "nochoice_logit": 0.3}
    optimum = InterestOptimum(docs, slate_size, horizon, num_points=161, **settings)
    interests = 1.5 * rng.normal(size=(10, num_topics)).astype(np.float32)
    scores = optimum.scores(tf.constant(0), tf.constant(interests), docs).numpy()
    values = optimum.expected_time(tf.constant(interests), docs).numpy()
    for x, score, value in zip(interests, scores, values, strict=True):
        slate, best = enumerated(x.astype(float), docs, slate_size, horizon, 0.5, 0.3)
        # Interpolated three times at most; where it decides otherwise, it is by as little.
        np.testing.assert_allclose(value, best, rtol=1e-5 if horizon == 1 else 2e-3)
        if horizon == 1:
            assert sorted(np.argsort(-score)[:slate_size]) == list(slate)


def test_values_of_more_steps_build_on_those_of_fewer(rng):
    docs = documents(rng, 6, 1)
    optimum = InterestOptimum(docs, 2, 5, num_points=21)
    points = tf.constant(optimum.points())
    assert optimum.values.shape == (5, 21) and points.shape == (21, 1)
    for steps in (1, 4):
        shorter = InterestOptimum(docs, 2, steps, num_points=21)
        np.testing.assert_allclose(
            shorter.expected_time(points, docs), optimum.values[steps], rtol=1e-5
        )
    # After the horizon: as at the last step.
    last, later = (optimum.scores(tf.constant(t), points, docs) for t in (4, 40))
    np.testing.assert_array_equal(last, later)


def test_plans_for_many_topics_are_refused(rng):
    with pytest.raises(ValueError) as error:
        InterestOptimum(documents(rng, 4, 3), 2, 2)
    assert str(error.value) == (
        "InterestOptimum: the number of topics must be a whole number within 1..2, got 3"
    )
