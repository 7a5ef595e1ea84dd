"""Switching, resetting and keeping dynamics against each branch by hand."""

import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import PythonRuntime, Value, Variable, ed
from recsim_ng.core import FieldSpec, Space, ValueSpec
from recsim_ng.core.entity import story_with_trainable_variables
from recsim_ng.core.errors import ConfigError, FieldError
from recsim_ng.core.variable import value
from recsim_ng.entities.state_models import (
    ControlledLinearScaledGaussianStateModel,
    FiniteHistoryStateModel,
    FiniteStateMarkovModel,
    GMMVector,
    NoOPOrContinueStateModel,
    ResetOrContinueStateModel,
    StateModel,
    StaticStateModel,
    StaticTensor,
    SwitchingDynamicsStateModel,
)

USERS = 4
CONDITION = np.array([True, False, False, True])
OLD = np.arange(8, dtype=np.float32).reshape(USERS, 2)
INPUT = np.ones([USERS, 2], np.float32)


def linear(name="linear", transition=0.5, noise=None, users=USERS):
    return ControlledLinearScaledGaussianStateModel(
        2, transition, 0.1, noise, np.ones(users), name=name
    )


def moved(model, condition=CONDITION, parameters=None, **fields):
    inputs = Value(condition=tf.constant(condition), input=INPUT)
    return model.next_state(Value(**{"state": tf.constant(OLD), **fields}), inputs, parameters)


def trajectory(model, inputs, length, seed):
    v = Variable("v", model.specs())
    v.initial_value = value(model.initial_state)
    v.value = value(lambda old: model.next_state(old, inputs), (v.previous,))
    return PythonRuntime([v]).trajectory(length, seed=seed)["v"]


def test_each_element_moves_by_the_branch_that_its_condition_picks():
    step = moved(SwitchingDynamicsStateModel(linear("one", 0.5), linear("two", -2.0)))
    one, two = 0.5 * OLD + 0.1, -2.0 * OLD + 0.1
    np.testing.assert_allclose(step.get("tbranch.state").value, one, rtol=1e-6)
    np.testing.assert_allclose(step.get("fbranch.state").value, two, rtol=1e-6)
    expected = np.where(CONDITION[:, None], one, two)
    np.testing.assert_allclose(step.get("state").value, expected, rtol=1e-6)


def test_branches_are_drawn_and_scored_and_merged_without_a_score_of_its_own(seed):
    model = SwitchingDynamicsStateModel(linear("one", 0.5, 1.0), linear("two", -2.0, 3.0))
    step = moved(model)
    for branch, transition, noise in (("tbranch", 0.5, 1.0), ("fbranch", -2.0, 3.0)):
        law = step.get(branch).get("state").distribution
        np.testing.assert_allclose(law.mean(), transition * OLD + 0.1, rtol=1e-6)
        np.testing.assert_allclose(law.stddev(), np.full([USERS, 2], noise), rtol=1e-6)
    state = step.get("state")
    np.testing.assert_array_equal(state.distribution.log_prob(state.value), np.zeros(USERS))
    assert np.isneginf(state.distribution.log_prob(state.value + 1.0)).all()
    run = trajectory(model, Value(condition=CONDITION, input=INPUT), 3, seed)
    picked = np.where(CONDITION[:, None], run.get("tbranch.state"), run.get("fbranch.state"))
    np.testing.assert_array_equal(run.get("state")[1:], picked[1:])
    np.testing.assert_array_equal(run.get("state")[0], run.get("tbranch.state")[0])


@pytest.mark.parametrize(
    "condition",
    [CONDITION, CONDITION[:, None], CONDITION[:, None, None], CONDITION.astype(np.int32), True],
    ids=["[U]", "[U, 1]", "[U, 1, 1]", "ints", "scalar"],
)
def test_the_condition_aligns_with_the_leading_axes(condition):
    model = NoOPOrContinueStateModel(linear(), batch_ndims=1)
    expected = np.where(CONDITION[:, None], OLD, 0.5 * OLD + 0.1) if np.ndim(condition) else OLD
    np.testing.assert_allclose(moved(model, condition).get("state").value, expected, rtol=1e-6)


