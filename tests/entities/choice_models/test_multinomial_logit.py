"""MultinomialLogitChoiceModel against enumeration."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import TFRuntime, Variable, ed
from recsim_ng.core import Network
from recsim_ng.core.variable import value
from recsim_ng.entities.choice_models import ChoiceModel, MultinomialLogitChoiceModel

LOGITS = np.array([[0.5, -1.0, 2.0], [3.0, 0.0, 0.0]], np.float32)


def law(logits, nochoice, bias=0.0):
    """The probabilities of each place and of no choice."""
    weights = np.exp([*(logits + bias * np.arange(len(logits))), nochoice])
    return weights / weights.sum()


def probabilities(model, logits=LOGITS):
    """All probabilities of the choices that the model makes, [U, S + 1]."""
    choice = model.choice(logits).get("choice")
    assert isinstance(choice, ed.RandomVariable)
    picks = np.arange(logits.shape[-1] + 1)
    return np.exp([choice.distribution.log_prob(np.full(logits.shape[:-1], i)) for i in picks]).T


def test_it_is_a_choice_model():
    model = MultinomialLogitChoiceModel((2,), 0.0)
    assert isinstance(model, ChoiceModel) and model.name == "MultinomialLogitChoiceModel"


@pytest.mark.parametrize("bias", [0.0, -0.7, 0.4])
@pytest.mark.parametrize("nochoice", [0.0, 1.5, -np.inf, [0.3, -np.inf], np.float64(1.0)])
def test_choices_follow_the_formula(nochoice, bias):
    model = MultinomialLogitChoiceModel((2,), nochoice, positional_bias=bias)
    each = np.broadcast_to(nochoice, 2)
    expected = [law(LOGITS[i], each[i], bias) for i in range(2)]
    np.testing.assert_allclose(probabilities(model), expected, rtol=1e-5)
    np.testing.assert_allclose(probabilities(model).sum(axis=1), 1.0, rtol=1e-6)


def test_nothing_shifts_no_choice_but_its_own_logit():
    # The bias is added once for every position further down, not to no choice.
    plain = probabilities(MultinomialLogitChoiceModel((2,), 0.0))
    biased = probabilities(MultinomialLogitChoiceModel((2,), 0.0, -1.0))
    np.testing.assert_allclose((biased / plain)[:, 3], (biased / plain)[:, 0], rtol=1e-5)
    np.testing.assert_allclose(
        (biased / plain)[:, 2], np.exp(-2.0) * (biased / plain)[:, 0], rtol=1e-5
    )


def test_batches_may_have_many_axes_or_none():
    many = MultinomialLogitChoiceModel((3, 2), tf.zeros([3, 2]))
    logits = np.stack([LOGITS] * 3)
    assert probabilities(many, logits).T.shape == (4, 3, 2)
    one = MultinomialLogitChoiceModel((), 0.0)
    np.testing.assert_allclose(probabilities(one, LOGITS[0]), law(LOGITS[0], 0.0), rtol=1e-5)


def test_the_choice_is_int32_of_the_batch_shape():
    model = MultinomialLogitChoiceModel((2,), 0.0)
    choice = model.choice(LOGITS).get("choice")
    assert choice.dtype == tf.int32 and choice.shape == (2,)
    spec = model.specs().get("choice")
    assert spec.space.shape == (2,) and spec.space.dtype == np.int32
    assert spec.check_value(choice) == (True, "")
    assert list(model.specs()) == list(model.choice(LOGITS)) == ["choice"]


def test_something_is_always_chosen_where_no_choice_is_impossible(seed):
    model = MultinomialLogitChoiceModel((2000,), -np.inf)
    v = Variable("choice", model.specs())
    logits = tf.zeros([2000, 3]) - 50.0
    v.value = value(lambda: model.choice(logits))
    chosen = TFRuntime(Network([v]), jit_compile=False).execute(0, seed=seed)["choice"]["choice"]
    assert set(chosen.numpy()) == {0, 1, 2}


@pytest.mark.parametrize("jit_compile", [False, True])
def test_log_probabilities_and_gradients_are_finite_beside_an_impossible_choice(jit_compile):
    model = MultinomialLogitChoiceModel((2,), -np.inf)

    @tf.function(jit_compile=jit_compile)
    def score(logits):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            choice = model.choice(logits).get("choice")
            y = choice.distribution.log_prob(tf.constant([0, 2]))
        return y, tape.gradient(y, logits)

    found, gradient = score(tf.constant(LOGITS))
    assert np.isfinite(found).all()
    expected = [law(LOGITS[i], -np.inf)[:3] for i in range(2)]
    np.testing.assert_allclose(gradient, np.eye(3)[[0, 2]] - expected, atol=1e-6)


def test_parameters_may_be_trained():
    nochoice, bias = tf.Variable([0.0, 1.0]), tf.Variable(-0.5)
    model = MultinomialLogitChoiceModel((2,), nochoice, positional_bias=bias)
    assert {id(v) for v in model.trainable_variables} == {id(nochoice), id(bias)}
    with tf.GradientTape() as tape:
        y = model.choice(LOGITS).get("choice").distribution.log_prob([2, 3])
    shares = np.array([law(LOGITS[i], nochoice.numpy()[i], -0.5) for i in range(2)])
    gradients = tape.gradient(y, [nochoice, bias])
    np.testing.assert_allclose(gradients[0], [0 - shares[0, 3], 1 - shares[1, 3]], rtol=1e-5)
    mean_place = shares[:, :3] @ np.arange(3)
    np.testing.assert_allclose(gradients[1], 2 - mean_place[0] - mean_place[1], rtol=1e-5)
    bias.assign(0.0)
    np.testing.assert_allclose(probabilities(model)[0], law(LOGITS[0], 0.0), rtol=1e-5)


def test_double_precision_is_kept():
    choice = MultinomialLogitChoiceModel((2,), 0.0, 0.1).choice(LOGITS.astype(np.float64))
    assert choice.get("choice").distribution.logits.dtype == tf.float64


@pytest.mark.parametrize("nochoice", [np.zeros(3), np.zeros([2, 1]), np.zeros([2, 2])])
def test_no_choice_logits_must_fit_the_batch(nochoice):
    with pytest.raises(ValueError) as error:
        MultinomialLogitChoiceModel((2,), nochoice)
    assert str(error.value) == (
        "MultinomialLogitChoiceModel: nochoice_logits must broadcast to the shape [2], "
        f"got {list(nochoice.shape)}"
    )
