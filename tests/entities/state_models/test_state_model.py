"""What static state models keep to beyond the contract, and the errors of parameters."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import PythonRuntime, TFRuntime, Value, Variable, ed
from recsim_ng.core import FieldSpec, Network, Space, ValueSpec
from recsim_ng.core.errors import ConfigError, ParameterError
from recsim_ng.core.variable import value
from recsim_ng.entities.choice_models import MultinomialLogitChoiceModel, TargetPointSimilarity
from recsim_ng.entities.recommendation import User
from recsim_ng.entities.recommenders import SimpleNormalRecommender
from recsim_ng.entities.state_models import (
    ControlledLinearScaledGaussianStateModel,
    FiniteHistoryStateModel,
    FiniteStateMarkovModel,
    GMMVector,
    HierarchicalStaticTensor,
    NoOPOrContinueStateModel,
    StateModel,
    StaticMixtureSameFamilyModel,
    StaticStateModel,
    StaticTensor,
)
from recsim_ng.stories import simplified_recs_story
from tests.agreement import assert_agree

TENSORS = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
LOGITS = np.array([[0.0, 1.0, -1.0, 0.5], [0.3, 0.0, 0.0, -2.0]], np.float32)
CLUSTERS = np.array([1, 0, 1, 2])
MEANS = np.array([[0.0, 0.0], [4.0, -4.0], [9.0, 9.0]], np.float32)


@dataclasses.dataclass(frozen=True)
class Case:
    """A state model under the contract.

    Attributes:
        make: Makes it, with parameters by keyword and return_component_id.
        parameters: All of its parameters, by name.
        shape: Of the state.
    """

    make: Callable
    parameters: dict
    shape: tuple


CASES = {
    "StaticTensor": Case(
        lambda **options: StaticTensor(batch_ndims=1, **options),
        {"tensor_dictionary": TENSORS, "logits": LOGITS},
        (2, 3, 2),
    ),
    "HierarchicalStaticTensor": Case(
        lambda **options: HierarchicalStaticTensor(batch_ndims=1, **options),
        {
            "tensor_dictionary": TENSORS,
            "cluster_assignments": CLUSTERS,
            "cluster_logits": LOGITS[:, :3],
        },
        (2, 3, 2),
    ),
    "GMMVector": Case(
        lambda **options: GMMVector(batch_ndims=1, **options),
        {
            "mixture_logits": LOGITS[:, :3],
            "component_means": MEANS,
            "component_scales": 0.5 * np.eye(2, dtype=np.float32),
        },
        (2, 2),
    ),
    "StaticTensor without batch": Case(
        lambda **options: StaticTensor(**options),
        {"tensor_dictionary": TENSORS[:, 0, 0], "logits": LOGITS[0]},
        (),
    ),
}
on_all_models = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
with_or_without_id = pytest.mark.parametrize("component_id", [False, True], ids=["", "id"])


def network_of(model):
    v = Variable("state", model.specs())
    v.initial_value = value(model.initial_state)
    v.value = value(model.next_state, (v.previous,))
    return Network([v])


@on_all_models
@with_or_without_id
def test_draws_are_what_the_specs_say_and_stay(case, component_id, seed):
    model = case.make(return_component_id=component_id, **case.parameters)
    fields = ["state", "component_id"] if component_id else ["state"]
    assert list(model.specs()) == list(model.initial_state()) == fields
    run = PythonRuntime(network_of(model)).trajectory(3, seed=seed)["state"]
    for name, spec in model.specs().as_dict.items():
        assert isinstance(spec, Space)
        x = run.get(name)
        assert spec.space.shape == tuple(x.shape[1:]) and spec.space.dtype == x.dtype.name
        np.testing.assert_array_equal(x, tf.broadcast_to(x[0], x.shape))
    assert run.get("state").shape[1:] == case.shape


@on_all_models
@with_or_without_id
def test_every_field_stays_random_with_the_same_shape_of_its_log_probability(case, component_id):
    model = case.make(return_component_id=component_id, **case.parameters)
    first = model.initial_state()
    later = model.next_state(first.map(tf.convert_to_tensor))
    batch = case.shape[:1]
    assert list(later) == list(first)
    for name, before in first.as_dict.items():
        after = later.get(name)
        assert isinstance(before, ed.RandomVariable) and isinstance(after, ed.RandomVariable)
        scores = [v.distribution.log_prob(v.value) for v in (before, after)]
        assert scores[0].shape == scores[1].shape == batch
        assert np.isfinite(scores[0]).all()
        np.testing.assert_array_equal(scores[1], np.zeros(batch))
        moved = after.distribution.log_prob(after.value + tf.ones([], after.dtype))
        np.testing.assert_array_equal(moved, np.full(batch, -np.inf))


@on_all_models
def test_without_parameters_there_is_a_clear_error(case):
    model = case.make(name="taste")
    with pytest.raises(RuntimeError) as error:
        model.initial_state()
    assert isinstance(error.value, ParameterError)
    assert str(error.value) == (
        f"taste: the parameters {list(case.parameters)} must be given at construction or in the "
        "call, got none"
    )
    name, x = next(iter(case.parameters.items()))
    with pytest.raises(ParameterError, match=f"must be given .* in the call, got .'{name}'."):
        model.initial_state(Value(**{name: x}))
    # The next state of a static model needs none.
    model.next_state(Value(state=tf.zeros(case.shape)))


@on_all_models
def test_only_some_static_parameters_are_refused(case):
    names = list(case.parameters)
    for name in names:
        with pytest.raises(ValueError) as error:
            case.make(name="taste", **{name: case.parameters[name]})
        assert isinstance(error.value, ConfigError)
        assert str(error.value) == (
            f"taste: all of {names} must be given at construction, or none, got ['{name}']; "
            "give the rest, or all in the calls"
        )


@on_all_models
def test_variables_are_trained_and_looked_up_at_every_draw(case):
    name = next(n for n in case.parameters if "logits" in n)
    logits = tf.Variable(case.parameters[name])
    model = case.make(return_component_id=True, **{**case.parameters, name: logits})
    assert [id(v) for v in model.trainable_variables] == [id(logits)]
    with tf.GradientTape() as tape:
        choice = model.initial_state().get("component_id")
        score = tf.reduce_sum(choice.distribution.log_prob(choice.value))
    gradient = tape.gradient(score, logits).numpy()
    assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0
    np.testing.assert_allclose(gradient.sum(axis=-1), 0.0, atol=1e-6)
    before = model.initial_state().get("component_id").distribution.probs_parameter()
    logits.assign(-case.parameters[name])
    after = model.initial_state().get("component_id").distribution.probs_parameter()
    assert np.abs(before - after).max() > 0.01


def test_lists_and_double_arrays_will_do():
    model = StaticTensor([[1.0, 2.0], [3.0, 4.0]], [0, 1], return_component_id=True)
    assert model.initial_state().get("state").dtype == tf.float32
    model = GMMVector(0, [0.0, 1.0], np.eye(2), 0.5)
    assert model.initial_state().get("state").dtype == tf.float32
    assert model.specs().get("state").space.dtype == np.float32
    model = GMMVector(0, [0, 1], [[0, 0], [1, 1]], 1)
    assert model.initial_state().get("state").dtype == tf.float32


def test_two_models_in_one_behaviour_draw_apart():
    one, two = (GMMVector(0, [0.0], np.zeros([1, 3]), 1.0, name=n) for n in ("one", "two"))
    v = Variable("v", Value(a=FieldSpec(), b=FieldSpec()))

    def both(first, second):
        return Value(a=first.initial_state()["state"], b=second.initial_state()["state"])

    v.value = value(lambda: both(one, two))
    x = PythonRuntime([v]).execute(0, seed=1)["v"]
    v.value = value(lambda: both(two, one))
    y = PythonRuntime([v]).execute(0, seed=1)["v"]
    assert (x["a"].numpy() != x["b"].numpy()).all()
    np.testing.assert_array_equal(x["a"], y["b"])
    np.testing.assert_array_equal(x["b"], y["a"])


def test_roles_without_a_definition_say_so():
    with pytest.raises(NotImplementedError, match="StateModel: must define initial_state.., which"):
        StateModel().initial_state()
    with pytest.raises(NotImplementedError, match="StateModel: must define next_state"):
        StateModel().next_state(Value())
    with pytest.raises(NotImplementedError, match="StateModel: must define specs"):
        StateModel().specs()
    with pytest.raises(NotImplementedError, match="StaticStateModel: must define initial_state"):
        StaticStateModel(1).initial_state()
    with pytest.raises(NotImplementedError, match="FamilyModel: must define _mixture"):
        StaticMixtureSameFamilyModel(1).initial_state()
    assert StateModel().name == "StateModel" and StaticStateModel().name == "StaticStateModel"


@pytest.mark.parametrize("batch_ndims", [-1, 1.0, None])
def test_batch_ndims_is_a_whole_number(batch_ndims):
    with pytest.raises(ConfigError, match="batch_ndims must be a whole number of at least 0"):
        StaticStateModel(batch_ndims)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (2,)])
def test_a_static_state_stays_whatever_it_is(shape):
    model = StaticStateModel(batch_ndims=1)
    fields = {"state": tf.random.stateless_normal(shape, [1, 2]), "n.extra": tf.range(2)}
    old = Value(**fields, flag=tf.constant([True, False]))
    new = model.next_state(old, Value(input=tf.zeros([2])), Value(anything=1))
    assert list(new) == ["state", "n.extra", "flag"]
    assert new.get("flag").numpy().tolist() == [True, False]
    for name in fields:
        np.testing.assert_array_equal(new.get(name).value, old.get(name))
        assert new.get(name).distribution.batch_shape == (2,)
    assert list(model.specs()) == ["state"]


def scaled(users):
    ones = np.ones(users, np.float32)
    return ControlledLinearScaledGaussianStateModel(2, 0.9 * ones, ones, 0.5 * ones, ones)


@pytest.mark.parametrize(
    ("model", "dims"),
    [
        (GMMVector(1, LOGITS[:, :3], MEANS, 1.0), ("user", "feature")),
        (StaticTensor(TENSORS, LOGITS, 1), ("user", "feature", "feature")),
        (StaticTensor(TENSORS[:, 0, 0], LOGITS, 1), ("user",)),
        (HierarchicalStaticTensor(MEANS, [0, 0, 1], LOGITS[:, :2], 1), ("user", "feature")),
        (FiniteStateMarkovModel(np.zeros([1, 2, 2]), LOGITS[:, :2]), ("user",)),
        (FiniteStateMarkovModel(np.zeros([2, 1, 2, 2]), LOGITS[:, :2], 1), ("user",)),
        (scaled(2), ("user", "feature")),
        (NoOPOrContinueStateModel(scaled(2), 1), ("user", "feature")),
        (FiniteHistoryStateModel(3, [5], [4]), ("user", "step", "feature")),
        (FiniteHistoryStateModel(3, [], [4]), ("user", "step")),
        # No batch, or one of several axes: whose axes they are is not known.
        (StaticTensor(MEANS, LOGITS[0, :3]), None),
        (StaticTensor(MEANS, LOGITS[None, :, :3], 2), None),
        (FiniteHistoryStateModel(3, [5]), None),
    ],
)
def test_the_axes_are_labelled(model, dims):
    assert model.specs().get("state").dims == dims


def test_the_batch_may_be_of_something_else():
    model = GMMVector(1, LOGITS[:, :3], MEANS, 1.0)
    model.batch_axis = "doc"
    assert model.specs().get("state").dims == ("doc", "feature")
    assert GMMVector(1, LOGITS[:, :3], MEANS, 1.0).specs().get("state").dims[0] == "user"


def test_components_are_labelled():
    model = GMMVector(1, LOGITS[:, :3], MEANS, 1.0, return_component_id=True)
    assert model.specs().get("component_id").dims == ("user",)


class Wanderer(User):
    """Users of a fixed taste and an interest that wanders, both state models."""

    def __init__(self, config):
        super().__init__(config, "Wanderer")
        users = (config["num_users"],)
        logits = np.tile(LOGITS[:1, :3], (*users, 1))
        self.taste = GMMVector(1, logits, MEANS, 1.0, return_component_id=True, name="taste")
        self.interest = scaled(*users)
        self.affinity = TargetPointSimilarity(users, config["slate_size"])
        self.chooser = MultinomialLogitChoiceModel(users, 0.0)

    def initial_state(self):
        taste, interest = self.taste.initial_state(), self.interest.initial_state()
        return taste.prefixed_with("taste").union(interest.prefixed_with("interest"))

    def next_state(self, previous_state, user_response, slate_docs):
        push = Value(input=0.1 * tf.convert_to_tensor(previous_state.get("taste.state")))
        taste = self.taste.next_state(previous_state.get("taste"))
        interest = self.interest.next_state(previous_state.get("interest"), push)
        return taste.prefixed_with("taste").union(interest.prefixed_with("interest"))

    def next_response(self, user_state, slate_docs):
        state = tf.convert_to_tensor(user_state.get("interest.state"))
        seen = self.affinity.affinities(state, tf.convert_to_tensor(slate_docs.get("features")))
        return self.chooser.choice(seen.get("affinities"))

    def specs(self):
        taste, interest = self.taste.specs(), self.interest.specs()
        state = taste.prefixed_with("taste").union(interest.prefixed_with("interest"))
        return ValueSpec(state=state, response=self.chooser.specs())


def wanderers(users):
    config = {"num_users": users, "num_topics": 2, "slate_size": 3, "num_docs": 0}
    return simplified_recs_story(config, Wanderer, SimpleNormalRecommender)


@pytest.mark.parametrize("make", [PythonRuntime, TFRuntime])
def test_shards_of_users_with_state_models_are_rows_of_the_whole(make, seed):
    options = {"jit_compile": False} if make is TFRuntime else {}
    whole = make(wanderers(5), **options).trajectory(4, seed=seed)
    shard = make(wanderers(3), first_user=2, **options).trajectory(4, seed=seed)
    rows = {name: v.map(lambda x: np.asarray(x)[:, 2:]) for name, v in whole.items()}
    assert_agree(dict(shard), rows)
    names = whole.to_xarray().sizes
    assert names["user"] == 5 and names["feature"] == 2 and not any("state_" in n for n in names)
