"""GMMVector against the densities of its formula."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from recsim_ng import PythonRuntime, TFRuntime, Value, Variable
from recsim_ng.core.errors import ConfigError
from recsim_ng.core.variable import value
from recsim_ng.entities.state_models import GMMVector
from tests import statistical

linalg = tf.linalg
LOGITS = np.array([[0.0, 1.0, -1.0], [0.3, 0.0, 0.0]], np.float32)
MEANS = np.array([[0.0, 0.0], [4.0, -4.0], [2.0, 1.0]], np.float32)
FULL = np.array([[[1.0, 0.5], [-0.5, 2.0]], [[0.5, 0.0], [0.2, 0.3]], np.eye(2)], np.float32)

SCALED = functools.partial(linalg.LinearOperatorScaledIdentity, 2)
# name -> (scales, constructor, the covariance of each component)
SCALES = {
    "full": (FULL, None, FULL @ FULL.transpose(0, 2, 1)),
    "one full": (FULL[0], None, [FULL[0] @ FULL[0].T] * 3),
    "scalar": (0.7, None, [0.49 * np.eye(2)] * 3),
    "[P]": ([0.5, 1.0, 2.0], None, [0.25 * np.eye(2), np.eye(2), 4 * np.eye(2)]),
    "scaled scalar": (0.7, SCALED, [0.49 * np.eye(2)] * 3),
    "scaled [P]": ([0.5, 1.0, 2.0], SCALED, [0.25 * np.eye(2), np.eye(2), 4 * np.eye(2)]),
    "scaled [B, P]": (np.full([2, 3], 2.0), SCALED, [4 * np.eye(2)] * 3),
    "diagonal": (
        np.array([[1.0, 2.0], [0.5, 0.5], [1.0, 1.0]], np.float32),
        linalg.LinearOperatorDiag,
        [np.diag([1.0, 4.0]), 0.25 * np.eye(2), np.eye(2)],
    ),
    "lower": (np.tril(FULL), linalg.LinearOperatorLowerTriangular, None),
    "own": (
        np.ones([3, 2, 1], np.float32),
        lambda u: linalg.LinearOperatorLowRankUpdate(linalg.LinearOperatorIdentity(2), u),
        [np.array([[2.0, 1.0], [1.0, 2.0]]) @ np.array([[2.0, 1.0], [1.0, 2.0]])] * 3,
    ),
}
SCALES["lower"] = (*SCALES["lower"][:2], np.tril(FULL) @ np.tril(FULL).transpose(0, 2, 1))
on_all_scales = pytest.mark.parametrize("name", SCALES)


def model_of(name, **options):
    scales, constructor, _ = SCALES[name]
    if constructor is not None:
        options["linear_operator_ctor"] = constructor
    return GMMVector(1, LOGITS, MEANS, scales, **options)


def weights():
    exp = np.exp(LOGITS.astype(np.float64))
    return exp / exp.sum(axis=1, keepdims=True)


def densities(name, x):
    """The density of each component at x, `[P]`."""
    covariances = SCALES[name][2]
    return np.array([stats.multivariate_normal.pdf(x, MEANS[p], covariances[p]) for p in range(3)])


@on_all_scales
def test_the_state_is_scored_by_the_mixture(name, rng):
    model = model_of(name)
    assert model.specs().get("state").space.shape == (2, 2)
    x = rng.normal(size=[2, 2]).astype(np.float32)

    def score(x):
        return model.initial_state().get("state").distribution.log_prob(x)

    expected = np.log([weights()[u] @ densities(name, x[u]) for u in range(2)])
    np.testing.assert_allclose(score(x), expected, rtol=1e-4, atol=1e-4)
    if name in ("full", "scaled [P]"):  # XLA has no determinant of a full matrix
        compiled = tf.function(score, jit_compile=True)
        np.testing.assert_allclose(compiled(x), expected, rtol=1e-4, atol=1e-4)


@on_all_scales
def test_with_component_id_the_state_is_scored_given_it(name, rng):
    first = model_of(name, return_component_id=True).initial_state()
    component = first.get("component_id")
    found = [np.exp(component.distribution.log_prob([p, p])) for p in range(3)]
    np.testing.assert_allclose(np.transpose(found), weights(), rtol=1e-5)
    x = rng.normal(size=[2, 2]).astype(np.float32)
    picked = component.value.numpy()
    expected = np.log([densities(name, x[u])[picked[u]] for u in range(2)])
    found = first.get("state").distribution.log_prob(x)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("component_id", [False, True], ids=["", "id"])
def test_draws_follow_the_law(component_id, seed):
    size = 20_000
    far = np.array([[0.0, 0.0], [100.0, 0.0]], np.float32)
    model = GMMVector(
        1, np.tile([[0.0, 1.0]], [size, 1]), far, FULL[:2], return_component_id=component_id
    )
    v = Variable("v", model.specs())
    v.initial_value = value(model.initial_state)
    drawn = TFRuntime([v], jit_compile=False).execute(0, seed=seed)["v"]
    x = drawn.get("state").numpy()
    which = (x[:, 0] > 50).astype(int)
    if component_id:
        np.testing.assert_array_equal(which, drawn.get("component_id"))
    share = np.exp(1.0) / (1.0 + np.exp(1.0))
    # Would catch 0.03 of a probability, 20 % of a variance.
    statistical.assert_proportion(which.sum(), size, share, what="components")
    for p in (0, 1):
        around = x[which == p] - far[p]
        statistical.assert_covariance(around, FULL[p] @ FULL[p].T, what="a component")
    with statistical.must_catch():
        statistical.assert_covariance(x[which == 0], FULL[0].T @ FULL[0])


@pytest.mark.parametrize("scales", [0, 0.0, np.zeros(3), np.zeros([3, 2, 2])])
@pytest.mark.parametrize("component_id", [False, True], ids=["", "id"])
def test_a_scale_of_zero_is_the_mean_itself(scales, component_id):
    model = GMMVector(1, LOGITS, MEANS, scales, return_component_id=component_id)
    first = model.initial_state()
    x = first.get("state")
    component = [np.flatnonzero((MEANS == row).all(axis=1))[0] for row in x.value.numpy()]
    score = x.distribution.log_prob(x.value)
    expected = [0.0, 0.0] if component_id else np.log(weights()[[0, 1], component])
    np.testing.assert_allclose(score, expected, rtol=1e-5)
    assert x.distribution.batch_shape == (2,) and x.distribution.event_shape == (2,)


@pytest.mark.parametrize(
    ("logits", "means", "scales", "batch"),
    [
        ([3], [3, 2], [3], ()),
        ([4, 3], [3, 2], [], (4,)),
        ([4, 3], [4, 3, 2], [3], (4,)),
        ([3], [4, 3, 2], [], (4,)),
        ([3], [3, 2], [4, 3], (4,)),
        ([5, 4, 3], [4, 3, 2], [3], (5, 4)),
    ],
)
def test_batches_broadcast(logits, means, scales, batch):
    for component_id in (False, True):
        model = GMMVector(
            len(batch),
            np.zeros(logits),
            np.zeros(means),
            np.ones(scales),
            linear_operator_ctor=SCALED,
            return_component_id=component_id,
        )
        state = model.initial_state().get("state")
        assert state.shape == (*batch, 2) and state.distribution.batch_shape == batch
        assert model.specs().get("state").space.shape == (*batch, 2)
        assert state.distribution.log_prob(state.value).shape == batch


def test_gradients_reach_means_and_scales():
    means, scale = tf.Variable(MEANS), tf.Variable(0.5)
    model = GMMVector(1, LOGITS, means, scale, linear_operator_ctor=SCALED)
    assert {id(v) for v in model.trainable_variables} == {id(means), id(scale)}
    with tf.GradientTape(persistent=True) as tape:
        score = tf.reduce_sum(model.initial_state().get("state").distribution.log_prob(MEANS[:2]))
    for variable in (means, scale):
        gradient = tape.gradient(score, variable)
        assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0
    # A draw moves with the mean and the scale: it is reparameterised.
    v = Variable("v", model.specs())
    v.initial_value = value(model.initial_state)
    with tf.GradientTape() as tape:
        x = tf.reduce_sum(PythonRuntime([v]).execute(0, seed=3)["v"].get("state"))
    np.testing.assert_allclose(tf.reduce_sum(tape.gradient(x, means)), 4.0, rtol=1e-5)


@pytest.mark.parametrize(
    ("batch_ndims", "logits", "means", "scales", "message"),
    [
        (0, LOGITS, MEANS, 1.0, "must broadcast to 0 of the batch and one of the components, got"),
        (1, LOGITS[0], MEANS, 1.0, "must broadcast to 1 of the batch and one of the components"),
        (1, LOGITS, MEANS[:2], 1.0, "got mixture_logits (2, 3), component_means (2,), component_s"),
        (1, LOGITS, MEANS, [1.0, 2.0], "mixture_logits (2, 3), component_means (3,), component_sc"),
        (1, LOGITS, MEANS[0], 1.0, "mixture_logits must be [..., P] and component_means [..., P"),
        (1, LOGITS, MEANS, np.ones([3, 2, 3]), "linear_operator_ctor must make operators of 2 x 2"),
        (1, LOGITS, MEANS, np.eye(3), "must make operators of 2 x 2, as component_means has 2"),
    ],
)
def test_shapes_must_fit(batch_ndims, logits, means, scales, message):
    with pytest.raises(ConfigError) as error:
        GMMVector(batch_ndims, logits, means, scales, name="taste")
    assert str(error.value).startswith("taste: ") and message in str(error.value)
    model = GMMVector(batch_ndims, name="taste")
    parameters = Value(mixture_logits=logits, component_means=means, component_scales=scales)
    with pytest.raises(ConfigError):
        model.initial_state(parameters)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"mixture_logits": [0.0, np.nan, 0.0]},
            "mixture_logits must be within [-inf, 3.40282e+38]",
        ),
        ({"mixture_logits": [-np.inf] * 3}, "mixture_logits must have a finite number in each row"),
        ({"mixture_logits": "x"}, "mixture_logits must be an array of real numbers, got 'x'"),
        (
            {"component_means": MEANS * np.nan},
            "component_means must be within (-inf, inf), got nan",
        ),
        ({"component_means": [[0.0], [1.0, 2.0]]}, "component_means must be an array of real numb"),
        ({"component_scales": np.nan}, "component_scales must be within (-inf, inf), got nan"),
        ({"component_scales": -1.0}, "component_scales must be within [0, inf), got -1.0"),
        (
            {"component_scales": [1.0, -1.0, 1.0]},
            "component_scales must be within [0, inf), got -1",
        ),
        (
            {"component_scales": np.zeros([3, 2, 3])},
            "linear_operator_ctor must make operators of 2 x",
        ),
        ({"linear_operator_ctor": None}, "linear_operator_ctor must be a function, got None"),
        (
            {"linear_operator_ctor": lambda scales: None},
            "linear_operator_ctor, given component_scales, must make a linear operator of it, got "
            "None; return a tf.linalg.LinearOperator",
        ),
        (
            {"linear_operator_ctor": tf.identity},
            "linear_operator_ctor, given component_scales, must",
        ),
        ({"return_component_id": "yes"}, "return_component_id must be True or False, got 'yes'"),
    ],
)
def test_bad_parameters_are_refused(changes, message):
    parameters = {
        "mixture_logits": LOGITS[0],
        "component_means": MEANS,
        "component_scales": np.stack([np.eye(2)] * 3),
    }
    with pytest.raises(ConfigError) as error:
        GMMVector(0, **{**parameters, **changes}, name="taste")
    assert str(error.value).startswith(f"taste: {message}")


def test_a_factor_of_the_covariance_may_be_negative():
    factor = np.array([[1.0, 0.0], [-0.5, -2.0]], np.float32)
    for constructor in (linalg.LinearOperatorFullMatrix, linalg.LinearOperatorLowerTriangular):
        law = GMMVector(0, [0.0], MEANS[:1], factor, constructor).initial_state().get("state")
        np.testing.assert_allclose(
            law.distribution.components_distribution.covariance()[0], factor @ factor.T, rtol=1e-5
        )


def test_scales_must_suit_the_constructor():
    with pytest.raises(ConfigError) as error:
        GMMVector(1, LOGITS, MEANS, 1.0, linalg.LinearOperatorDiag, name="taste")
    assert str(error.value).startswith(
        "taste: linear_operator_ctor, given component_scales, must make a linear operator of "
        "it, got (): "
    )
