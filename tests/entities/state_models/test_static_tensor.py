"""StaticTensor and HierarchicalStaticTensor against enumeration."""

import numpy as np
import pytest
import tensorflow as tf

from recsim_ng import TFRuntime, Value, Variable
from recsim_ng.core.errors import ConfigError, FieldError
from recsim_ng.core.variable import value
from recsim_ng.entities.state_models import HierarchicalStaticTensor, StaticTensor
from tests import statistical

TENSORS = np.array([[0.0, 1.0], [2.0, 3.0], [0.0, 1.0], [5.0, 5.0]], np.float32)
LOGITS = np.array([[0.0, 1.0, -1.0, 0.5], [0.3, 0.0, 0.0, -2.0]], np.float32)
CLUSTERS = [1, 0, 1, 2]


def softmax(x):
    weights = np.exp(np.asarray(x, np.float64))
    return weights / weights.sum(axis=-1, keepdims=True)


def hierarchical_law(cluster_logits):
    sizes = np.bincount(CLUSTERS)
    return softmax(cluster_logits)[..., CLUSTERS] / sizes[CLUSTERS]


MODELS = {
    "flat": (
        lambda **options: StaticTensor(TENSORS, LOGITS, batch_ndims=1, **options),
        softmax(LOGITS),
    ),
    "hierarchical": (
        lambda **options: HierarchicalStaticTensor(
            TENSORS, CLUSTERS, LOGITS[:, :3], batch_ndims=1, **options
        ),
        hierarchical_law(LOGITS[:, :3]),
    ),
}
on_both = pytest.mark.parametrize(("make", "law"), MODELS.values(), ids=MODELS)


@on_both
def test_the_state_is_scored_by_all_components_that_give_it(make, law):
    state = make().initial_state().get("state").distribution
    found = [np.exp(state.log_prob(np.stack([x, x]))) for x in TENSORS]
    same = law[:, 0] + law[:, 2]  # two tensors are alike
    np.testing.assert_allclose(found, [same, law[:, 1], same, law[:, 3]], rtol=1e-5)
    np.testing.assert_allclose(found[0] + found[1] + found[3], 1.0, rtol=1e-5)
    assert np.isneginf(state.log_prob(np.full([2, 2], 7.0))).all()


@on_both
def test_with_component_id_the_state_is_scored_given_it(make, law):
    first = make(return_component_id=True).initial_state()
    component = first.get("component_id")
    found = [np.exp(component.distribution.log_prob([i, i])) for i in range(4)]
    np.testing.assert_allclose(np.transpose(found), law, rtol=1e-5)
    np.testing.assert_array_equal(first.get("state").value, TENSORS[component.value.numpy()])
    scores = first.get("state").distribution.log_prob(first.get("state").value)
    np.testing.assert_array_equal(scores, [0.0, 0.0])
    assert component.dtype == tf.int32


@on_both
@pytest.mark.parametrize("component_id", [False, True], ids=["", "id"])
def test_draws_follow_the_law(make, law, component_id, seed):
    size = 10_000
    large = {
        "flat": lambda: StaticTensor(
            TENSORS, np.tile(LOGITS[:1], [size, 1]), 1, return_component_id=component_id
        ),
        "hierarchical": lambda: HierarchicalStaticTensor(
            TENSORS,
            CLUSTERS,
            np.tile(LOGITS[:1, :3], [size, 1]),
            1,
            return_component_id=component_id,
        ),
    }
    model = large["flat" if make is MODELS["flat"][0] else "hierarchical"]()
    v = Variable("v", model.specs())
    v.initial_value = value(model.initial_state)
    x = TFRuntime([v], jit_compile=False).execute(0, seed=seed)["v"].get("state").numpy()
    counts = [int((x == TENSORS[i]).all(axis=1).sum()) for i in (0, 1, 3)]
    assert sum(counts) == size
    probabilities = [law[0, 0] + law[0, 2], law[0, 1], law[0, 3]]
    # Would catch 0.005 nats.
    statistical.assert_frequencies(counts, probabilities, what="tensors")
    with statistical.must_catch():
        statistical.assert_frequencies(counts, [1 / 3, 1 / 3, 1 / 3])


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_axes_after_the_first_are_the_event(shape, batch):
    model = StaticTensor(np.zeros((4, *shape)), np.zeros((*batch, 4)), len(batch))
    state = model.initial_state().get("state")
    assert state.shape == batch + shape
    assert state.distribution.batch_shape == batch
    assert state.distribution.event_shape == shape
    assert model.specs().get("state").space.shape == batch + shape


@pytest.mark.parametrize("dtype", ["int32", "float16", "float64"])
def test_tensors_may_be_numbers_of_any_type(dtype):
    model = StaticTensor(tf.cast([1, 0], dtype), [0.0, 0.0], return_component_id=True)
    assert model.initial_state().get("state").dtype == dtype
    assert model.specs().get("state").check_value(tf.zeros([], dtype)) == (True, "")


