"""The contract of choice models, which every exported member goes through."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import PythonRuntime, TFRuntime, Variable, ed
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.site import Seed, behaviour
from recsim_ng.core.variable import value
from recsim_ng.entities import choice_models
from recsim_ng.entities.choice_models import (
    CascadeChoiceModel,
    ChoiceModel,
    ExponentialAttraction,
    GeometricExamination,
    IteratedMultinomialLogitChoiceModel,
    LogDiscountExamination,
    MultinomialLogitChoiceModel,
    NestedLogitChoiceModel,
    PositionBasedChoiceModel,
    ProportionalAttraction,
    ProportionalChoiceModel,
    TableExamination,
)
from tests.agreement import assert_agree, in_graph_and_xla

U, S = 2, 3
SCORES = np.array([[0.5, -1.0, 2.0], [1.5, 0.0, 0.1]], np.float32)
MODELS = {
    "multinomial": MultinomialLogitChoiceModel((U,), 0.3, -0.2),
    "iterated": IteratedMultinomialLogitChoiceModel(2, (U,), 0.3),
    "cascade": CascadeChoiceModel((U,)),
    "cascade, given up": CascadeChoiceModel((U,), continuation=0.8),
    "cascade, proportional": CascadeChoiceModel(
        (U,), ProportionalAttraction(-2.0, 0.2), GeometricExamination(1.0, 0.65)
    ),
    "cascade, exponential": CascadeChoiceModel(
        (U,), ExponentialAttraction(0.1), LogDiscountExamination()
    ),
    "position-based": PositionBasedChoiceModel((U,), S, examination=TableExamination([1, 0.5, 0])),
    "proportional": ProportionalChoiceModel((U,), [0.2, 0.0], min_normalizer=-1.0),
    "nested": NestedLogitChoiceModel((U,), [0.5, 0.9, 1.0], 0.1, nests=[0, 1, 0]),
}
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def outcomes(model):
    """All values that the model's only field can have, `[n, ...]`, of one user."""
    if isinstance(model, PositionBasedChoiceModel):
        return np.array(list(itertools.product([0, 1], repeat=S)), np.int32)
    if isinstance(model, IteratedMultinomialLogitChoiceModel):
        return np.array(list(itertools.permutations(range(S + 1), 2)), np.int32)
    return np.arange(S + 1, dtype=np.int32)


def log_probabilities(model, scores):
    """`[n, U]` log-probabilities of all outcomes."""
    (field,) = model.choice(scores).as_dict.values()
    log_probs = []
    for outcome in outcomes(model):
        given = tf.constant(np.broadcast_to(outcome, (U, *np.shape(outcome))))
        log_prob = field.distribution.log_prob(given)
        log_probs.append(tf.reduce_sum(tf.reshape(log_prob, [U, -1]), -1))
    return tf.stack(log_probs)


def network(model):
    v = Variable("choice", model.specs())
    v.value = value(lambda: model.choice(tf.constant(SCORES)))
    return [v]


def test_every_exported_model_is_here():
    exported = (getattr(choice_models, name) for name in choice_models.__all__)
    members = {c for c in exported if isinstance(c, type) and issubclass(c, ChoiceModel)}
    assert members - {ChoiceModel} == {type(model) for model in MODELS.values()}


@every_model
def test_values_fit_their_specs_and_are_random(model, seed):
    with Seed(seed), behaviour("choice"):
        made = model.choice(SCORES)
    assert list(made) == list(model.specs())
    for name, field in made.as_dict.items():
        spec = model.specs().get(name)
        assert isinstance(field, ed.RandomVariable) and field.dtype == tf.int32
        assert spec.check_value(field) == (True, "") and spec.dims[0] == "user"


@every_model
def test_probabilities_sum_to_one(model):
    total = tf.reduce_sum(tf.exp(log_probabilities(model, SCORES)), axis=0)
    np.testing.assert_allclose(total, 1.0, rtol=1e-5)


@every_model
def test_gradients_are_finite_and_those_of_probabilities_that_sum_to_one(model):
    for scores in (SCORES, 100.0 * SCORES, np.zeros_like(SCORES)):
        scores = tf.constant(scores)
        with tf.GradientTape() as tape:
            tape.watch(scores)
            log_probs = log_probabilities(model, scores)
            possible = tf.where(log_probs > -1e4, log_probs, 0.0)
            total = tf.reduce_sum(tf.exp(log_probs))
        assert np.all(np.isfinite(tape.gradient(possible, scores)))
        del tape
        with tf.GradientTape() as tape:
            tape.watch(scores)
            total = tf.reduce_sum(tf.exp(log_probabilities(model, scores)))
        np.testing.assert_allclose(tape.gradient(total, scores), 0.0, atol=2e-5)