def test_a_condition_with_a_trailing_axis_picks_fields_without_one_too():
    tensors = np.array([[1.0, 1.0], [2.0, 2.0]], np.float32)
    model = ResetOrContinueStateModel(
        StaticTensor(tensors, np.zeros([USERS, 2]), 1, return_component_id=True)
    )
    old = tf.constant([5, 6, 7, 8])
    step = moved(model, CONDITION[:, None], component_id=old)
    component = step.get("component_id").value.numpy()
    np.testing.assert_array_equal(component[~CONDITION], [6, 7])
    assert set(component[CONDITION]) <= {0, 1}
    np.testing.assert_array_equal(step.get("state").value[CONDITION], tensors[component[CONDITION]])


@pytest.mark.parametrize("shape", [(3,), (USERS, 3), (USERS, 2, 2)])
def test_a_condition_that_does_not_fit_is_refused(shape):
    with pytest.raises(FieldError) as error:
        moved(NoOPOrContinueStateModel(linear(), 1, name="taste"), np.ones(shape, bool))
    assert str(error.value) == (
        f"taste: the condition must have the leading axes of the field 'state' (4, 2), got {shape}"
    )
    with pytest.raises(FieldError) as error:
        SwitchingDynamicsStateModel(linear(), linear(), name="taste").next_state(
            Value(state=OLD), Value(input=INPUT)
        )
    assert str(error.value) == (
        "taste: the inputs of next_state must have the field 'condition', got ['input']"
    )


class Probe(StateModel):
    """Remembers what it was called with; its state is plain and its count a Python number."""

    def __init__(self, number):
        super().__init__()
        self.number, self.calls = number, []

    def initial_state(self, parameters=None):
        self.calls.append(parameters)
        return Value(state=tf.zeros([USERS]), count=0)

    def next_state(self, old_state, inputs=None, parameters=None):
        self.calls.append((old_state, inputs, parameters))
        return Value(state=tf.fill([USERS], float(self.number)), count=self.number)

    def specs(self):
        return ValueSpec(state=FieldSpec(), count=FieldSpec())


def test_branches_get_the_whole_old_state_all_inputs_and_their_own_parameters():
    one, two = Probe(1), Probe(2)
    model = SwitchingDynamicsStateModel(one, two)
    parameters = Value(**{"tbranch.a": 1, "tbranch.b.c": 2, "fbranch.a": 3})
    first = model.initial_state(parameters)
    inputs = Value(condition=CONDITION, input=INPUT, more=7)
    old = first.union(Value(extra=1))
    later = model.next_state(old, inputs, parameters)
    for probe, expected in ((one, {"a": 1, "b.c": 2}), (two, {"a": 3})):
        assert probe.calls[0].as_dict == expected
        got = probe.calls[1]
        assert got[0] is old and got[1] is inputs and got[2].as_dict == expected
    model.next_state(old, inputs)
    assert one.calls[2][2] is None
    # Plain fields merge too, and stay plain.
    np.testing.assert_array_equal(later.get("state"), [1.0, 2.0, 2.0, 1.0])
    assert not any(isinstance(x, ed.RandomVariable) for x in later.as_dict.values())
    np.testing.assert_array_equal(later.get("count"), [1, 2, 2, 1])
    assert first.get("count") == 0
    one_for_all = model.next_state(old, Value(condition=False))
    assert one_for_all.get("count") == 2 and one_for_all.get("fbranch.count") == 2


def test_parameters_without_a_branch_are_refused_where_there_are_two_models():
    model = SwitchingDynamicsStateModel(linear("one"), linear("two"), name="taste")
    with pytest.raises(FieldError) as error:
        moved(model, parameters=Value(control_scales=1.0))
    assert str(error.value) == (
        "taste: parameters must begin with 'tbranch.' or 'fbranch.', got ['control_scales']"
    )


def test_parameters_of_one_model_need_no_prefix():
    parameters = Value(transition_scales=3.0, **{"fbranch.control_scales": 1.0})
    kept = moved(NoOPOrContinueStateModel(linear(), 1), parameters=parameters).get("state").value
    expected = np.where(CONDITION[:, None], OLD, 3.0 * OLD + 1.0)
    np.testing.assert_allclose(kept, expected, rtol=1e-6)


