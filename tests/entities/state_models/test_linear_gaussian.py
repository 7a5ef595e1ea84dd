"""The linear-Gaussian models against closed forms."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from recsim_ng import PythonRuntime, TFRuntime, Value, Variable
from recsim_ng.core.errors import ConfigError, FieldError, ParameterError
from recsim_ng.core.variable import value
from recsim_ng.entities.state_models import (
    ControlledLinearGaussianStateModel,
    ControlledLinearScaledGaussianStateModel,
    LinearGaussianStateModel,
)
from tests import statistical

linalg = tf.linalg
FULL, LOWER, DIAG = (
    linalg.LinearOperatorFullMatrix,
    linalg.LinearOperatorLowerTriangular,
    linalg.LinearOperatorDiag,
)
A = np.array([[0.9, 0.3], [-0.2, 0.7]], np.float32)
B = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]], np.float32)
C = np.array([[0.5, 0.4], [-0.2, 1.0]], np.float32)
D = np.array([2.0, 0.5], np.float32)
U = np.array([0.3, -0.2, 0.5], np.float32)
PARAMETERS = {
    "transition_parameters": A,
    "control_parameters": B,
    "transition_noise_scale": C,
    "initial_dist_scale": D,
}


def controlled(**changes):
    options = {**PARAMETERS, **changes}
    return ControlledLinearGaussianStateModel(FULL, FULL, FULL, DIAG, **options)


def run(model, inputs, length, seed):
    v = Variable("v", model.specs())
    v.initial_value = value(model.initial_state)
    v.value = value(lambda old: model.next_state(old, inputs), (v.previous,))
    return TFRuntime([v], jit_compile=False).trajectory(length, seed=seed)["v"].get("state").numpy()


def test_means_and_covariances_over_time_are_those_of_the_closed_form(seed):
    size = 20_000
    model = controlled(initial_dist_scale=np.tile(D, [size, 1]))
    states = run(model, Value(input=tf.constant(U)), 4, seed)
    mean, covariance = np.zeros(2), np.diag(D**2)
    for t, x in enumerate(states):
        # Would catch 0.07 standard deviations, 10 % of a variance.
        sd = np.sqrt(np.diag(covariance))
        statistical.assert_mean(x, mean, sd, what=f"step {t}")
        statistical.assert_covariance(x, covariance, mean=mean, what=f"step {t}")
        before = covariance
        mean, covariance = A @ mean + B @ U, A @ covariance @ A.T + C @ C.T
    with statistical.must_catch():
        wrong = A.T @ before @ A + C @ C.T
        statistical.assert_covariance(states[3], wrong, mean=states[3].mean(axis=0))
    with statistical.must_catch():
        statistical.assert_mean(states[3], 0.0, sd)


def test_the_next_state_has_the_law_of_the_formula(rng):
    x, u = rng.normal(size=[5, 2]).astype(np.float32), rng.normal(size=[5, 3]).astype(np.float32)
    following = rng.normal(size=[5, 2]).astype(np.float32)
    expected = [
        stats.multivariate_normal.logpdf(following[i], A @ x[i] + B @ u[i], C @ C.T)
        for i in range(5)
    ]

    def score(following):
        state = controlled().next_state(Value(state=tf.constant(x)), Value(input=u)).get("state")
        return state.distribution.log_prob(following)

    np.testing.assert_allclose(score(following), expected, rtol=1e-4, atol=1e-4)
    compiled = tf.function(score, jit_compile=True)  # XLA has no determinant of a full matrix
    np.testing.assert_allclose(compiled(following), expected, rtol=1e-4, atol=1e-4)
    first = controlled().initial_state().get("state").distribution
    expected = stats.multivariate_normal.logpdf(following, [0.0, 0.0], np.diag(D**2))
    np.testing.assert_allclose(first.log_prob(following), expected, rtol=1e-4, atol=1e-4)


def test_operators_of_each_user_act_on_that_user(rng):
    a = rng.normal(size=[5, 2, 2]).astype(np.float32)
    b = rng.normal(size=[5, 2, 3]).astype(np.float32)
    c = np.abs(rng.normal(size=[5, 2])).astype(np.float32) + 0.1
    x, u = rng.normal(size=[5, 2]).astype(np.float32), rng.normal(size=[5, 3]).astype(np.float32)
    model = ControlledLinearGaussianStateModel(
        FULL,
        FULL,
        DIAG,
        DIAG,
        initial_dist_scale=D,
        transition_parameters=a,
        control_parameters=b,
        transition_noise_scale=c,
    )
    law = model.next_state(Value(state=tf.constant(x)), Value(input=u)).get("state").distribution
    expected = np.einsum("uij,uj->ui", a, x) + np.einsum("uij,uj->ui", b, u)
    np.testing.assert_allclose(law.mean(), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(law.stddev(), c, rtol=1e-5)
    assert model.specs().get("state").space.shape == (5, 2)
    assert model.initial_state().get("state").shape == (5, 2)  # as later, though D has no batch


@pytest.mark.parametrize("batch", [(), (4,), (3, 4)])
def test_without_noise_it_is_the_recursion(batch, rng, seed):
    model = ControlledLinearGaussianStateModel(
        FULL,
        FULL,
        None,
        DIAG,
        initial_dist_scale=np.broadcast_to(D, [*batch, 2]),
        transition_parameters=A,
        control_parameters=B,
    )
    u = rng.normal(size=[*batch, 3]).astype(np.float32)
    states = run(model, Value(input=tf.constant(u)), 4, seed)
    x = states[0]
    for found in states[1:]:
        x = x @ A.T + u @ B.T
        np.testing.assert_allclose(found, x, rtol=1e-4, atol=1e-5)
    state = model.next_state(Value(state=tf.constant(x)), Value(input=u)).get("state")
    assert state.distribution.batch_shape == batch and state.distribution.event_shape == (2,)
    np.testing.assert_array_equal(state.distribution.log_prob(state.value), np.zeros(batch))


def test_without_an_initial_scale_the_state_begins_at_zero():
    model = ControlledLinearGaussianStateModel(
        FULL, FULL, transition_parameters=np.stack([A, A.T]), control_parameters=B
    )
    state = model.initial_state().get("state")
    np.testing.assert_array_equal(state.value, np.zeros([2, 2]))
    assert state.distribution.batch_shape == 2 and state.distribution.event_shape == 2
    with pytest.raises(ParameterError, match=r"\['transition_parameters'\] must be given"):
        ControlledLinearGaussianStateModel(FULL, FULL).initial_state()


def test_without_control_it_is_the_controlled_one_with_control_zero(seed):
    free = LinearGaussianStateModel(
        FULL,
        DIAG,
        FULL,
        initial_dist_scale=D,
        transition_parameters=A,
        transition_noise_scale=C,
        name="x",
    )
    other = controlled(name="x")
    one, two = run(free, None, 3, seed), run(other, Value(input=tf.zeros([3])), 3, seed)
    np.testing.assert_allclose(one, two, rtol=1e-5)


def test_a_singular_scale_draws_and_leaves_the_rest_alone(seed):
    model = controlled(transition_noise_scale=np.array([[1.0, 0.0], [0.0, 0.0]]))
    states = run(model, Value(input=tf.constant(U)), 3, seed)
    sure = [(A @ x + B @ U)[1] for x in states[:-1]]
    np.testing.assert_allclose(states[1:, 1], sure, rtol=1e-4, atol=1e-5)
    assert np.isfinite(states).all()


def test_the_scaled_model_is_the_one_whose_operators_are_multiples_of_the_identity(seed):
    scales = {
        "transition_scales": np.array([0.5, 0.9, 1.0], np.float32),
        "control_scales": np.array([0.1, 0.2, 0.3], np.float32),
        "noise_scales": np.array([1.0, 0.5, 0.2], np.float32),
        "initial_dist_scales": np.array([2.0, 1.0, 0.0], np.float32),
    }
    scaled = ControlledLinearScaledGaussianStateModel(2, **scales, name="x")

    def multiple(x):
        return linalg.LinearOperatorScaledIdentity(2, x)

    names = ("transition_parameters", "control_parameters", "transition_noise_scale")
    general = ControlledLinearGaussianStateModel(
        multiple,
        multiple,
        multiple,
        multiple,
        **dict(zip((*names, "initial_dist_scale"), scales.values(), strict=True)),
        name="x",
    )
    inputs = Value(input=tf.reshape(tf.range(6.0), [3, 2]))
    one, two = run(scaled, inputs, 3, seed), run(general, inputs, 3, seed)
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one[0, 2], [0.0, 0.0])
    assert scaled.specs() == general.specs()


def test_scales_left_out_are_one_and_no_noise(seed):
    model = ControlledLinearScaledGaussianStateModel(
        2, control_scales=0.1, initial_dist_scales=np.ones(3)
    )
    states = run(model, Value(input=tf.ones([3, 2])), 3, seed)
    np.testing.assert_allclose(states[1:], states[:-1] + 0.1, rtol=1e-5)
    assert model.specs().get("state").space.shape == (3, 2)
    old = Value(state=tf.zeros([3, 2]))
    law = model.next_state(old, Value(input=tf.ones([3, 2])), Value(noise_scales=2.0))
    np.testing.assert_allclose(law.get("state").distribution.stddev(), np.full([3, 2], 2.0))


@pytest.mark.parametrize("zero", [0, 0.0, np.zeros(3)])
def test_scales_of_zero_are_no_noise(zero):
    model = ControlledLinearScaledGaussianStateModel(2, 1.0, np.ones(3), zero, zero)
    first = model.initial_state()
    later = model.next_state(first, Value(input=tf.ones([3, 2])))
    for step, expected in ((first, 0.0), (later, 1.0)):
        state = step.get("state")
        np.testing.assert_array_equal(state.value, np.full([3, 2], expected))
        np.testing.assert_array_equal(state.distribution.log_prob(state.value), np.zeros(3))


def test_only_the_parameters_of_a_step_are_needed_in_its_call():
    model = ControlledLinearScaledGaussianStateModel(2)
    state = model.initial_state(Value(initial_dist_scales=tf.ones([3])))
    model.next_state(state, Value(input=tf.ones([3, 2])), Value(control_scales=1.0))
    with pytest.raises(ParameterError, match=r"\['initial_dist_scales'\] must be given"):
        model.initial_state(Value(control_scales=1.0))
    with pytest.raises(ParameterError, match=r"\['control_scales'\] must be given"):
        model.next_state(state, Value(input=tf.ones([3, 2])))


def test_draws_are_differentiable_in_the_parameters(seed):
    a, d = tf.Variable(A), tf.Variable(D)
    model = controlled(transition_parameters=a, initial_dist_scale=d)
    v = Variable("v", model.specs())
    v.initial_value = value(model.initial_state)
    v.value = value(lambda old: model.next_state(old, Value(input=U)), (v.previous,))
    with tf.GradientTape() as tape:
        states = PythonRuntime([v]).trajectory(2, seed=seed)["v"].get("state")
        total = tf.reduce_sum(states[1])
    first = states[0].numpy()
    by_a, by_d = tape.gradient(total, [a, d])
    np.testing.assert_allclose(by_a, np.stack([first, first]), rtol=1e-4)
    np.testing.assert_allclose(by_d, A.sum(axis=0) * first / D, rtol=1e-4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"transition_parameters": A[:, :1]},
            "the operator of transition_parameters must be square, of 2 x 2 as the state is, got "
            "(2, 1)",
        ),
        (
            {"control_parameters": B.T},
            "the operator of control_parameters must be of 2 rows, as the state is, got (3, 2)",
        ),
        (
            {"transition_noise_scale": np.eye(3)},
            "the operator of transition_noise_scale must be square, of 2 x 2 as the state is, got "
            "(3, 3)",
        ),
        (
            {"initial_dist_scale": np.ones(3)},
            "the operator of initial_dist_scale must be square, of 2 x 2 as the state is, got "
            "(3, 3)",
        ),
        (
            {"transition_parameters": np.stack([A] * 3), "initial_dist_scale": np.ones([4, 2])},
            "the batch axes of all parameters must broadcast, got {'transition_parameters': "
            "'(3,)', 'control_parameters': '()', 'transition_noise_scale': '()', "
            "'initial_dist_scale': '(4,)'}",
        ),
        (
            {"initial_dist_scale": [1.0, np.nan]},
            "initial_dist_scale must be within (-inf, inf), got nan",
        ),
        (
            {"initial_dist_scale": None},
            "all of ['transition_parameters', 'control_parameters', 'transition_noise_scale', "
            "'initial_dist_scale'] must be given at construction, or none, got "
            "['transition_parameters', 'control_parameters', 'transition_noise_scale']; give the "
            "rest, or all in the calls",
        ),
    ],
)
def test_bad_parameters_are_refused(changes, message):
    with pytest.raises(ConfigError) as error:
        controlled(**changes, name="taste")
    assert str(error.value) == f"taste: {message}"


def test_a_parameter_without_constructor_is_refused():
    with pytest.raises(ConfigError) as error:
        LinearGaussianStateModel(FULL, DIAG, transition_noise_scale=C, name="taste")
    assert str(error.value) == (
        "taste: transition_noise_scale must be left out where its constructor is None, got one; "
        "give the constructor of its operator too"
    )
    with pytest.raises(ConfigError) as error:
        controlled(transition_parameters=1.0, name="taste")
    assert str(error.value).startswith(
        "taste: the constructor of transition_parameters must make a linear operator of it, got ()"
    )


@pytest.mark.parametrize("made", [None, tf.eye(2)], ids=["None", "tensor"])
def test_a_constructor_makes_a_linear_operator(made):
    with pytest.raises(ConfigError) as error:
        LinearGaussianStateModel(
            lambda x: made, DIAG, None, [1.0, 1.0], np.eye(2, dtype=np.float32), name="taste"
        )
    assert str(error.value) == (
        "taste: the constructor of transition_parameters must make a linear operator of it, got "
        f"{made!r}; return a tf.linalg.LinearOperator"
    )
    with pytest.raises(ConfigError) as error:
        LinearGaussianStateModel("full", DIAG, name="taste")
    assert str(error.value) == (
        "taste: the constructor of transition_parameters must be a function, got 'full'"
    )


def test_a_parameter_of_another_kind_is_its_constructors_affair():
    class Angle:
        turn = 0.5 * np.pi

    def rotation(angle):
        c, s = np.cos(angle.turn), np.sin(angle.turn)
        return FULL(np.array([[c, -s], [s, c]], np.float32))

    model = LinearGaussianStateModel(rotation, DIAG, None, [1.0, 1.0], Angle())
    moved = model.next_state(Value(state=tf.constant([1.0, 0.0]))).get("state")
    np.testing.assert_allclose(moved.value, [0.0, 1.0], atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dim": 0}, "dim must be a whole number of at least 1, got 0"),
        ({"noise_scales": [0.5, -0.5]}, "noise_scales must be within [0, inf), got -0.5"),
        ({"noise_scales": "x"}, "noise_scales must be an array of real numbers, got 'x'"),
        (
            {"transition_scales": ["x"]},
            "transition_scales must be an array of real numbers, got ['x']",
        ),
        ({"initial_dist_scales": -1}, "initial_dist_scales must be within [0, inf), got -1"),
        ({"control_scales": np.inf}, "control_scales must be within (-inf, inf), got inf"),
        (
            {"initial_dist_scales": None},
            "all of ['control_scales', 'initial_dist_scales'] must be given at construction, or "
            "none, got ['control_scales']; give the rest, or all in the calls",
        ),
    ],
)
def test_bad_scales_are_refused(options, message):
    options = {"dim": 2, "control_scales": 1.0, "initial_dist_scales": 1.0, **options}
    with pytest.raises(ConfigError) as error:
        ControlledLinearScaledGaussianStateModel(**options, name="taste")
    assert str(error.value) == f"taste: {message}"


def test_state_and_input_must_fit():
    model = controlled(name="taste")
    for state, inputs, message in (
        (tf.zeros([3]), Value(input=U), "the state must have 2 dimensions, got (3,)"),
        (
            tf.zeros([2]),
            Value(input=U[:2]),
            "the input must have 3 dimensions, as the operator of control_parameters has columns, "
            "got (2,)",
        ),
        (tf.zeros([2]), None, "the inputs of next_state must have the field 'input', got none"),
    ):
        with pytest.raises(FieldError) as error:
            model.next_state(Value(state=state), inputs)
        assert str(error.value) == f"taste: {message}"