EVENT = "tensor_dictionary must be [N, ...] numbers, no axis empty, got "
LAW = "must have a finite number in each row of its last axis, got a row of minus infinity"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StaticTensor(np.arange(3), np.nan), "logits must be within [-inf, 3.40282e+38]"),
        (
            lambda: StaticTensor(np.arange(3), [0.0, np.inf, 0.0]),
            "logits must be within [-inf, 3.4",
        ),
        (lambda: StaticTensor(np.arange(3), [-np.inf] * 3), f"logits {LAW}"),
        (
            lambda: StaticTensor(np.arange(3), ["a", "b", "c"]),
            "logits must be an array of real num",
        ),
        (
            lambda: StaticTensor(np.arange(3), np.zeros(3) * 1j),
            "logits must be an array of real nu",
        ),
        (
            lambda: StaticTensor([[1.0], [1.0, 2.0]], [0.0, 0.0]),
            "tensor_dictionary must be an arra",
        ),
        (
            lambda: StaticTensor([1.0, np.nan], [0.0, 0.0]),
            "tensor_dictionary must be within [-inf, ",
        ),
        (
            lambda: StaticTensor([True, False], [0.0, 0.0]),
            "tensor_dictionary must be an array of r",
        ),
        (
            lambda: StaticTensor(np.arange(3), [0.0] * 3, return_component_id="yes"),
            "return_component_id must be True or False, got 'yes'",
        ),
        (
            lambda: HierarchicalStaticTensor(np.arange(3), [0, 0, 1], [0.0, np.nan]),
            "cluster_logits must be within [-inf, 3.40282e+38], got nan",
        ),
        (
            lambda: HierarchicalStaticTensor(np.arange(3), [0, 0, 1], [-np.inf, -np.inf]),
            f"cluster_logits {LAW}",
        ),
        (
            lambda: HierarchicalStaticTensor(np.arange(3), "x", [0.0, 0.0]),
            "cluster_assignments must be an array of real numbers, got 'x'",
        ),
    ],
)
def test_bad_parameters_are_refused(make, message):
    with pytest.raises(ConfigError) as error:
        make()
    assert message in str(error.value)
    assert str(error.value).startswith(("StaticTensor: ", "HierarchicalStaticTensor: "))


def test_a_tensor_may_be_infinite_and_never_drawn():
    model = StaticTensor([-np.inf, 1.0], [-np.inf, 0.0])
    assert float(model.initial_state().get("state").value) == 1.0


@pytest.mark.parametrize("tensors", ["x", np.array(["a", "b"]), tf.constant(["a", "b"])])
def test_what_is_no_number_is_refused_in_the_call(tensors):
    with pytest.raises(FieldError) as error:
        StaticTensor(name="taste").initial_state(
            Value(tensor_dictionary=tensors, logits=tf.zeros(2))
        )
    assert str(error.value) == (
        "taste: the parameter 'tensor_dictionary' must be real numbers, got string"
    )


@pytest.mark.parametrize(
    ("tensors", "logits", "batch_ndims", "message"),
    [
        (TENSORS, LOGITS, 0, "with batch_ndims 0, logits must have 1 axes, got (2, 4)"),
        (TENSORS, LOGITS[0], 1, "with batch_ndims 1, logits must have 2 axes, got (4,)"),
        (TENSORS, LOGITS[:, :3], 1, "the last axis of logits must be of length 4, got (2, 3)"),
        (1.0, LOGITS, 1, EVENT + "float32 ()"),
        (TENSORS[:0], LOGITS, 1, EVENT + "float32 (0, 2)"),
        (TENSORS[:, :0], LOGITS, 1, EVENT + "float32 (4, 0)"),
    ],
)
def test_shapes_must_fit_at_construction_and_in_the_call(tensors, logits, batch_ndims, message):
    with pytest.raises(ValueError) as error:
        StaticTensor(tensors, logits, batch_ndims, name="taste")
    assert str(error.value) == f"taste: {message}"
    model = StaticTensor(batch_ndims=batch_ndims, name="taste")
    with pytest.raises(ValueError) as error:
        model.initial_state(Value(tensor_dictionary=tensors, logits=logits))
    assert str(error.value) == f"taste: {message}"


@pytest.mark.parametrize(
    ("clusters", "logits", "message"),
    [
        (
            [1, 0, 1, 1],
            [0.0, 0.0, 0.0],
            "no cluster may be empty, but [2] have no tensor in cluster_assignments",
        ),
        (
            [0, 1, 2, 3],
            [0.0, 0.0, 0.0],
            "cluster_assignments must be within 0..2, the last axis of cluster_logits, got 0..3",
        ),
        (
            [0, 1, -1, 1],
            [0.0, 0.0],
            "cluster_assignments must be within 0..1, the last axis of cluster_logits, got -1..1",
        ),
        (
            [0, 1],
            [0.0, 0.0],
            "cluster_assignments must be ints, one for each of the 4 tensors, got int64 (2,)",
        ),
        (
            [0.0, 1.0, 0.0, 1.0],
            [0.0, 0.0],
            "cluster_assignments must be ints, one for each of the 4 tensors, got float32 (4,)",
        ),
        (
            [0, 0, 1, 1],
            [[0.0, 0.0]],
            "with batch_ndims 0, cluster_logits must have 1 axes, got (1, 2)",
        ),
    ],
)
def test_clusters_must_fit(clusters, logits, message):
    with pytest.raises(ValueError) as error:
        HierarchicalStaticTensor(TENSORS, np.array(clusters), logits, name="taste")
    assert str(error.value) == f"taste: {message}"


def test_clusters_that_a_graph_decides_are_checked_when_it_runs():
    model = HierarchicalStaticTensor(name="taste", return_component_id=True)

    @tf.function
    def law(clusters):
        parameters = Value(
            tensor_dictionary=TENSORS, cluster_assignments=clusters, cluster_logits=LOGITS[0, :3]
        )
        return model.initial_state(parameters).get("component_id").distribution.probs_parameter()

    found = law(tf.constant(CLUSTERS))
    np.testing.assert_allclose(found, hierarchical_law(LOGITS[0, :3]), rtol=1e-5)
    with pytest.raises(tf.errors.InvalidArgumentError, match="taste: no cluster may be empty"):
        law(tf.constant([0, 0, 1, 1]))
