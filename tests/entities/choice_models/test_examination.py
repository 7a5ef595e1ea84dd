"""Examination: attention by place, in closed form."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.entities.choice_models import (
    GeometricExamination,
    LogDiscountExamination,
    TableExamination,
)


def test_geometric_attention_falls_by_the_same_factor():
    found = GeometricExamination(0.8, 0.9).probabilities(4)
    np.testing.assert_allclose(found, 0.9 * 0.8 ** np.arange(4), rtol=1e-6)
    np.testing.assert_array_equal(GeometricExamination().probabilities(3), [1, 1, 1])
    np.testing.assert_array_equal(GeometricExamination(0.0).probabilities(3), [1, 0, 0])


def test_attention_may_differ_by_user_and_be_trained():
    decay = tf.Variable([0.5, 1.0, 0.0])
    law = GeometricExamination(decay)
    with tf.GradientTape() as tape:
        found = law.probabilities(3)
    np.testing.assert_allclose(found, [[1, 0.5, 0.25], [1, 1, 1], [1, 0, 0]])
    np.testing.assert_allclose(tape.gradient(found, decay), [2.0, 3.0, 1.0])  # 1 + 2 decay
    assert [id(v) for v in law.trainable_variables] == [id(decay)]


def test_discounted_attention_is_that_of_cumulative_gain():
    found = LogDiscountExamination().probabilities(4, tf.float64)
    np.testing.assert_allclose(found, 1 / np.log2([2, 3, 4, 5]), rtol=1e-12)


def test_measured_attention_is_as_given_and_must_cover_the_slate():
    law = TableExamination([0.9, 0.5, 0.1])
    np.testing.assert_allclose(law.probabilities(2), [0.9, 0.5])
    with pytest.raises(ValueError) as error:
        law.probabilities(4)
    assert str(error.value) == (
        "TableExamination: examined must have a probability for each of the 4 places of the slate, "
        "got 3"
    )
    with pytest.raises(ValueError, match="examined must have an axis of places, got 0.5"):
        TableExamination(0.5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GeometricExamination(-0.1), "GeometricExamination: decay must be within [0, 1]"),
        (lambda: GeometricExamination([0.5, 1.5]), "decay must be within [0, 1], got 1.5"),
        (lambda: GeometricExamination(np.nan), "decay must be within [0, 1], got nan"),
        (lambda: GeometricExamination(0.5, 2.0), "first must be within [0, 1], got 2.0"),
        (lambda: TableExamination(tf.constant([0.5, -1.0])), "examined must be within [0, 1], got"),
    ],
)
def test_what_is_no_probability_is_refused(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert message in str(error.value)
