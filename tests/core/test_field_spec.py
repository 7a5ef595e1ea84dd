"""FieldSpec, DynamicFieldSpec, Space: what a field may be, and what is said where it is not."""

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces

from recsim_ng import ed
from recsim_ng.core import DynamicFieldSpec, FieldError, FieldSpec, Space

BOX = spaces.Box(-np.inf, np.inf, (3, 2))


def unknown(shape):
    """A tensor whose static shape is partly unknown."""
    graph = tf.Graph()
    with graph.as_default():
        return tf.compat.v1.placeholder(tf.float32, shape)


def test_success_is_true_and_no_message():
    assert FieldSpec().check_value(tf.zeros([2])) == (True, "")
    assert FieldSpec().check_value(np.zeros([2])) == (True, "")
    assert FieldSpec().check_value(ed.Normal(0.0, 1.0)) == (True, "")


@pytest.mark.parametrize("x", [1, 1.0, True, [1, 2], [[1], [2, 3]], (1, "a")])
def test_numbers_and_lists_pass_unchanged_at_any_time(x):
    spec = FieldSpec()
    assert spec.check_value(x) == (True, "")
    assert spec.sanitize(x, "x") is x
    assert spec.invariant() is None
    assert spec.check_value(tf.zeros([2])) == (True, "")
    assert spec.check_value(x) == (True, "")


def test_shapes_met_so_far_must_stay_compatible():
    spec = FieldSpec()
    spec.check_value(tf.zeros([2, 3]))
    assert spec.check_value(np.zeros([2, 3], np.float32)) == (True, "")
    message = "expected shape (2, 3) as before, got (2, 4)"
    assert spec.check_value(tf.zeros([2, 4])) == (False, message)
    assert spec.check_value(tf.zeros([2])) == (False, "expected shape (2, 3) as before, got (2,)")


def test_a_field_keeps_its_dtype():
    spec = FieldSpec()
    spec.check_value(tf.zeros([2]))
    message = "expected dtype float32 as before, got int32"
    assert spec.check_value(tf.zeros([2], tf.int32)) == (False, message)


def test_a_failure_leaves_the_known_shape_alone():
    spec = FieldSpec()
    spec.check_value(tf.zeros([2]))
    spec.check_value(tf.zeros([3]))
    spec.check_value(tf.zeros([2], tf.int32))
    assert spec.invariant() == tf.TensorShape([2])
    assert spec.check_value(tf.zeros([2])) == (True, "")


def test_partial_shapes_merge():
    spec = FieldSpec()
    assert spec.check_value(unknown([None, 2]))[0]
    assert spec.invariant().as_list() == [None, 2]
    assert spec.check_value(unknown(None))[0]
    assert spec.invariant().as_list() == [None, 2]
    assert spec.check_value(unknown([3, None]))[0]
    assert spec.invariant() == tf.TensorShape([3, 2])
    assert not spec.check_value(unknown([None, 4]))[0]


def test_a_tensor_and_something_else_do_not_mix():
    spec = FieldSpec()
    spec.check_value(tf.zeros([2]))
    assert spec.check_value("text") == (False, "expected a tensor as before, got str")
    spec = FieldSpec()
    assert spec.check_value({"a": 1}) == (True, "")
    message = "expected an object that is no tensor, as before, got a tensor"
    assert spec.check_value(tf.zeros([2])) == (False, message)
    assert spec.invariant() is None


def test_the_invariant_is_a_tensor_shape():
    spec = FieldSpec()
    assert spec.invariant() is None
    spec.check_value(np.zeros([4, 1]))
    assert isinstance(spec.invariant(), tf.TensorShape)
    assert spec.invariant().as_list() == [4, 1]


def test_sanitize_gives_tensors_that_know_their_shape():
    spec = FieldSpec()
    spec.check_value(tf.zeros([2, 3]))
    shapes = []

    @tf.function(input_signature=[tf.TensorSpec(None)])
    def f(x):
        ok, message = spec.check_value(x)
        assert ok, message
        shapes.append(spec.sanitize(x, "a name: odd").shape.as_list())

    f(tf.zeros([2, 3]))
    assert shapes == [[2, 3]]
    assert tf.is_tensor(spec.sanitize(np.zeros([2, 3], np.float32), "x"))


def test_sanitize_keeps_a_random_variable_with_its_distribution():
    spec = FieldSpec()
    spec.check_value(tf.zeros([2]))
    variable = ed.Normal(loc=tf.zeros([2]), scale=1.0)
    clean = spec.sanitize(variable, "x")
    assert isinstance(clean, ed.RandomVariable)
    assert clean.distribution is variable.distribution
    found = []

    @tf.function(input_signature=[tf.TensorSpec([None])])
    def f(loc):
        variable = ed.Normal(loc=loc, scale=1.0, value=loc)
        assert spec.check_value(variable) == (True, "")
        clean = spec.sanitize(variable, "x")
        assert clean.distribution is variable.distribution
        found.append(clean.value.shape.as_list())

    f(tf.zeros([2]))
    assert found == [[2]]


def test_a_fresh_spec_has_learnt_nothing():
    spec = Space(BOX, dims=("user", "topic"))
    spec.check_value(tf.zeros([4]))
    fresh = spec.fresh()
    assert fresh.check_value(tf.zeros([5])) == (True, "")
    assert fresh.dims == spec.dims and fresh.space is spec.space
    assert spec.invariant() == tf.TensorShape([4])


def test_a_users_own_spec_needs_no_constructor():
    class Positive(FieldSpec):
        def __init__(self):
            self.least = 0.0

        def check_value(self, field_value):
            ok = float(tf.reduce_min(field_value)) > self.least
            return ok, "" if ok else "expected positive numbers"

    assert Positive().fresh().check_value(tf.constant(-1.0)) == (False, "expected positive numbers")


