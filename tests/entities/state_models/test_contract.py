"""One contract for every state model.

Shapes and dtypes are those of the specs; the same seed draws the same; own samples have a finite
log-probability of the batch shape, at the first step and later alike; gradients are finite;
parameters may be given at construction or per call; graph = XLA = Python.
"""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from recsim_ng import PythonRuntime, TFRuntime, Value, Variable, ed
from recsim_ng.core import FieldSpec, Space
from recsim_ng.core.errors import FieldError, ParameterError
from recsim_ng.core.variable import value
from recsim_ng.entities import state_models
from recsim_ng.entities.state_models import (
    ControlledLinearGaussianStateModel,
    ControlledLinearScaledGaussianStateModel,
    FiniteHistoryStateModel,
    FiniteStateMarkovModel,
    GMMVector,
    HierarchicalStaticTensor,
    LinearGaussianStateModel,
    NoOPOrContinueStateModel,
    ResetOrContinueStateModel,
    RNNCellStateModel,
    StaticTensor,
    SwitchingDynamicsStateModel,
)
from tests.agreement import assert_agree, in_graph_and_xla

ABSTRACT = {"StateModel", "StaticStateModel", "StaticMixtureSameFamilyModel"}
USERS = 3
linalg = tf.linalg
RNG = np.random.default_rng(5)


def floats(*shape):
    return RNG.normal(size=shape).astype(np.float32)


@dataclasses.dataclass(frozen=True)
class Case:
    """A state model under the contract.

    Attributes:
        make: Makes it, with parameters by keyword.
        parameters: All of its parameters, by name; those of branches with their prefix.
        shapes: Field -> its shape.
        batch: Shape of the log-probabilities.
        inputs: Of its next state.
        plain: Whether nothing of it is random.
    """

    make: Callable
    parameters: dict
    shapes: dict
    batch: tuple = (USERS,)
    inputs: Value = Value()
    plain: bool = False


def controlled(**parameters):
    full = linalg.LinearOperatorFullMatrix
    return ControlledLinearGaussianStateModel(
        full, full, linalg.LinearOperatorLowerTriangular, linalg.LinearOperatorDiag, **parameters
    )


def free(name="free", **parameters):
    full = linalg.LinearOperatorFullMatrix
    return LinearGaussianStateModel(full, linalg.LinearOperatorDiag, full, name=name, **parameters)


def free_parameters():
    return {
        "transition_parameters": floats(2, 2),
        "transition_noise_scale": np.array([[0.5, 0.4], [-0.2, 1.0]], np.float32),
        "initial_dist_scale": np.ones([USERS, 2], np.float32),
    }


def switching(**parameters):
    given = Value(**parameters)
    one, two = (given.get(b).as_dict if b in given else {} for b in ("tbranch", "fbranch"))
    return SwitchingDynamicsStateModel(free("one", **one), free("two", **two))


def prefixed(prefix, parameters):
    return Value(**parameters).prefixed_with(prefix).as_dict


def branched(shape):
    return {"state": shape, "tbranch.state": shape, "fbranch.state": shape}


def lstm():
    first = tf_keras.initializers.GlorotUniform(1)
    return tf_keras.layers.LSTMCell(2, kernel_initializer=first, recurrent_initializer=first)


def gru():
    first = keras.initializers.GlorotUniform(1)
    return keras.layers.GRUCell(2, kernel_initializer=first, recurrent_initializer=first)


CONDITION = tf.constant([True, False, True])
TENSORS, LOGITS, MEANS = floats(4, 3, 2), floats(USERS, 4), floats(4, 2)
KERNEL, FIRST = floats(2, 4, 4), floats(USERS, 4)
STATIC = {"state": (USERS, 3, 2), "component_id": (USERS,)}

