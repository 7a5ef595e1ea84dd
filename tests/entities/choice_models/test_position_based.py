"""PositionBasedChoiceModel: every slate of clicks, and its marginals."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import TFRuntime, Variable
from recsim_ng.core.variable import value
from recsim_ng.entities.choice_models import (
    CascadeChoiceModel,
    LogDiscountExamination,
    PositionBasedChoiceModel,
    ProportionalAttraction,
    TableExamination,
)
from tests import statistical

SCORES = np.array([[0.5, -1.0, 2.0]])
ATTRACTION = 1 / (1 + np.exp(-SCORES[0]))


def test_all_slates_of_clicks_have_their_product_of_probabilities():
    model = PositionBasedChoiceModel((1,), 3, examination=LogDiscountExamination())
    law = model.choice(SCORES).get("clicks").distribution
    q = ATTRACTION / np.log2([2, 3, 4])
    for clicks in itertools.product([0, 1], repeat=3):
        found = np.exp(np.sum(law.log_prob(np.array([clicks]))))
        expected = np.prod(np.where(clicks, q, 1 - q))
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_single_place_is_a_cascade():
    clicks = PositionBasedChoiceModel((1,), 1).choice(SCORES[:, :1]).get("clicks").distribution
    choice = CascadeChoiceModel((1,)).choice(SCORES[:, :1]).get("choice").distribution
    for click in (0, 1):
        found = clicks.log_prob([[click]])[:, 0]
        np.testing.assert_allclose(found, choice.log_prob([1 - click]), rtol=1e-6)


def test_certain_places_have_finite_gradients():
    model = PositionBasedChoiceModel((1,), 3, ProportionalAttraction(), TableExamination([1, 1, 0]))
    scores = tf.constant([[0.0, 1.0, 0.5]])
    with tf.GradientTape() as tape:
        tape.watch(scores)
        y = model.choice(scores).get("clicks").distribution.log_prob([[0, 1, 0]])
    np.testing.assert_array_equal(y, [[0, 0, 0]])
    assert np.all(np.isfinite(tape.gradient(y, scores)))


def test_several_clicks_occur_and_have_their_frequency(seed):
    size = 20_000
    model = PositionBasedChoiceModel((size,), 3, examination=TableExamination([1.0, 0.5, 0.25]))
    v = Variable("clicks", model.specs())
    v.value = value(lambda: model.choice(tf.tile(tf.constant(SCORES), [size, 1])))
    clicks = TFRuntime([v]).execute(0, seed=seed)["clicks"].get("clicks").numpy()
    counts = np.bincount(clicks @ [4, 2, 1], minlength=8)

    def law(q):
        return [np.prod(np.where(c, q, 1 - q)) for c in itertools.product([0, 1], repeat=3)]

    # 0.004 nats of relative entropy among eight slates are caught at this size.
    statistical.assert_frequencies(counts, law(ATTRACTION * [1, 0.5, 0.25]), what="clicks")
    with statistical.must_catch():
        statistical.assert_frequencies(counts, law(ATTRACTION * [1, 0.6, 0.36]))


def test_a_slate_without_places_is_refused():
    with pytest.raises(ValueError, match="slate_size must be a whole number of at least 1, got 0"):
        PositionBasedChoiceModel((1,), 0)
