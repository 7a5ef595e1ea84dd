"""Attraction: from scores to probabilities, in closed form and at the ends."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.entities.choice_models import (
    CascadeChoiceModel,
    ExponentialAttraction,
    GeometricExamination,
    LogitAttraction,
    PositionBasedChoiceModel,
    ProportionalAttraction,
    TableExamination,
)
from recsim_ng.entities.choice_models.attraction import appeal

SCORES = np.array([[-1.0, 0.0, 0.5, 3.0], [0.0, 1.0, 2.0, 9.0]])
LAWS = [
    (LogitAttraction(), 1 / (1 + np.exp(-SCORES))),
    (LogitAttraction([1.0, -2.0]), 1 / (1 + np.exp([[1.0], [-2.0]] - SCORES))),
    (ProportionalAttraction(-1.0, 0.2), np.clip(0.2 * (SCORES + 1), 0, 1)),
    (ExponentialAttraction(0.05), np.minimum(1, 0.05 * np.exp(SCORES))),
]


@pytest.mark.parametrize(("law", "expected"), LAWS)
def test_attraction_follows_the_formula(law, expected):
    chosen, rejected = law.log_probabilities(tf.constant(SCORES))
    np.testing.assert_allclose(np.exp(chosen), expected, rtol=1e-7)
    np.testing.assert_allclose(np.exp(rejected), 1 - expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(("law", "expected"), LAWS)
def test_a_place_appeals_where_it_is_examined_and_attracts(law, expected):
    table = TableExamination([1.0, 0.6, 0.0, 0.3])
    chosen, passed = appeal(law, table, tf.constant(SCORES))
    e = np.array([1.0, 0.6, 0.0, 0.3], np.float32)
    np.testing.assert_allclose(np.exp(chosen), e * expected, rtol=1e-7)
    np.testing.assert_allclose(np.exp(passed), 1 - e * expected, rtol=1e-6, atol=1e-12)


def test_far_logits_keep_their_digits_and_gradients():
    scores = tf.constant([[-200.0, 200.0]])
    with tf.GradientTape() as tape:
        tape.watch(scores)
        chosen, passed = appeal(LogitAttraction(), GeometricExamination(), scores)
        total = chosen[0, 0] + passed[0, 1]
    np.testing.assert_allclose([chosen[0, 0], passed[0, 1]], [-200.0, -200.0])
    np.testing.assert_allclose(tape.gradient(total, scores), [[1.0, -1.0]])


def test_the_derivative_by_examination_is_right_also_where_it_is_certain():
    examined = tf.Variable([1.0, 0.5])
    law = TableExamination(examined)
    with tf.GradientTape() as tape:
        passed = appeal(LogitAttraction(), law, tf.zeros([1, 2]))[1]
    # d log(1 - e a) / de = -a / (1 - e a)
    np.testing.assert_allclose(tape.gradient(passed, examined), [-1.0, -0.5 / 0.75], rtol=1e-6)


@pytest.mark.parametrize("law", [ProportionalAttraction, ExponentialAttraction])
def test_a_negative_scaling_is_refused(law):
    with pytest.raises(ValueError) as error:
        law(score_scaling=-1.0)
    assert str(error.value) == (f"{law.__name__}: score_scaling must be within [0, inf), got -1.0")


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("none", [-np.inf, 0.4, [-np.inf, 0.4]])
def test_a_document_of_minus_infinity_is_never_chosen_whatever_no_choice(none, jit_compile):
    scores = tf.constant([[0.5, -np.inf, 2.0]] * 2)
    n = np.broadcast_to(none, [2])[:, None]
    attracted = np.where(np.isneginf(scores), 0.0, 1 / (1 + np.exp(n - [0.5, 0.0, 2.0])))
    passed = np.cumprod(1 - np.concatenate([np.zeros([2, 1]), attracted], 1), axis=1)
    cascade = np.concatenate([attracted, np.ones([2, 1])], 1) * passed

    @tf.function(jit_compile=jit_compile)
    def run(x):
        attraction = LogitAttraction(none)
        with tf.GradientTape() as tape:
            tape.watch(x)
            clicks = PositionBasedChoiceModel((2,), 3, attraction).choice(x).get("clicks")
            place = CascadeChoiceModel((2,), attraction).choice(x).get("choice")
            one = clicks.distribution.log_prob(1)
            many = tf.stack([place.distribution.log_prob([i, i]) for i in range(4)], -1)
            total = sum(tf.reduce_sum(tf.where(y > -np.inf, y, 0.0)) for y in (one, many))
        return one, many, tape.gradient(total, x)

    one, many, gradient = run(scores)
    np.testing.assert_allclose(np.exp(one), attracted, rtol=1e-5)
    np.testing.assert_allclose(np.exp(many), cascade, rtol=1e-5, atol=1e-7)
    assert np.all(np.isfinite(gradient))
