"""Value: names, nesting, immutability, and its way through TensorFlow."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from recsim_ng import ed
from recsim_ng.core import FieldError, Value, ValueSpec

NESTED = Value(a=1, **{"x.b": 2, "x.c.d": 3})

names = st.text("abcd", min_size=1, max_size=2)
nested = st.recursive(
    st.dictionaries(names, st.integers(), max_size=3),
    lambda inner: st.dictionaries(names, st.integers() | inner, max_size=3),
    max_leaves=6,
)


def value_of(fields):
    return Value(**{n: value_of(x) if isinstance(x, dict) else x for n, x in fields.items()})


def test_a_name_with_dots_nests():
    assert Value(**{"x.a": 1}).get("x").as_dict == {"a": 1}
    assert Value(**{"x.a.b": 1}) == Value(x=Value(a=Value(b=1)))


def test_get_reaches_in_and_a_prefix_gives_the_nested_value():
    assert NESTED.get("x.c.d") == 3
    assert NESTED.get("x.c").as_dict == {"d": 3}
    assert isinstance(NESTED.get("x"), Value)
    assert NESTED["x.b"] == 2


@pytest.mark.parametrize("name", ["y", "x.y", "a.b", "", "x.", ".x", "x.b.c"])
def test_get_of_an_unknown_name_lists_what_there_is(name):
    with pytest.raises(ValueError) as error:
        NESTED.get(name)
    assert isinstance(error.value, FieldError)
    there = "['a', 'x', 'x.b', 'x.c', 'x.c.d']"
    assert str(error.value) == f"Value.get: no field '{name}'; there are {there}"
    assert name not in NESTED


def test_as_dict_is_a_real_dict_flat_and_dotted():
    flat = NESTED.as_dict
    assert type(flat) is dict
    assert flat == {"a": 1, "x.b": 2, "x.c.d": 3}
    flat["a"] = 7
    assert NESTED.get("a") == 1


def test_iteration_and_len_go_over_the_dotted_names():
    assert list(NESTED) == ["a", "x.b", "x.c.d"]
    assert len(NESTED) == 3
    assert [n in NESTED for n in ("a", "x", "x.b", "x.c", "b")] == [True, True, True, True, False]
    assert len(Value()) == 0


def test_at_takes_names_and_prefixes_and_keeps_the_prefix():
    assert NESTED.at("x").as_dict == {"x.b": 2, "x.c.d": 3}
    assert NESTED.at("x.b", "a").as_dict == {"x.b": 2, "a": 1}
    assert NESTED.at().as_dict == {}
    with pytest.raises(ValueError, match="no field 'z'"):
        NESTED.at("a", "z")


def test_prefixed_with_and_union_are_inverse_to_taking_apart():
    assert Value(a=1).prefixed_with("x").as_dict == {"x.a": 1}
    assert Value(a=1).prefixed_with("x.y").as_dict == {"x.y.a": 1}
    merged = Value(**{"x.a": 1}).union(Value(**{"x.b": 2, "c": 3}))
    assert merged.as_dict == {"x.a": 1, "x.b": 2, "c": 3}


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [({"a": 1}, {"a": 2}, "a"), ({"a": 1}, {"a.b": 2}, "a"), ({"x.a": 1}, {"x.a": 2}, "a")],
)
def test_a_union_must_be_disjoint(one, other, name):
    with pytest.raises(ValueError, match=f"both have the field '{name}'; rename one of them"):
        Value(**one).union(Value(**other))


def test_map_keeps_the_structure():
    assert NESTED.map(lambda x: x * 10).as_dict == {"a": 10, "x.b": 20, "x.c.d": 30}


@pytest.mark.parametrize(
    "fields", [{"x": 1, "x.a": 2}, {"x.a": 2, "x": 1}, {"x": Value(b=1), "x.a": 2}]
)
def test_a_name_both_alone_and_as_a_prefix_is_an_error_never_merged(fields):
    with pytest.raises(ValueError, match="'x' is used both alone and as a prefix"):
        Value(**fields)


@pytest.mark.parametrize("name", ["", ".", "a.", ".a", "a..b"])
def test_an_empty_name_is_an_error(name):
    with pytest.raises(FieldError, match="a field name must not be empty"):
        Value(**{name: 1})


def test_an_empty_nested_value_survives():
    empty = Value().prefixed_with("x")
    assert empty.get("x") == Value()
    assert empty.union(Value(a=1)).get("x") == Value()
    assert Value(a=1).union(empty).get("x") == Value()
    assert empty.at("x").get("x") == Value()
    assert empty.prefixed_with("y").get("y.x") == Value()
    assert empty.map(str).get("x") == Value()
    assert "x" in empty and len(empty) == 0


def test_a_field_may_be_called_self():
    assert Value(self=1).get("self") == 1


def test_a_value_is_immutable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        NESTED._fields = {}
    with pytest.raises(dataclasses.FrozenInstanceError):
        NESTED.a = 2
    with pytest.raises(TypeError):
        NESTED["a"] = 2


def test_equality_is_that_of_structure():
    one = Value(a=tf.zeros([2]), b=Value(c=tf.constant(1)))
    assert one == Value(b=Value(c=np.int32(7)), a=np.ones(2, np.float32))
    assert hash(one) == hash(Value(b=Value(c=np.int32(7)), a=np.ones(2, np.float32)))
    assert one != Value(a=tf.zeros([3]), b=Value(c=tf.constant(1)))
    assert one != Value(a=tf.zeros([2], tf.float64), b=Value(c=tf.constant(1)))
    assert one != Value(a=tf.zeros([2]))
    assert Value(x=Value()) != Value()
    assert Value(a=1) == Value(a=1) and Value(a=1) != Value(a=2)
    assert Value(a=1) != {"a": 1}


def test_equality_of_tensors_of_unknown_rank():
    @tf.function(input_signature=[tf.TensorSpec(None)])
    def f(x):
        assert Value(a=x) == Value(a=x)
        assert Value(a=x) != Value(a=tf.zeros([2]))
        assert repr(Value(a=x)) == "Value(a=<float32 [?]>)"
        return x

    f(1.0)


def test_repr_shows_shapes():
    value = Value(a=tf.zeros([2, 3]), x=Value(b=np.int32(1)), c="name")
    assert repr(value) == "Value(a=<float32 [2, 3]>, x=Value(b=<int32 []>), c='name')"


def test_value_and_value_spec_are_one_class():
    assert ValueSpec is Value


def test_a_value_can_be_copied_and_pickled():
    assert pickle.loads(pickle.dumps(NESTED)).as_dict == NESTED.as_dict
    assert copy.deepcopy(NESTED).as_dict == NESTED.as_dict


@given(nested)
def test_nest_takes_a_value_apart_and_puts_it_together(fields):
    value = value_of(fields)
    flat = tf.nest.flatten(value)
    again = tf.nest.pack_sequence_as(value, flat)
    assert again.as_dict == value.as_dict
    assert again == value
    assert len(flat) == len(value)


@given(nested, nested)
@settings(max_examples=50)
def test_a_union_has_the_fields_of_both_or_fails(one, other):
    left, right = value_of(one), value_of(other)
    try:
        merged = left.union(right)
    except FieldError:
        return
    assert merged.as_dict == {**left.as_dict, **right.as_dict}


def test_the_order_in_which_fields_were_given_does_not_matter_to_nest():
    one, other = Value(b=1, a=2), Value(a=2, b=1)
    assert tf.nest.flatten(one) == tf.nest.flatten(other)
    assert tf.nest.map_structure(lambda x, y: x + y, one, other).as_dict == {"a": 4, "b": 2}


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_value_goes_through_a_function_with_one_trace(jit_compile):
    traces = []

    @tf.function(jit_compile=jit_compile)
    def double(value):
        traces.append(1)
        return value.map(lambda x: 2 * x)

    one = double(Value(b=tf.constant(1.0), **{"x.a": tf.constant([2.0])}))
    two = double(Value(**{"x.a": tf.constant([3.0])}, b=tf.constant(4.0)))  # in another order
    assert (one.get("b"), one.get("x.a")) == (2.0, [4.0])
    assert (two.get("b"), two.get("x.a")) == (8.0, [6.0])
    assert len(traces) == 1


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_value_goes_through_a_while_loop(jit_compile):
    @tf.function(jit_compile=jit_compile)
    def run(value):
        def body(i, v):
            # Built in another order than what the loop was given.
            return i + 1, Value(b=v.get("b") + 1.0, x=Value(a=v.get("x.a") * 2.0))

        return tf.while_loop(lambda i, v: i < 5, body, (0, value))[1]

    end = run(Value(x=Value(a=tf.constant(1.0)), b=tf.constant(0.0)))
    assert (end.get("x.a"), end.get("b")) == (32.0, 5.0)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_value_goes_through_vectorized_map(jit_compile):
    @tf.function(jit_compile=jit_compile)
    def run(value):
        return tf.vectorized_map(lambda v: Value(y=v.get("b") + v.get("x.a"), z=v.get("x")), value)

    out = run(Value(b=tf.range(3.0), x=Value(a=tf.ones([3]))))
    np.testing.assert_array_equal(out.get("y"), [1, 2, 3])
    np.testing.assert_array_equal(out.get("z.a"), [1, 1, 1])


def test_a_value_goes_through_scan_and_map_fn():
    run = tf.scan(
        lambda v, x: Value(s=v.get("s") + x), tf.range(4.0), initializer=Value(s=tf.constant(0.0))
    )
    np.testing.assert_array_equal(run.get("s"), [0, 1, 3, 6])


def test_a_value_can_be_an_input_signature():
    spec = Value(a=tf.TensorSpec([None]), x=Value(b=tf.TensorSpec([])))
    double = tf.function(lambda v: v.map(lambda x: 2 * x), input_signature=[spec])
    out = double(Value(a=tf.ones([3]), x=Value(b=tf.constant(1.0))))
    assert out.get("x.b") == 2.0


def test_a_function_returns_random_variables_as_tensors():
    @tf.function
    def draw():
        return Value(a=ed.Deterministic(loc=3.0))

    assert draw().get("a") == 3.0


def test_gradients_go_through_a_value():
    with tf.GradientTape() as tape:
        x = tf.constant(3.0)
        tape.watch(x)
        y = Value(a=Value(b=x * x)).get("a.b")
    assert tape.gradient(y, x) == 6.0