@pytest.mark.parametrize("values", [np.array(["a", "b"]), np.zeros(2, bool), np.zeros(2, np.uint8)])
def test_arrays_of_any_type_can_be_fields(values):
    spec = FieldSpec()
    assert spec.check_value(values) == (True, "")
    assert spec.sanitize(values, "x").shape == [2]


def test_a_ragged_tensor_can_be_a_field():
    ragged = tf.ragged.constant([[1], [1, 2]])
    spec = FieldSpec()
    assert spec.check_value(ragged) == (True, "")
    assert spec.sanitize(ragged, "x") is ragged


@pytest.mark.parametrize("dynamic_dims", [[], [2], [0, 5], [-1]])
def test_dynamic_axes_must_be_within_the_rank(dynamic_dims):
    with pytest.raises(ValueError) as error:
        DynamicFieldSpec(rank=2, dynamic_dims=dynamic_dims)
    assert isinstance(error.value, FieldError)
    assert str(error.value) == (
        "DynamicFieldSpec: dynamic_dims must name axes within 0..1, at least one, "
        f"got {dynamic_dims}"
    )


def test_dynamic_axes_may_change_and_others_may_not():
    spec = DynamicFieldSpec(rank=2, dynamic_dims=[0])
    assert spec.check_value(tf.zeros([1, 3])) == (True, "")
    assert spec.invariant().as_list() == [None, 3]
    assert spec.check_value(tf.zeros([7, 3])) == (True, "")
    assert spec.check_value(tf.zeros([7, 4])) == (
        False,
        "expected shape (None, 3) as before, got (7, 4)",
    )
    assert spec.check_value(tf.zeros([7])) == (False, "expected rank 2, got shape (7,)")
    assert spec.invariant().as_list() == [None, 3]


def test_a_loose_space_is_checked_over_time_only():
    # As existing stories declare them: an unbounded float box for an integer choice.
    spec = Space(BOX)
    assert spec.space is BOX
    assert spec.check_value(tf.zeros([5], tf.int32)) == (True, "")
    assert not spec.check_value(tf.zeros([6], tf.int32))[0]


def test_a_strict_space_checks_shape_and_dtype():
    def checked(x):
        return Space(BOX, strict=True).check_value(x)

    assert checked(tf.zeros([3, 2])) == (True, "")
    assert checked(tf.zeros([2, 3])) == (False, "expected shape (3, 2), got (2, 3)")
    assert checked(tf.zeros([3, 2], tf.float64)) == (False, "expected dtype float32, got float64")
    assert checked(unknown([None, 2])) == (True, "")
    assert checked([[1, 2]] * 3) == (True, "")
    assert checked([1, 2]) == (False, "expected shape (3, 2), got (2,)")
    assert checked([[1], [1, 2]]) == (False, "expected shape (3, 2), got a ragged list")
    assert checked(1.0) == (False, "expected shape (3, 2), got ()")


def test_a_box_is_made_in_one_call_strict_by_default():
    spec = Space.box(-np.inf, np.inf, (3, 2), dims=("user", "topic"))
    assert spec == Space(BOX, dims=("user", "topic"), strict=True)
    assert spec.space == BOX and spec.dims == ("user", "topic")
    assert spec.check_value(tf.zeros([2, 3])) == (False, "expected shape (3, 2), got (2, 3)")
    ints = Space.box(0, 5, (), np.int32, strict=False)
    assert ints.space.dtype == np.int32 and ints.check_value(tf.zeros([7])) == (True, "")


def test_a_strict_space_without_shape_takes_all():
    space = spaces.Dict({"a": spaces.Discrete(2)})
    assert Space(space, strict=True).check_value(tf.zeros([3])) == (True, "")


def test_discrete_spaces_have_no_axes():
    assert Space(spaces.Discrete(3), dims=(), strict=True).check_value(tf.zeros([], tf.int64))[0]


def test_dims_name_every_axis():
    assert Space(BOX, dims=["user", "topic"]).dims == ("user", "topic")
    assert FieldSpec().dims is None and Space(BOX).dims is None
    with pytest.raises(ValueError, match=r"dims must be a name for each axis of shape \(3, 2\)"):
        Space(BOX, dims=("user",))


def test_specs_that_know_the_same_are_equal():
    assert FieldSpec() == FieldSpec() and FieldSpec() != Space(BOX)
    assert Space(BOX) == Space(gymnasium.spaces.Box(-np.inf, np.inf, (3, 2)))
    assert Space(BOX) != Space(BOX, strict=True)
    assert repr(Space(BOX, strict=True)).startswith("Space(Box(")


@pytest.mark.parametrize("space", [3, None, "box"])
def test_a_space_must_be_one_of_gymnasiums(space):
    with pytest.raises(FieldError, match="space must be a gymnasium.spaces.Space, got"):
        Space(space)


@pytest.mark.parametrize("dims", ["ab", ("user",), (1, 2), ("user", None)])
def test_dims_are_a_name_for_each_axis(dims):
    with pytest.raises(FieldError, match=r"dims must be a name for each axis of shape \(2, 3\)"):
        Space.box(0, 1, (2, 3), dims=dims)


@pytest.mark.parametrize(
    "arguments",
    [
        (np.nan, 1, (2,)),
        (2, 1, (2,)),
        (0, 1, (-1,)),
        (0, 1, (2.5,)),
        (0, 1, 3),
        (0, 1, (2,), "floaty"),
    ],
)
def test_a_box_that_cannot_be_is_refused_when_it_is_made(arguments):
    with pytest.raises(FieldError, match=r"Space\.box: "):
        Space.box(*arguments)
