"""NestedLogitChoiceModel against its formula and its special cases."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng.entities.choice_models import MultinomialLogitChoiceModel, NestedLogitChoiceModel

LOGITS = np.array([[0.5, -1.0, 2.0, 0.3], [3.0, 0.0, 0.0, 1.0]])
NESTS = np.array([[0, 1, 0, 1], [2, 2, 2, 0]])
LAMBDA = np.array([0.5, 0.9, 0.2])


def by_hand(logits, nests, dissimilarity, none):
    groups = [np.flatnonzero(nests == k) for k in range(len(dissimilarity))]
    sums = [np.exp(logits[g] / s).sum() for g, s in zip(groups, dissimilarity, strict=True)]
    weight = [x**s if x else 0.0 for x, s in zip(sums, dissimilarity, strict=True)]
    total = np.exp(none) + sum(weight)
    law = np.zeros(len(logits) + 1)
    law[-1] = np.exp(none) / total
    for k, members in enumerate(groups):
        for i in members if sums[k] else []:
            law[i] = weight[k] / total * np.exp(logits[i] / dissimilarity[k]) / sums[k]
    return law


def probabilities(model, logits=LOGITS, **nests):
    law = model.choice(logits, **nests).get("choice").distribution
    return np.exp([law.log_prob(np.full(len(logits), i)) for i in range(logits.shape[1] + 1)]).T


@pytest.mark.parametrize("none", [0.4, -np.inf])
def test_choices_follow_the_formula(none):
    model = NestedLogitChoiceModel((2,), LAMBDA, none, positional_bias=-0.3)
    biased = LOGITS - 0.3 * np.arange(4)
    expected = [by_hand(*row, LAMBDA, none) for row in zip(biased, NESTS, strict=True)]
    np.testing.assert_allclose(probabilities(model, nests=NESTS), expected, rtol=1e-5)


def test_without_likeness_it_is_a_multinomial_logit():
    model = NestedLogitChoiceModel((2,), np.ones(3), 0.4, 0.2)
    expected = probabilities(MultinomialLogitChoiceModel((2,), 0.4, 0.2))
    np.testing.assert_allclose(probabilities(model, nests=NESTS), expected, rtol=1e-6)


def test_one_nest_alone_is_a_multinomial_logit_of_scaled_logits():
    model = NestedLogitChoiceModel((2,), [0.5], -np.inf, nests=[0, 0, 0, 0])
    expected = probabilities(MultinomialLogitChoiceModel((2,), -np.inf), LOGITS / 0.5)
    np.testing.assert_allclose(probabilities(model), expected, rtol=1e-6)


def test_a_nest_for_each_document_is_a_multinomial_logit():
    model = NestedLogitChoiceModel((2,), [0.3, 0.5, 0.7, 0.9], 0.1, nests=[0, 1, 2, 3])
    expected = probabilities(MultinomialLogitChoiceModel((2,), 0.1))
    np.testing.assert_allclose(probabilities(model), expected, rtol=1e-6)


def test_another_document_of_the_kind_takes_from_its_own_kind():
    # Red bus, blue bus: with a dissimilarity near 0 two buses are worth one.
    model = NestedLogitChoiceModel((1,), [0.01, 1.0], -np.inf, nests=[0, 0, 1])
    found = probabilities(model, np.zeros([1, 3]))
    np.testing.assert_allclose(found, [[0.25, 0.25, 0.5, 0.0]], atol=4e-3)


def test_dissimilarity_may_be_trained_also_beside_empty_nests_and_impossible_documents():
    dissimilarity = tf.Variable(LAMBDA)
    model = NestedLogitChoiceModel((2,), dissimilarity, 0.4)
    assert [id(v) for v in model.trainable_variables] == [id(dissimilarity)]
    logits = np.where(NESTS == 1, -np.inf, LOGITS)
    with tf.GradientTape() as tape:
        y = model.choice(logits, NESTS).get("choice").distribution.log_prob([2, 1])
    found = tape.gradient(y, dissimilarity)

    def score(x):
        laws = [by_hand(*row, x, 0.4) for row in zip(logits, NESTS, strict=True)]
        return np.log(laws[0][2]) + np.log(laws[1][1])

    steps = 1e-6 * np.eye(3)
    expected = [(score(LAMBDA + s) - score(LAMBDA - s)) / 2e-6 for s in steps]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dissimilarity": [0.5, 0.0]}, "dissimilarity must be within (0, 1], got 0.0"),
        ({"dissimilarity": [1.5]}, "dissimilarity must be within (0, 1], got 1.5"),
        ({"dissimilarity": [np.nan]}, "dissimilarity must be within (0, 1], got nan"),
        ({"dissimilarity": 0.5}, "dissimilarity must be a vector, one for each nest, got shape []"),
        (
            {"nests": [0, 2]},
            "nests must be whole numbers within 0..1, one dissimilarity each, got [0, 2]",
        ),
        (
            {"nests": [0.0, 1.0]},
            "nests must be whole numbers within 0..1, one dissimilarity each, got [0.0, 1.0]",
        ),
        (
            {"nochoice_logits": np.zeros(3)},
            "nochoice_logits must broadcast to the shape [2], got [3]",
        ),
    ],
)
def test_settings_that_make_no_law_are_refused(settings, message):
    settings = {"dissimilarity": [0.5, 1.0], "nochoice_logits": 0.0, **settings}
    with pytest.raises(ValueError) as error:
        NestedLogitChoiceModel((2,), **settings)
    assert str(error.value) == f"NestedLogitChoiceModel: {message}"


def test_nests_must_come_from_somewhere():
    with pytest.raises(ValueError, match="nests must be given at construction or in the call"):
        NestedLogitChoiceModel((2,), [0.5], 0.0).choice(LOGITS)