def test_specs_are_right_for_both_branches(seed):
    small = FiniteStateMarkovModel(np.zeros([1, 2, 2]), np.zeros([USERS, 2]), name="small")
    large = FiniteStateMarkovModel(np.zeros([1, 5, 5]), np.zeros([USERS, 5]), name="large")
    specs = SwitchingDynamicsStateModel(small, large).specs()
    expected = {"state": 4, "tbranch.state": 1, "fbranch.state": 4}
    assert list(specs) == list(expected)
    for name, most in expected.items():
        assert specs.get(name).space == gymnasium.spaces.Box(0, most, (USERS,), np.int32)
    # A branch that only keeps has the other's.
    specs = NoOPOrContinueStateModel(large, 1).specs()
    assert specs.get("tbranch.state") == specs.get("state") == large.specs().get("state")
    specs = NoOPOrContinueStateModel(FiniteStateMarkovModel(), 1).specs()
    assert all(type(spec) is FieldSpec for spec in specs.as_dict.values())


class Loose(StaticStateModel):
    """Says too much of its state, as existing stories do."""

    def initial_state(self, parameters=None):
        return Value(state=tf.ones([USERS, 2]))

    def specs(self):
        return ValueSpec(state=Space(gymnasium.spaces.Box(-np.inf, np.inf, (1,))))


def test_loose_specs_of_branches_are_not_held_against_each_other(seed):
    model = SwitchingDynamicsStateModel(Loose(1), linear())
    assert type(model.specs().get("state")) is FieldSpec
    run = trajectory(model, Value(condition=CONDITION, input=INPUT), 2, seed)
    expected = np.where(CONDITION[:, None], np.ones([USERS, 2]), 0.6)
    np.testing.assert_allclose(run.get("state")[1], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("one", "two", "message"),
    [
        (
            linear(),
            linear(users=3),
            "the field 'state' must have one shape and dtype in both branches, got float32 (4, 2) "
            "and float32 (3, 2)",
        ),
        (
            linear(),
            FiniteStateMarkovModel(np.zeros([1, 2, 2]), np.zeros([4, 2, 2])),
            "the field 'state' must have one shape and dtype in both branches, got float32 (4, 2) "
            "and int32 (4, 2)",
        ),
        (
            linear(),
            GMMVector(1, return_component_id=True),
            "both branches must have the same fields, got ['state'] and ['component_id', 'state']",
        ),
    ],
)
def test_branches_that_do_not_fit_are_refused(one, two, message):
    with pytest.raises(ConfigError) as error:
        SwitchingDynamicsStateModel(one, two, name="taste")
    assert str(error.value) == f"taste: {message}"


def test_reset_begins_anew_and_continue_goes_on():
    model = ResetOrContinueStateModel(FiniteHistoryStateModel(2, [], [USERS]))
    old = Value(state=tf.constant(OLD))
    step = model.next_state(old, Value(condition=CONDITION, input=tf.fill([USERS], 9.0)))
    expected = [[0.0, 0.0], [3.0, 9.0], [5.0, 9.0], [0.0, 0.0]]
    np.testing.assert_array_equal(step.get("state"), expected)
    step = moved(ResetOrContinueStateModel(linear(noise=0.5)))
    np.testing.assert_allclose(step.get("tbranch.state").distribution.stddev(), np.ones([4, 2]))
    np.testing.assert_allclose(step.get("tbranch.state").distribution.mean(), np.zeros([4, 2]))
    fresh = step.get("fbranch.state").distribution
    np.testing.assert_allclose(fresh.mean(), 0.5 * OLD + 0.1, rtol=1e-6)


def test_what_is_reset_is_drawn_anew_at_every_step(seed):
    model = ResetOrContinueStateModel(linear())
    run = trajectory(model, Value(condition=CONDITION, input=INPUT), 3, seed)
    states = run.get("state").numpy()
    assert (states[1:][:, CONDITION] != states[:-1][:, CONDITION]).all()
    expected = 0.5 * states[:-1][:, ~CONDITION] + 0.1
    np.testing.assert_allclose(states[1:][:, ~CONDITION], expected, rtol=1e-5)