CASES = {
    "StaticTensor": Case(
        lambda **p: StaticTensor(batch_ndims=1, **p),
        {"tensor_dictionary": TENSORS, "logits": LOGITS},
        {"state": (USERS, 3, 2)},
    ),
    "StaticTensor with its component": Case(
        lambda **p: StaticTensor(batch_ndims=1, return_component_id=True, **p),
        {"tensor_dictionary": TENSORS, "logits": LOGITS},
        STATIC,
    ),
    "StaticTensor without batch": Case(
        StaticTensor,
        {"tensor_dictionary": TENSORS[:, 0, 0], "logits": LOGITS[0]},
        {"state": ()},
        batch=(),
    ),
    "HierarchicalStaticTensor": Case(
        lambda **p: HierarchicalStaticTensor(batch_ndims=1, return_component_id=True, **p),
        {
            "tensor_dictionary": TENSORS,
            "cluster_assignments": np.array([1, 0, 1, 2]),
            "cluster_logits": LOGITS[:, :3],
        },
        STATIC,
    ),
    "GMMVector": Case(
        lambda **p: GMMVector(batch_ndims=1, **p),
        {"mixture_logits": LOGITS, "component_means": MEANS, "component_scales": np.eye(2)},
        {"state": (USERS, 2)},
    ),
    "GMMVector with its component": Case(
        lambda **p: GMMVector(batch_ndims=1, return_component_id=True, **p),
        {"mixture_logits": LOGITS, "component_means": MEANS, "component_scales": np.eye(2)},
        {"state": (USERS, 2), "component_id": (USERS,)},
    ),
    "FiniteStateMarkovModel": Case(
        FiniteStateMarkovModel,
        {"transition_parameters": KERNEL, "initial_dist_logits": FIRST},
        {"state": (USERS,)},
        inputs=Value(input=tf.constant([0, 1, 1])),
    ),
    "FiniteStateMarkovModel, a kernel each": Case(
        lambda **p: FiniteStateMarkovModel(batch_dims=1, **p),
        {"transition_parameters": floats(USERS, 1, 4, 4), "initial_dist_logits": FIRST},
        {"state": (USERS,)},
    ),
    "ControlledLinearGaussianStateModel": Case(
        controlled,
        {
            "transition_parameters": floats(USERS, 2, 2),
            "control_parameters": floats(2, 4),
            "transition_noise_scale": np.eye(2, dtype=np.float32),
            "initial_dist_scale": np.ones([2], np.float32),
        },
        {"state": (USERS, 2)},
        inputs=Value(input=tf.constant(floats(USERS, 4))),
    ),
    "ControlledLinearScaledGaussianStateModel": Case(
        lambda **p: ControlledLinearScaledGaussianStateModel(2, **p),
        {
            "transition_scales": 0.9,
            "control_scales": np.array([0.1, 0.2, 0.3], np.float32),
            "noise_scales": 0.5,
            "initial_dist_scales": 1.0,
        },
        {"state": (USERS, 2)},
        inputs=Value(input=tf.ones([USERS, 2])),
    ),
    "LinearGaussianStateModel": Case(free, free_parameters(), {"state": (USERS, 2)}),
    "LinearGaussianStateModel without noise or batch": Case(
        lambda **p: LinearGaussianStateModel(
            linalg.LinearOperatorFullMatrix, linalg.LinearOperatorDiag, **p
        ),
        {"transition_parameters": floats(2, 2), "initial_dist_scale": np.ones(2, np.float32)},
        {"state": (2,)},
        batch=(),
    ),
    "RNNCellStateModel": Case(
        lambda: RNNCellStateModel(gru(), USERS, 2, 2),
        {},
        {"state": (USERS, 2), "cell_output": (USERS, 2)},
        inputs=Value(input=tf.ones([USERS, 2])),
    ),
    "RNNCellStateModel of tf_keras": Case(
        lambda: RNNCellStateModel(lstm(), USERS, 2, 2),
        {},
        {"state": (USERS, 4), "cell_output": (USERS, 2)},
        inputs=Value(input=tf.ones([USERS, 2])),
    ),
    "SwitchingDynamicsStateModel": Case(
        switching,
        prefixed("tbranch", free_parameters()) | prefixed("fbranch", free_parameters()),
        branched((USERS, 2)),
        inputs=Value(condition=CONDITION),
    ),
    "ResetOrContinueStateModel": Case(
        lambda **p: ResetOrContinueStateModel(free(**p)),
        free_parameters(),
        branched((USERS, 2)),
        inputs=Value(condition=CONDITION),
    ),
    "NoOPOrContinueStateModel": Case(
        lambda **p: NoOPOrContinueStateModel(free(**p), batch_ndims=1),
        free_parameters(),
        branched((USERS, 2)),
        inputs=Value(condition=CONDITION),
    ),
    "NoOPOrContinueStateModel of a plain state": Case(
        lambda: NoOPOrContinueStateModel(FiniteHistoryStateModel(2, [], [USERS]), batch_ndims=1),
        {},
        branched((USERS, 2)),
        inputs=Value(condition=CONDITION, input=tf.ones([USERS])),
        plain=True,
    ),
    "FiniteHistoryStateModel": Case(
        lambda: FiniteHistoryStateModel(4, [2], [USERS]),
        {},
        {"state": (USERS, 4, 2)},
        inputs=Value(input=tf.ones([USERS, 2])),
        plain=True,
    ),
}
on_all_models = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
WITH_PARAMETERS = {name: case for name, case in CASES.items() if case.parameters}
on_all_with_parameters = pytest.mark.parametrize(
    "case", WITH_PARAMETERS.values(), ids=WITH_PARAMETERS
)


def variable(name, case, model=None, parameters=None):
    model = case.make(**case.parameters) if model is None else model
    v = Variable(name, model.specs())
    v.initial_value = value(lambda: model.initial_state(parameters))
    v.value = value(lambda old: model.next_state(old, case.inputs, parameters), (v.previous,))
    return v


def run(case, seed, **options):
    return PythonRuntime([variable("v", case, **options)]).trajectory(3, seed=seed)["v"]


def steps(case):
    """The values of three steps, as behaviours return them."""
    model = case.make(**case.parameters)
    found = [model.initial_state()]
    for _ in range(2):
        old = found[-1].map(tf.convert_to_tensor)
        found.append(model.next_state(old, case.inputs))
    return found


