"""ProportionalChoiceModel against its formula."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.entities.choice_models import MultinomialLogitChoiceModel, ProportionalChoiceModel

SCORES = np.array([[0.5, -1.0, 2.0], [3.0, 0.0, 0.0]])


def probabilities(model, scores=SCORES):
    law = model.choice(scores).get("choice").distribution
    return np.exp([law.log_prob(np.full(len(scores), i)) for i in range(scores.shape[1] + 1)]).T


@pytest.mark.parametrize(("nochoice", "least"), [(0.0, -1.0), ([0.0, 2.0], -3.0), (0.0, 0.0)])
def test_choices_follow_the_formula(nochoice, least):
    found = probabilities(ProportionalChoiceModel((2,), nochoice, least))
    none = np.broadcast_to(nochoice, 2)[:, None]
    weights = np.maximum(np.concatenate([SCORES, none], axis=1) - least, 0.0)
    np.testing.assert_allclose(found, weights / weights.sum(1, keepdims=True), rtol=1e-6)


def test_exponentials_of_logits_make_it_a_multinomial_logit():
    found = probabilities(ProportionalChoiceModel((2,), np.exp(0.4)), np.exp(SCORES))
    expected = probabilities(MultinomialLogitChoiceModel((2,), 0.4))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_where_no_score_is_above_the_least_nothing_is_chosen():
    model = ProportionalChoiceModel((2,), 1.0, 1.0)
    scores = tf.constant([[1.0, 0.0, -3.0], [1.0, 1.0, 2.0]])
    with tf.GradientTape() as tape:
        tape.watch(scores)
        y = model.choice(scores).get("choice").distribution.log_prob([3, 2])
    np.testing.assert_allclose(y, [0.0, 0.0], atol=1e-6)
    assert np.all(np.isfinite(tape.gradient(y, scores)))


def test_no_choice_below_the_least_is_refused():
    with pytest.raises(ValueError) as error:
        ProportionalChoiceModel((2,), [0.5, -0.5])
    assert str(error.value) == (
        "ProportionalChoiceModel: nochoice_scores must be at least min_normalizer, 0, got -0.5; "
        "lower min_normalizer"
    )
    with pytest.raises(ValueError, match=r"broadcast to the shape \[2\], got \[3\]"):
        ProportionalChoiceModel((2,), np.zeros(3))
