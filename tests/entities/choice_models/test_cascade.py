"""CascadeChoiceModel against what happens place by place."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.entities.choice_models import (
    CascadeChoiceModel,
    ExponentialAttraction,
    GeometricExamination,
    LogitAttraction,
    MultinomialLogitChoiceModel,
    ProportionalAttraction,
    TableExamination,
)

SCORES = np.array([[0.5, -1.0, 2.0, 0.0], [1.5, 0.0, 0.1, 3.0]])


def by_hand(appeal, continuation=1.0):
    """Probabilities of each place and of none, from those that a place appeals."""
    law, here = [], 1.0
    for q in appeal:
        law.append(here * q)
        here *= (1 - q) * continuation
    return [*law, 1 - sum(law)]


def probabilities(model, scores=SCORES):
    law = model.choice(scores).get("choice").distribution
    return np.exp([law.log_prob(np.full(len(scores), i)) for i in range(scores.shape[1] + 1)]).T


ATTENTION = np.array([0.9, 0.6, 0.3, 0.1])


@pytest.mark.parametrize("continuation", [1.0, 0.7, 0.0])
@pytest.mark.parametrize("attention", [np.ones(4), ATTENTION])
@pytest.mark.parametrize(
    ("attraction", "formula"),
    [
        (LogitAttraction(0.5), lambda s: 1 / (1 + np.exp(0.5 - s))),
        (ProportionalAttraction(-1.0, 0.25), lambda s: 0.25 * (s + 1)),
        (ExponentialAttraction(0.04), lambda s: 0.04 * np.exp(s)),
    ],
)
def test_places_are_gone_through_from_the_top(attraction, formula, attention, continuation):
    model = CascadeChoiceModel((2,), attraction, TableExamination(attention), continuation)
    found = probabilities(model)
    expected = [by_hand(attention * formula(s), continuation) for s in SCORES]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)


def test_one_place_is_a_multinomial_logit():
    found = probabilities(CascadeChoiceModel((2,), LogitAttraction([0.3, 1.0])), SCORES[:, :1])
    logit = MultinomialLogitChoiceModel((2,), [0.3, 1.0])
    np.testing.assert_allclose(found, probabilities(logit, SCORES[:, :1]), rtol=1e-6)


def test_without_lapses_of_attention_it_is_the_cascade_of_craswell():
    relevance = 1 / (1 + np.exp(-SCORES))
    passed = np.cumprod(np.concatenate([np.ones([2, 1]), 1 - relevance], 1), axis=1)
    expected = np.concatenate([relevance, np.ones([2, 1])], 1) * passed
    np.testing.assert_allclose(probabilities(CascadeChoiceModel((2,))), expected, rtol=1e-6)


def test_what_is_below_a_certain_choice_is_never_reached():
    model = CascadeChoiceModel((1,), ProportionalAttraction(0.0, 1.0))
    found = probabilities(model, np.array([[0.5, 1.0, 0.7]]))
    np.testing.assert_array_equal(found, [[0.5, 0.5, 0.0, 0.0]])


def test_attention_and_continuation_may_be_trained():
    decay, going_on = tf.Variable(0.8), tf.Variable([0.9, 0.5])
    model = CascadeChoiceModel((2,), None, GeometricExamination(decay), going_on)
    assert {id(v) for v in model.trainable_variables} == {id(decay), id(going_on)}

    def score(picks):
        return tf.reduce_sum(model.choice(SCORES).get("choice").distribution.log_prob(picks))

    for picks in ([2, 4], [0, 1]):
        with tf.GradientTape() as tape:
            y = score(picks)
        gradient = tape.gradient(y, decay)
        decay.assign_add(1e-3)
        up = score(picks)
        decay.assign_sub(2e-3)
        down = score(picks)
        decay.assign_add(1e-3)
        np.testing.assert_allclose(gradient, (up - down) / 2e-3, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("continuation", "message"),
    [
        (1.2, "continuation must be within [0, 1], got 1.2"),
        ([0.5, -0.5], "continuation must be within [0, 1], got -0.5"),
        (np.full(3, 0.5), "continuation must broadcast to the shape [2], got [3]"),
    ],
)
def test_continuation_must_be_a_probability_for_each_user(continuation, message):
    with pytest.raises(ValueError) as error:
        CascadeChoiceModel((2,), continuation=continuation)
    assert str(error.value) == f"CascadeChoiceModel: {message}"