def test_every_exported_state_model_is_under_the_contract():
    assert {name.partition(" ")[0].strip(",") for name in CASES} == {
        name for name in state_models.__all__ if name not in ABSTRACT
    }


@on_all_models
def test_shapes_and_dtypes_are_those_of_the_specs(case, seed):
    specs = case.make(**case.parameters).specs().as_dict
    assert set(specs) == set(case.shapes)
    got = run(case, seed)
    assert sorted(got) == sorted(specs)
    for name, spec in specs.items():
        assert isinstance(spec, Space) and spec.strict
        assert spec.space.shape == tuple(got.get(name).shape[1:]) == case.shapes[name]
        assert spec.space.dtype == got.get(name).dtype.name
        assert all(spec.space.contains(np.asarray(x)) for x in got.get(name))


@on_all_models
def test_the_same_seed_draws_the_same_and_another_another(case, seed):
    runtime = PythonRuntime([variable("v", case)])

    def draws(seed):
        return {n: x.numpy() for n, x in runtime.execute(1, seed=seed)["v"].as_dict.items()}

    one = draws(seed)
    np.testing.assert_equal(one, draws(seed))
    # One of a few numbers may be drawn again, but not twenty times.
    others = (draws(seed + i) for i in range(1, 21))
    differ = any((x != other[name]).any() for other in others for name, x in one.items())
    deterministic = case.plain or "cell_output" in case.shapes
    assert differ == (not deterministic)


@on_all_models
def test_own_samples_have_a_finite_log_probability_of_the_batch_shape_at_all_steps(case):
    for step in steps(case):
        assert set(step) == set(case.shapes)
        for x in step.as_dict.values():
            assert isinstance(x, ed.RandomVariable) != case.plain
            if not case.plain:
                score = x.distribution.log_prob(x.value)
                assert score.shape == x.distribution.batch_shape == case.batch
                assert np.isfinite(score).all()


@on_all_with_parameters
def test_gradients_are_finite_and_reach_the_parameters(case):
    variables = {
        name: tf.Variable(tf.cast(x, tf.float32))
        for name, x in case.parameters.items()
        if name != "cluster_assignments"
    }
    model = case.make(**{**case.parameters, **variables})
    assert {id(v) for v in model.trainable_variables} == {id(v) for v in variables.values()}
    with tf.GradientTape() as tape:
        first = model.initial_state()
        score = tf.zeros([])
        for step in (first, model.next_state(first, case.inputs)):
            for x in step.as_dict.values():
                # What was drawn stays as it is, but for what is deterministic in it.
                given = tf.stop_gradient(tf.convert_to_tensor(x))
                score += tf.reduce_sum(x.distribution.log_prob(given))
                if x.dtype.is_floating:
                    score += tf.reduce_sum(tf.convert_to_tensor(x))
    gradients = [
        tf.convert_to_tensor(g).numpy() for g in tape.gradient(score, list(variables.values()))
    ]
    for name, gradient in zip(variables, gradients, strict=True):
        assert np.isfinite(gradient).all(), name
    assert any(np.abs(gradient).max() > 0 for gradient in gradients)


@on_all_with_parameters
def test_parameters_per_call_do_as_at_construction_and_win(case, seed):
    static = run(case, seed)
    dynamic = run(case, seed, model=case.make(), parameters=Value(**case.parameters))
    assert_agree({"v": static}, {"v": dynamic})
    others = {name: np.full_like(x, 1) for name, x in case.parameters.items()}
    if "cluster_assignments" in others:
        others["cluster_assignments"] = np.array([0, 1, 2, 0])
    for name in others:  # that is no factor of a covariance
        if name.endswith(("transition_noise_scale", "component_scales")):
            others[name] = np.eye(2, dtype=np.float32)
    model = case.make(**others)
    assert_agree(
        {"v": static}, {"v": run(case, seed, model=model, parameters=Value(**case.parameters))}
    )


@on_all_with_parameters
def test_without_static_parameters_specs_are_plain(case):
    specs = case.make().specs().as_dict
    assert set(specs) == set(case.shapes)
    assert all(type(spec) is FieldSpec for spec in specs.values())


@on_all_with_parameters
def test_without_parameters_there_is_a_clear_error(case):
    with pytest.raises(RuntimeError, match="must be given at construction or in the call") as error:
        case.make().initial_state()
    assert isinstance(error.value, ParameterError)


@on_all_models
def test_an_unknown_parameter_is_refused(case):
    unknown = "tbranch.weights" if "Switching" in str(case.make) else "weights"
    with pytest.raises(FieldError, match="parameters must .* got .*weights"):
        case.make(**case.parameters).initial_state(Value(**{unknown: 1.0}))


# A variant differs from its member in nothing that compiling would change.
@pytest.mark.parametrize("name", [n for n in CASES if " " not in n or "tf_keras" in n])
@in_graph_and_xla
def test_graph_and_xla_do_as_python(name, jit_compile, seed):
    expected = run(CASES[name], seed)
    compiled = TFRuntime([variable("v", CASES[name])], jit_compile=jit_compile)
    assert_agree({"v": expected}, {"v": compiled.trajectory(3, seed=seed)["v"]})