def test_noop_keeps_and_continue_goes_on(seed):
    model = NoOPOrContinueStateModel(linear(noise=1.0), batch_ndims=1)
    run = trajectory(model, Value(condition=CONDITION, input=INPUT), 4, seed)
    states = run.get("state").numpy()
    assert (states[1:][:, CONDITION] == states[0][CONDITION]).all()
    np.testing.assert_array_equal(
        states[1:], np.where(CONDITION[:, None], states[:-1], run.get("fbranch.state")[1:])
    )
    np.testing.assert_array_equal(run.get("tbranch.state")[1:], states[:-1])


def test_the_first_state_of_noop_is_as_the_model_draws_it(seed):
    model = linear("x")
    bare = trajectory(model, Value(input=INPUT), 1, seed).get("state")
    noop = NoOPOrContinueStateModel(model, batch_ndims=1)
    first = trajectory(noop, Value(condition=True), 1, seed)
    np.testing.assert_array_equal(first.get("state"), bare)
    for x in noop.initial_state().as_dict.values():
        np.testing.assert_allclose(x.distribution.stddev(), np.ones([USERS, 2]))
    later = moved(noop)
    scores = [later.get(n).distribution.log_prob(later.get(n).value) for n in later]
    np.testing.assert_array_equal(scores, np.zeros([3, USERS]))  # nothing is random any more


def test_a_static_branch_keeps_and_begins_as_the_other(seed):
    model = SwitchingDynamicsStateModel(linear(noise=1.0), StaticStateModel(1))
    run = trajectory(model, Value(condition=CONDITION, input=INPUT), 3, seed)
    np.testing.assert_array_equal(run.get("fbranch.state")[0], run.get("state")[0])
    states = run.get("state").numpy()
    np.testing.assert_array_equal(states[1:][:, ~CONDITION], states[:-1][:, ~CONDITION])
    with pytest.raises(NotImplementedError, match="StaticStateModel: must define initial_state"):
        SwitchingDynamicsStateModel(StaticStateModel(1), linear()).initial_state()


def test_switching_models_nest(seed):
    inner = ResetOrContinueStateModel(linear(noise=1.0))
    model = NoOPOrContinueStateModel(inner, batch_ndims=1)
    assert sorted(model.specs()) == [
        "fbranch.fbranch.state",
        "fbranch.state",
        "fbranch.tbranch.state",
        "state",
        "tbranch.state",
    ]
    run = trajectory(model, Value(condition=CONDITION, input=INPUT), 3, seed)
    states = run.get("state").numpy()
    assert (states[:, CONDITION] == states[0][CONDITION]).all()
    going_on = run.get("fbranch.fbranch.state").numpy()[1:][:, ~CONDITION]
    np.testing.assert_array_equal(states[1:][:, ~CONDITION], going_on)


def test_gradients_reach_the_branch_that_was_picked():
    one, two = tf.Variable(0.5), tf.Variable(2.0)
    model = SwitchingDynamicsStateModel(linear("one", one), linear("two", two))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.convert_to_tensor(moved(model).get("state")))
    expected = OLD[CONDITION].sum(), OLD[~CONDITION].sum()
    np.testing.assert_allclose(tape.gradient(total, [one, two]), expected, rtol=1e-6)


def test_a_story_finds_what_the_models_inside_can_train():
    scale = tf.Variable(0.5)
    made = []

    def story():
        made.append(ResetOrContinueStateModel(linear("inner", scale), name="outer"))
        return []

    _, found = story_with_trainable_variables(story)
    assert {name: [id(v) for v in vs] for name, vs in found.items()} == {
        "inner": [id(scale)],
        "outer": [id(scale)],
    }


@pytest.mark.parametrize("x", [None, "x", StaticStateModel], ids=repr)
def test_what_is_no_state_model_is_refused(x):
    for make, name in (
        (lambda: SwitchingDynamicsStateModel(x, linear(), name="taste"), "dynamics_tbranch"),
        (lambda: SwitchingDynamicsStateModel(linear(), x, name="taste"), "dynamics_fbranch"),
        (lambda: ResetOrContinueStateModel(x, name="taste"), "state_model"),
        (lambda: NoOPOrContinueStateModel(x, 1, name="taste"), "state_model"),
    ):
        with pytest.raises(ConfigError) as error:
            make()
        assert str(error.value) == f"taste: {name} must be a StateModel, got {x!r}"
