"""FiniteStateMarkovModel against enumeration and powers of its matrices."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import TFRuntime, Value, Variable
from recsim_ng.core.errors import ConfigError, FieldError
from recsim_ng.core.variable import value
from recsim_ng.entities.state_models import FiniteStateMarkovModel
from tests import statistical

KERNEL = np.array(
    [
        [[0.0, 1.0, -1.0], [2.0, 0.0, 0.5], [-1.0, -np.inf, 1.0]],
        [[1.0, 1.0, 0.0], [0.0, 3.0, 0.0], [0.2, 0.4, 0.6]],
    ],
    np.float32,
)
FIRST = np.array([0.5, 0.0, -0.5], np.float32)


def softmax(x):
    weights = np.exp(np.asarray(x, np.float64))
    return weights / weights.sum(axis=-1, keepdims=True)


MATRICES, LAW = softmax(KERNEL), softmax(FIRST)


def next_law(model, states, actions=None, parameters=None):
    inputs = None if actions is None else Value(input=tf.constant(actions))
    state = model.next_state(Value(state=tf.constant(states)), inputs, parameters).get("state")
    return state.distribution.probs_parameter().numpy()


def test_every_action_in_every_state_has_its_row():
    actions, states = np.indices([2, 3])
    model = FiniteStateMarkovModel(KERNEL, np.zeros([2, 3, 3]))
    np.testing.assert_allclose(next_law(model, states, actions), MATRICES, rtol=1e-5)
    assert model.specs().get("state").space.shape == (2, 3)
    # One action for all.
    np.testing.assert_allclose(next_law(model, states[0], 1), MATRICES[1], rtol=1e-5)


def test_the_probabilities_of_all_paths_sum_to_the_powers_of_the_matrices():
    paths = np.array(list(itertools.product(range(3), repeat=4)))  # [81, 4] states over time
    model = FiniteStateMarkovModel(KERNEL, np.tile(FIRST, [len(paths), 1]))
    score = model.initial_state().get("state").distribution.log_prob(paths[:, 0])
    actions = [0, 1, 1]
    for t, action in enumerate(actions):
        inputs = Value(input=tf.fill([len(paths)], action))
        state = model.next_state(Value(state=tf.constant(paths[:, t])), inputs).get("state")
        score += state.distribution.log_prob(paths[:, t + 1])
    probabilities = np.exp(score.numpy())
    np.testing.assert_allclose(probabilities.sum(), 1.0, rtol=1e-5)
    marginal = np.bincount(paths[:, -1], probabilities)
    expected = LAW @ MATRICES[0] @ MATRICES[1] @ MATRICES[1]
    np.testing.assert_allclose(marginal, expected, rtol=1e-5)


def test_draws_follow_the_powers_of_the_matrix(seed):
    size = 20_000
    model = FiniteStateMarkovModel(KERNEL[:1], np.tile(FIRST, [size, 1]))
    v = Variable("v", model.specs())
    v.initial_value = value(model.initial_state)
    v.value = value(model.next_state, (v.previous,))
    states = TFRuntime([v], jit_compile=False).trajectory(4, seed=seed)["v"].get("state").numpy()
    for t, drawn in enumerate(states):
        # Would catch 0.003 nats.
        expected = LAW @ np.linalg.matrix_power(MATRICES[0], t)
        statistical.assert_frequencies(np.bincount(drawn, minlength=3), expected, what=f"step {t}")
    with statistical.must_catch():
        wrong = LAW @ np.linalg.matrix_power(MATRICES[1], 3)
        statistical.assert_frequencies(np.bincount(states[3], minlength=3), wrong)
    # What never happens.
    assert not ((states[:-1] == 2) & (states[1:] == 1)).any()


@pytest.mark.parametrize("shared", [(), (5,)], ids=["", "shared by five"])
def test_each_batch_element_has_a_kernel_of_its_own(shared, rng):
    kernel = rng.normal(size=[4, 2, 3, 3]).astype(np.float32)
    model = FiniteStateMarkovModel(kernel, np.zeros([4, *shared, 3]), batch_dims=1)
    states = rng.integers(3, size=[4, *shared])
    actions = rng.integers(2, size=[4, *shared])
    users = np.arange(4).reshape([4] + [1] * len(shared))
    expected = softmax(kernel)[users, actions, states]
    np.testing.assert_allclose(next_law(model, states, actions), expected, rtol=1e-5)
    assert model.specs().get("state").space.shape == (4, *shared)
    assert model.initial_state().get("state").shape == (4, *shared)


def test_first_and_later_parameters_may_come_in_their_own_calls():
    model = FiniteStateMarkovModel()
    first = model.initial_state(Value(initial_dist_logits=FIRST)).get("state")
    np.testing.assert_allclose(first.distribution.probs_parameter(), LAW, rtol=1e-5)
    got = next_law(model, [2, 0], [1, 0], Value(transition_parameters=KERNEL))
    np.testing.assert_allclose(got, [MATRICES[1, 2], MATRICES[0, 0]], rtol=1e-5)
    with pytest.raises(RuntimeError, match=r"parameters \['transition_parameters'\] must be given"):
        next_law(model, [2, 0], [1, 0])


def test_the_action_may_be_left_out_only_where_there_is_one():
    np.testing.assert_allclose(
        next_law(FiniteStateMarkovModel(KERNEL[1:], FIRST), 2), MATRICES[1, 2], rtol=1e-5
    )
    model = FiniteStateMarkovModel(KERNEL, FIRST, name="mood")
    with pytest.raises(FieldError) as error:
        model.next_state(Value(state=tf.constant(0)))
    assert str(error.value) == (
        "mood: the inputs of next_state must have the field 'input', got none"
    )
    with pytest.raises(FieldError) as error:
        model.next_state(Value(state=tf.constant(0)), Value(input=1.0))
    assert str(error.value) == (
        "mood: the input must be an action, a whole number within 0..1, got float32"
    )


@pytest.mark.parametrize(
    ("kernel", "first", "batch_dims", "message"),
    [
        (
            np.zeros([3, 3]),
            FIRST,
            0,
            "with batch_dims 0, transition_parameters must be [actions, states, states], of 3 "
            "axes, got (3, 3)",
        ),
        (
            KERNEL,
            FIRST,
            1,
            "with batch_dims 1, transition_parameters must be [B, actions, states, states], of 4 "
            "axes, got (2, 3, 3)",
        ),
        (
            KERNEL[:, :2],
            FIRST,
            0,
            "transition_parameters must be square in the last two axes, a row for each state, and "
            "none empty, got (2, 2, 3)",
        ),
        (
            KERNEL,
            FIRST[:2],
            0,
            "initial_dist_logits must be [..., states] with the axes (3,) of "
            "transition_parameters, got (2,)",
        ),
        (
            KERNEL[None],
            FIRST,
            1,
            "initial_dist_logits must be [B, ..., states] with the axes (1, 3) of "
            "transition_parameters, got (3,)",
        ),
        (
            np.where(KERNEL == 2, np.nan, KERNEL),
            FIRST,
            0,
            "transition_parameters must be within [-inf, 3.40282e+38], got nan",
        ),
        ("x", FIRST, 0, "transition_parameters must be an array of real numbers, got 'x'"),
        (
            KERNEL,
            ["x"],
            0,
            "initial_dist_logits must be an array of real numbers, got ['x']",
        ),
        (
            KERNEL,
            np.full(3, -np.inf),
            0,
            "initial_dist_logits must have a finite number in each row of its last axis, got a row "
            "of minus infinity",
        ),
        (KERNEL, FIRST, -1, "batch_dims must be a whole number of at least 0, got -1"),
        (
            KERNEL,
            None,
            0,
            "all of ['transition_parameters', 'initial_dist_logits'] must be given at "
            "construction, or none, got ['transition_parameters']; give the rest, or all in the "
            "calls",
        ),
    ],
)
def test_bad_parameters_are_refused(kernel, first, batch_dims, message):
    with pytest.raises(ConfigError) as error:
        FiniteStateMarkovModel(kernel, first, batch_dims, name="mood")
    assert str(error.value) == f"mood: {message}"