@every_model
@in_graph_and_xla
def test_runs_are_alike_in_all_runtimes_and_their_log_probability_is_finite(
    model, jit_compile, seed
):
    expected = PythonRuntime(network(model)).trajectory(4, seed=seed)
    found = TFRuntime(network(model), jit_compile=jit_compile).trajectory(4, seed=seed)
    assert_agree(expected, found)
    (drawn,) = expected["choice"].as_dict.values()
    (field,) = model.choice(SCORES).as_dict.values()
    assert np.all(np.isfinite(field.distribution.log_prob(drawn)))


@every_model
def test_double_precision_is_kept(model):
    (field,) = model.choice(SCORES.astype(np.float64)).as_dict.values()
    assert field.distribution.log_prob(field).dtype == tf.float64


@every_model
@pytest.mark.parametrize("jit_compile", [False, True])
def test_what_cannot_be_drawn_has_probability_zero_and_no_gradient(model, jit_compile):
    one = outcomes(model)[0]

    @tf.function(jit_compile=jit_compile)
    def score(scores, given):
        with tf.GradientTape() as tape:
            tape.watch(scores)
            (field,) = model.choice(scores).as_dict.values()
            y = tf.reduce_sum(tf.reshape(field.distribution.log_prob(given), [U, -1]), -1)
            total = tf.reduce_sum(tf.where(y > -np.inf, y, 0.0))
        return y, tape.gradient(total, scores)

    for wrong in (S + 1, S + 6, -1):
        given = np.broadcast_to(one, (U, *np.shape(one))).copy()
        given[0] = wrong
        log_prob, gradient = score(tf.constant(SCORES), tf.constant(given))
        assert np.isneginf(log_prob[0]) and np.isfinite(log_prob[1])
        assert np.all(gradient[0] == 0) and np.all(np.isfinite(gradient))


@every_model
@pytest.mark.parametrize(
    ("scores", "got"),
    [
        (np.zeros([U + 1, S]), f"({U + 1}, {S})"),
        (np.zeros([S]), f"({S},)"),
        (np.zeros([U, 1, S]), f"({U}, 1, {S})"),
        (0.0, "()"),
    ],
)
def test_scores_of_another_shape_are_refused(model, scores, got):
    size = S if isinstance(model, PositionBasedChoiceModel) else "S"
    with pytest.raises(ConfigError) as error:
        model.choice(scores)
    assert str(error.value) == (
        f"{model.name}: slate_document_logits must have the shape [{U}, {size}], got {got}"
    )


@every_model
@pytest.mark.parametrize(
    ("scores", "got"),
    [
        (None, "None"),
        ("x", "string"),
        ([[1.0], [1.0, 2.0]], "[[1.0], [1.0, 2.0]]"),
        (np.ones([U, S], bool), "bool"),
        (np.ones([U, S], np.complex64), "complex64"),
    ],
)
def test_scores_that_are_no_real_numbers_are_refused(model, scores, got):
    with pytest.raises(ConfigError) as error:
        model.choice(scores)
    assert str(error.value) == (
        f"{model.name}: slate_document_logits must be an array of real numbers, got {got}"
    )


SHAPES = [(-1,), (1.5,), "x", (None,), None, 5]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@every_model
def test_batch_shapes_are_sequences_of_sizes(model, shape):
    given = {
        MultinomialLogitChoiceModel: {"nochoice_logits": 0.0},
        IteratedMultinomialLogitChoiceModel: {"num_choices": 1, "nochoice_logits": 0.0},
        PositionBasedChoiceModel: {"slate_size": S},
        NestedLogitChoiceModel: {"dissimilarity": [1.0], "nochoice_logits": 0.0},
    }.get(type(model), {})
    with pytest.raises(ConfigError) as error:
        type(model)(batch_shape=shape, **given)
    assert str(error.value) == (
        f"{model.name}: batch_shape must be a sequence of whole numbers of at least 1, such as "
        f"(100,), got {shape!r}"
    )
